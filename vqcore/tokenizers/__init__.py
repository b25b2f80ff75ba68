"""Tokenizers: pictures to grids of integers and back. A new kind is a file here and a line in the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from vqcore import quantizers
from vqcore.files import LARGEST, MOST_ENTRIES, settings_of, shown
from vqcore.tokenizers.base import Trainable
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2, VQVAE2Config

TOKENIZERS: dict[str, tuple[type[Trainable], type]] = {"vqvae": (VQVAE, VQVAEConfig), "vqvae2": (VQVAE2, VQVAE2Config)}
"""By the name that a config file has for each: the tokenizer and its config."""
TokenizerConfig = VQVAEConfig | VQVAE2Config
TABLE = ("codebook_size", "codebook_sizes", "beta", "ema_decay")  # settings of a table of codes, before there were other quantizers


def new_tokenizer(config: TokenizerConfig, name: str = "") -> Trainable:
    """An untrained tokenizer of the kind that the config is for."""
    return next(tokenizer for tokenizer, its in TOKENIZERS.values() if isinstance(config, its))(config, name)


def to_json(config: TokenizerConfig) -> dict[str, Any]:
    """The config with its kind; each network a dict of its settings, each quantizer one with its kind."""
    kind = next(kind for kind, (_, its) in TOKENIZERS.items() if isinstance(config, its))
    return {"kind": kind, **{field.name: _written(getattr(config, field.name)) for field in dataclasses.fields(config)}}


def from_json(value: Mapping[str, Any]) -> TokenizerConfig:
    """ValueError for what describes no tokenizer."""
    value = _of_a_table(dict(value))
    kind = value.pop("kind", "vqvae")
    if not isinstance(kind, str) or kind not in TOKENIZERS:
        raise ValueError(f"its kind is {shown(kind)}, and known here are {', '.join(TOKENIZERS)}")
    config = TOKENIZERS[kind][1]
    if strange := value.keys() - {field.name for field in dataclasses.fields(config)}:
        raise ValueError(f"a {kind} has no setting {shown(min(strange))}")
    return config(**{name: _read(part) for name, part in value.items()})


def _written(part: Any) -> Any:
    if isinstance(part, NetworkConfig):
        return dataclasses.asdict(part)
    if isinstance(part, tuple):
        return [_written(each) for each in part]
    return quantizers.to_json(part) if isinstance(part, quantizers.QuantizerConfig) else part


def _read(part: Any) -> Any:
    if isinstance(part, list) and len(part) <= MOST_ENTRIES:
        return tuple(_read(each) for each in part)
    if isinstance(part, dict):
        return quantizers.from_json(part) if "kind" in part else settings_of(NetworkConfig, part)
    if part is not None and (type(part) is not int or not 0 < part <= LARGEST):
        raise ValueError(f"a setting is {shown(part)}, and not a whole number")
    return part


def _of_a_table(value: dict[str, Any]) -> dict[str, Any]:
    """Configs from before a tokenizer was given its quantizer have the settings of its table among their own."""
    settings = value.pop("quantizer") if "kind" not in value.get("quantizer", {"kind"}) else {}
    settings = {**settings, **{name: value.pop(name) for name in TABLE if name in value}}
    if not settings:
        return value
    if "sample_rate" in settings:
        value["sample_rate"] = settings.pop("sample_rate")
    sizes = settings.pop("codebook_sizes", [])
    if sizes:
        return value | {"quantizers": [{"kind": "vq", "codebook_size": size, **settings} for size in sizes]}
    return value | {"quantizer": {"kind": "vq", **settings}}
