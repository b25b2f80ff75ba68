"""A run as JSON: what was trained, on what, and for how many minutes or steps. Each run leaves it as recipe.json beside
its checkpoint, and `python -m vqcore.train … --config recipe.json` runs it again.

    {"version": 1, "kind": "tokenizer", "data": ["pictures"], "minutes": 60, "seed": 0, "crop": 64, "batch": 32, …,
     "model": {"kind": "vqvae", "quantizer": {"kind": "vq", "codebook_size": 4096, …}, "network": {"downsampling": 8, …}}}

What a config leaves out is as in TokenizerRecipe, SoundRecipe, PriorRecipe and the configs of the networks. `ema_decay` null: the
codebook learns by gradient. A prior's has `tokenizer` too: the name or the folder of its tokenizer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vqcore import priors, tokenizers
from vqcore.files import write_json
from vqcore.training.budget import Budget
from vqcore.training.prior import PriorRecipe
from vqcore.training.sound import SoundRecipe
from vqcore.training.tokenizer import TokenizerRecipe

VERSION = 1
FILE = "recipe.json"
RECIPES = {"tokenizer": TokenizerRecipe, "sound": SoundRecipe, "prior": PriorRecipe}


@dataclass(frozen=True)
class Run:
    """data: where the pictures or tokens are;  budget: how long it trains in all;  tokenizer: of a prior;
    start: the trained model of its kind that this one begins with, or None."""

    recipe: TokenizerRecipe | SoundRecipe | PriorRecipe
    data: tuple[str, ...]
    budget: Budget | None = None
    seed: int = 0
    tokenizer: str | None = None
    start: str | None = None


def to_json(run: Run) -> dict[str, Any]:
    kind = next(kind for kind, recipe in RECIPES.items() if isinstance(run.recipe, recipe))
    budget = {name: amount for name, amount in asdict(run.budget).items() if amount is not None}
    value = {"version": VERSION, "kind": kind, "data": list(run.data), **budget, "seed": run.seed}
    value |= {name: getattr(run, name) for name in ("tokenizer", "start") if getattr(run, name) is not None}
    room = priors if isinstance(run.recipe, PriorRecipe) else tokenizers
    return value | asdict(run.recipe) | {"model": room.to_json(run.recipe.model)}


def from_json(value: Mapping[str, Any]) -> Run:
    """ValueError, naming what is wrong, for what describes no run."""
    value = dict(value)
    if value.pop("version", VERSION) != VERSION:
        raise ValueError("It is of another version than the one that is read here.")
    try:
        recipe = RECIPES[value.pop("kind")]
        run = {name: value.pop(name) for name in ("seed", "tokenizer", "start") if name in value}
        budget = {name: value.pop(name) for name in ("minutes", "steps") if name in value}
        data = tuple(value.pop("data", ()))
        model = (priors if recipe is PriorRecipe else tokenizers).from_json(value.pop("model", {}))
        return Run(recipe(model=model, **value), data, Budget(**budget) if budget else None, **run)
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
