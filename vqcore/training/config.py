"""A run as JSON: what was trained, on what, and for how many minutes or steps. Each run leaves it as recipe.json beside
its checkpoint, and `python -m vqcore.train … --config recipe.json` runs it again.

    {"version": 1, "kind": "tokenizer", "data": ["pictures"], "minutes": 60, "seed": 0, "crop": 64, "batch": 32, …,
     "model": {"kind": "vqvae", "quantizer": {"kind": "vq", "codebook_size": 4096, …}, "network": {"downsampling": 8, …}}}

What a config leaves out is as in the recipe of its kind and the configs of the networks. `ema_decay` null: the codebook
learns by gradient. A prior's has `tokenizer` too, the name or the folder of its tokenizer, and so has a second decoder's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vqcore import priors, tokenizers
from vqcore.data.scenes.reader import ReaderConfig
from vqcore.files import write_json
from vqcore.retrieval.contrastive import ContrastiveConfig
from vqcore.study.vae import VAEConfig
from vqcore.training.adversarial.decoder import DecoderRecipe
from vqcore.training.adversarial.discriminator import DiscriminatorConfig
from vqcore.training.budget import Budget
from vqcore.training.contrastive import ContrastiveRecipe
from vqcore.training.material.pictures import TokenizerRecipe
from vqcore.training.material.sound import SoundRecipe
from vqcore.training.prior import PriorRecipe
from vqcore.training.reader import ReaderRecipe
from vqcore.training.reinforced import ReinforcedRecipe
from vqcore.training.vae import VAERecipe

VERSION = 1
FILE = "recipe.json"
Recipe = TokenizerRecipe | SoundRecipe | DecoderRecipe | PriorRecipe | ReinforcedRecipe | ContrastiveRecipe | ReaderRecipe | VAERecipe


@dataclass(frozen=True)
class Kind:
    """recipe: what a run of this kind goes by;  written, read: its model's config as JSON, and back."""

    recipe: type
    written: Callable[[Any], dict[str, Any]]
    read: Callable[[Mapping[str, Any]], Any]


def _plainly(config: type) -> tuple[Callable[[Any], dict[str, Any]], Callable[[Mapping[str, Any]], Any]]:
    """Of a model of which there is one kind alone: its settings as they are."""
    return asdict, lambda value: config(**{name: tuple(v) if isinstance(v, list) else v for name, v in value.items()})


KINDS = {
    "tokenizer": Kind(TokenizerRecipe, tokenizers.to_json, tokenizers.from_json),
    "sound": Kind(SoundRecipe, tokenizers.to_json, tokenizers.from_json),
    "prior": Kind(PriorRecipe, priors.to_json, priors.from_json),
    "reinforced": Kind(ReinforcedRecipe, priors.to_json, priors.from_json),
    "decoder": Kind(DecoderRecipe, *_plainly(DiscriminatorConfig)),
    "contrastive": Kind(ContrastiveRecipe, *_plainly(ContrastiveConfig)),
    "reader": Kind(ReaderRecipe, *_plainly(ReaderConfig)),
    "vae": Kind(VAERecipe, *_plainly(VAEConfig)),
}


@dataclass(frozen=True)
class Run:
    """data: where the pictures or tokens are;  budget: how long it trains in all;  tokenizer: of a prior, a second decoder or a
    contrastive model;  start: the trained model of its kind that this one begins with, or None."""

    recipe: Recipe
    data: tuple[str, ...]
    budget: Budget | None = None
    seed: int = 0
    tokenizer: str | None = None
    start: str | None = None


def to_json(run: Run) -> dict[str, Any]:
    name, kind = next((name, kind) for name, kind in KINDS.items() if type(run.recipe) is kind.recipe)
    budget = {unit: amount for unit, amount in asdict(run.budget).items() if amount is not None} if run.budget else {}
    value = {"version": VERSION, "kind": name, "data": list(run.data), **budget, "seed": run.seed}
    value |= {name: getattr(run, name) for name in ("tokenizer", "start") if getattr(run, name) is not None}
    return value | asdict(run.recipe) | {"model": kind.written(run.recipe.model)}


def from_json(value: Mapping[str, Any]) -> Run:
    """ValueError, naming what is wrong, for what describes no run."""
    value = dict(value)
    if value.pop("version", VERSION) != VERSION:
        raise ValueError("It is of another version than the one that is read here.")
    try:
        kind = KINDS[value.pop("kind")]
        run = {name: value.pop(name) for name in ("seed", "tokenizer", "start") if name in value}
        budget = {name: value.pop(name) for name in ("minutes", "steps") if name in value}
        data = tuple(value.pop("data", ()))
        model = kind.read(value.pop("model", {}))
        return Run(kind.recipe(model=model, **value), data, Budget(**budget) if budget else None, **run)
    except KeyError as error:
        raise ValueError(f"It has no such kind or setting: {error}.") from None
    except TypeError as error:  # an unknown or a missing setting, as Python words it
        raise ValueError(f"{error}.") from None


def read_run(file: Path) -> Run:
    try:
        return from_json(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"{file} is no config of a run: {error}") from None


def write_run(run: Run, folder: Path) -> None:
    write_json(folder / FILE, to_json(run))
