"""Train a model:

python -m vqcore.train tokenizer --preset photos --data DATA --out DIR --minutes N
python -m vqcore.train prior --preset photos-prior --tokenizer NAME --data DATA --out DIR --minutes N
python -m vqcore.train reinforced --tokenizer NAME --start PRIOR --data scenes:120000 --out DIR --minutes N
python -m vqcore.train decoder --preset photos-sharp --tokenizer NAME --data DATA --out DIR --minutes N
python -m vqcore.train fashion --data DIR --out DIR --minutes N
python -m vqcore.train contrastive --tokenizer NAME --data DIR --out DIR --minutes N
python -m vqcore.train reader --data scenes:20000 --out DIR --minutes N
python -m vqcore.train vae --data DIR --out DIR --minutes N

`--steps N` instead of minutes is the same work on every machine. `--config FILE` instead of a preset takes a JSON file with
any settings; each run leaves its own as recipe.json beside the checkpoint (see vqcore.training.config). With several
processes or machines, by distributed data parallel: torchrun --nproc-per-node N -m vqcore.train …
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from vqcore import distributed
from vqcore.files import alone_in, lost_nothing
from vqcore.training.adversarial.decoder import DecoderRecipe, train_decoder
from vqcore.training.budget import Budget
from vqcore.training.config import FILE, Run, read_run, write_run
from vqcore.training.contrastive import ContrastiveRecipe, train_contrastive
from vqcore.training.presets import (
    CONTRASTIVE_PRESETS,
    DECODER_PRESETS,
    PRESETS,
    PRIOR_PRESETS,
    READER_PRESETS,
    REINFORCED_PRESETS,
    VAE_PRESETS,
)
from vqcore.training.prior import PriorRecipe, train_prior
from vqcore.training.reader import ReaderRecipe, train_reader
from vqcore.training.reinforced import ReinforcedRecipe, train_reinforced
from vqcore.training.tokenizer import train_tokenizer
from vqcore.training.vae import VAERecipe, train_vae

WITH_TOKENIZER = (PriorRecipe, DecoderRecipe, ContrastiveRecipe)
WITH_ONE_SOURCE = (PriorRecipe, ContrastiveRecipe, ReaderRecipe, VAERecipe)
WITHOUT_START = (ContrastiveRecipe, VAERecipe)
FASHION = "the folder with Fashion-MNIST's four idx.gz files"
PICTURES = (
    "a folder of pictures (a folder for each class, or with metadata.jsonl, or with `train` in it), a zip of one, an .npz file, "
    "Fashion-MNIST's files, scenes:COUNT to render that many, or a data set on the Hub; for sounds, a folder of WAV files; may be repeated"
)
KINDS: dict[str, tuple[Mapping[str, Any], str, str]] = {
    "tokenizer": (PRESETS, "a VQ-VAE on pictures or sounds", PICTURES),
    "prior": (
        PRIOR_PRESETS, "a transformer or a PixelCNN on the tokens of pictures",
        "what a tokenizer takes, or a folder of tokens that python -m vqcore.tokenize wrote",
    ),
    "reinforced": (
        REINFORCED_PRESETS, "a prior of rendered scenes, further, on its own samples, by what a reader finds in them",
        "scenes:COUNT, or a folder of tokens that python -m vqcore.tokenize wrote of them",
    ),
    "contrastive": (
        CONTRASTIVE_PRESETS, "a small CLIP: captions and pictures embedded in one space, to rank samples by",
        "a folder of pictures with metadata.jsonl",
    ),
    "decoder": (
        DECODER_PRESETS, "a second decoder for a tokenizer that is there, which makes texture up (VQGAN's adversarial loss)", PICTURES,
    ),
    "reader": (READER_PRESETS, "a reader of rendered scenes, to judge what a prior draws by", "scenes:COUNT"),
    "vae": (VAE_PRESETS, "the variational autoencoder of Fashion-MNIST that the lessons show (two minutes)", FASHION),
}
"""Of each kind its presets, what it is, and what --data is for it."""
TOKENIZER = {
    "decoder": "the tokenizer whose tokens are decoded: a name in checkpoints/, a path, or a Hub id",
    "prior": "the tokenizer whose tokens the prior models: a name in checkpoints/, a path, or a Hub id",
    "reinforced": "the prior's tokenizer: a name in checkpoints/, a path, or a Hub id",
    "contrastive": "the tokenizer in whose tokens the training pictures are stored: a name in checkpoints/, a path, or a Hub id",
}
"""What --tokenizer is for the kinds that take one."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vqcore.train", description="Train a model on your own data.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, (presets, what, data) in KINDS.items():
        part = kinds.add_parser(kind, help=what)
        settings = part.add_mutually_exclusive_group()
        settings.add_argument(
            "--preset", choices=presets, default=next(iter(presets)), help="network and training settings (default: %(default)s)",
        )
        settings.add_argument("--config", type=Path, help="read these settings from a JSON file instead, such as another run's recipe.json")
        part.add_argument("--data", action="append", help=data)
        part.add_argument("--tokenizer", help=TOKENIZER.get(kind, argparse.SUPPRESS))
        part.add_argument("--start", help="initialize the weights from this model of the same shape: a name in checkpoints/, or a path")
        part.add_argument("--out", type=Path, required=True, help="folder for the checkpoint; an unfinished run in it is resumed")
        add_budget(part)
    fashion = kinds.add_parser("fashion", help="three models in a row: a tokenizer of Fashion-MNIST, a transformer and a PixelCNN")
    fashion.add_argument("--data", type=Path, required=True, help=FASHION)
    fashion.add_argument("--out", type=Path, required=True, help="folder for the three checkpoints; unfinished runs in it are resumed")
    add_budget(fashion, required=True, note=", divided among the three models")
    options = parser.parse_args(arguments)
    distributed.show_log()
    try:
        budget = None if options.minutes is options.steps is None else Budget(options.minutes, options.steps)
        with distributed.together():
            if options.kind == "fashion":
                assert budget is not None  # the parser sees to that
                start_fashion(options.data, options.out, budget)
            else:
                start(_run_of(options, budget), options.out)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {lost_nothing(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from the last save.", file=sys.stderr)
        return 130
    return 0


def add_budget(parser: argparse.ArgumentParser, required: bool = False, note: str = "") -> None:
    """--minutes or --steps, for a run of this kind."""
    budget = parser.add_mutually_exclusive_group(required=required)
    budget.add_argument("--minutes", type=float, help=f"total training time{note}, resumed runs included")
    budget.add_argument("--steps", type=int, help=f"total number of optimizer steps{note}, resumed runs included")


def _run_of(options: argparse.Namespace, budget: Budget | None) -> Run:
    """The config or the preset, with what the command line says in its place."""
    presets = KINDS[options.kind][0]
    run = read_run(options.config) if options.config else Run(presets[options.preset], ())
    if type(run.recipe) not in {type(recipe) for recipe in presets.values()}:
        raise ValueError(f"{options.config} is the config of another kind of model, not of a {options.kind}.")
    given = {"budget": budget, "data": options.data and tuple(options.data), "start": options.start, "tokenizer": options.tokenizer}
    return replace(run, **{name: value for name, value in given.items() if value is not None})


def start(run: Run, out: Path) -> None:
    """Train what the config says, and leave it beside the checkpoint. ValueError, saying what to do, where it lacks something,
    or `out` holds a run of another shape."""
    budget = _checked(run)
    with alone_in(out) if distributed.is_first() else nullcontext():
        _start(run, out, budget)


def _start(run: Run, out: Path, budget: Budget) -> None:
    if distributed.is_first():
        if (out / FILE).is_file() and read_run(out / FILE).recipe.model != run.recipe.model:
            raise ValueError(f"{out} holds a run of another shape. Give another --out, or the settings it began with.")
        write_run(run, out)
    recipe, tokenizer = run.recipe, run.tokenizer or ""
    if isinstance(recipe, ReinforcedRecipe):
        train_reinforced(recipe, tokenizer, run.data[0], out, budget, run.seed, run.start)
    elif isinstance(recipe, PriorRecipe):
        train_prior(recipe, tokenizer, run.data[0], out, budget, run.seed, run.start)
    elif isinstance(recipe, DecoderRecipe):
        train_decoder(recipe, tokenizer, run.data, out, budget, run.seed, run.start)
    elif isinstance(recipe, ContrastiveRecipe):
        train_contrastive(recipe, run.data[0], tokenizer, out, budget, run.seed)
    elif isinstance(recipe, ReaderRecipe):
        train_reader(recipe, run.data[0], out, budget, run.seed, run.start)
    elif isinstance(recipe, VAERecipe):
        train_vae(recipe, run.data[0], out, budget, run.seed)
    else:
        train_tokenizer(recipe, run.data, out, budget, run.seed, run.start)


def start_fashion(data: Path, out: Path, budget: Budget) -> None:
    """`fashion`, `fashion-prior` and `fashion-pixelcnn`, on a fifth and twice two fifths of the budget."""
    start(Run(PRESETS["fashion"], (str(data),), budget.times(1 / 5)), out / "fashion")
    for name in ("fashion-prior", "fashion-pixelcnn"):
        start(Run(PRIOR_PRESETS[name], (str(data),), budget.times(2 / 5), tokenizer=str(out / "fashion")), out / name)


def _checked(run: Run) -> Budget:
    needed = {"data": "--data", "budget": "--minutes or --steps"}
    if isinstance(run.recipe, WITH_TOKENIZER):
        needed["tokenizer"] = "--tokenizer"
    if missing := [option for name, option in needed.items() if not getattr(run, name)]:
        raise ValueError(f"Say {' and '.join(missing)}, here or in the config.")
    if isinstance(run.recipe, WITH_ONE_SOURCE) and len(run.data) > 1:
        raise ValueError("A model of this kind is trained on one data set. Give --data once.")
    if isinstance(run.recipe, WITHOUT_START) and run.start:
        raise ValueError("A model of this kind begins anew. Leave --start out.")
    assert run.budget is not None
    return run.budget


if __name__ == "__main__":
    sys.exit(main())
