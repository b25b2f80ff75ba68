"""Quantizers: from continuous vectors to integers and back. A new one, such as residual VQ, is a file here and a
line in the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from vqcore.files import settings_of, shown
from vqcore.quantizers.base import Quantizer
from vqcore.quantizers.fsq import FSQ, FSQConfig
from vqcore.quantizers.vq import VectorQuantizer, VQConfig

QUANTIZERS: dict[str, tuple[type[Quantizer], type]] = {"vq": (VectorQuantizer, VQConfig), "fsq": (FSQ, FSQConfig)}
"""By the name that a config file has for each: the quantizer and its config."""
QuantizerConfig = VQConfig | FSQConfig


def new_quantizer(config: QuantizerConfig, code_dim: int) -> Quantizer:
    """An untrained quantizer of the kind that the config is for."""
    return next(quantizer for quantizer, its in QUANTIZERS.values() if isinstance(config, its)).of(config, code_dim)


def to_json(config: QuantizerConfig) -> dict[str, Any]:
    kind = next(kind for kind, (_, its) in QUANTIZERS.items() if isinstance(config, its))
    return {"kind": kind, **dataclasses.asdict(config)}


def from_json(value: Mapping[str, Any]) -> QuantizerConfig:
    """ValueError for what describes none. Where no kind is told it is a table, as before there were others."""
    value = dict(value)
    kind = value.pop("kind", "vq")
    if not isinstance(kind, str) or kind not in QUANTIZERS:
        raise ValueError(f"its quantizer is {shown(kind)}, and known here are {', '.join(QUANTIZERS)}")
    return settings_of(QUANTIZERS[kind][1], value)
