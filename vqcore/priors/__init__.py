"""Priors: the learned distribution of tokens, and what can be drawn from it. A new one is a file here and a line in the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from vqcore.files import settings_of, shown
from vqcore.priors.base import Prior
from vqcore.priors.local import LocalPixelCNN, LocalPixelCNNConfig
from vqcore.priors.pixelcnn import PixelCNN, PixelCNNConfig
from vqcore.priors.sequence import Layout
from vqcore.priors.transformer import Transformer, TransformerConfig

PRIORS: dict[str, tuple[type[Prior], type]] = {
    "transformer": (Transformer, TransformerConfig),
    "pixelcnn": (PixelCNN, PixelCNNConfig),
    "local-pixelcnn": (LocalPixelCNN, LocalPixelCNNConfig),
}
"""By the name that a config file has for each: the prior and its config."""
PriorConfig = TransformerConfig | PixelCNNConfig | LocalPixelCNNConfig


def new_prior(layout: Layout, config: PriorConfig, tokenizer: str, conditions: Sequence[str], name: str = "") -> Prior:
    """An untrained prior of the kind that the config is for."""
    return cast("Callable[..., Prior]", class_of(config))(layout, config, tokenizer, conditions, name)


def class_of(config: PriorConfig) -> type[Prior]:
    """The prior that a config is for."""
    return next(prior for prior, its in PRIORS.values() if isinstance(config, its))


def to_json(config: PriorConfig) -> dict[str, Any]:
    kind = next(kind for kind, (_, its) in PRIORS.items() if isinstance(config, its))
    return {"kind": kind, **dataclasses.asdict(config)}


def from_json(value: Mapping[str, Any]) -> PriorConfig:
    """ValueError for what describes no prior."""
    value = dict(value)
    kind = value.pop("kind", "transformer")
    if not isinstance(kind, str) or kind not in PRIORS:
        raise ValueError(f"its prior is {shown(kind)}, and known here are {', '.join(PRIORS)}")
    return settings_of(PRIORS[kind][1], value)
