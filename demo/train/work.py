"""What the Train tab does: runs begun on a bundled set or on a visitor's pictures, looked at, and what they came to used."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

import vqcore
from demo import models
from demo.document import Document
from demo.kit import images
from demo.train import pictures as uploads
from demo.train import recipes, runs, scenes
from demo.train.pictures import Found
from demo.train.recipes import Settings
from demo.train.runs import PRIOR, TOKENIZER, Run
from demo.workers import Crew
from vqcore.data.labelled import read_labelled
from vqcore.data.scenes import is_scenes
from vqcore.priors.base import OnToken, Prior
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels

SAMPLES = 12

unpackers = Crew(threads=1, waiting=2)
"""For what copies pictures, or starts a process."""
followers = Crew(threads=2, waiting=20)
"""For what looks at a run."""


def is_allowed(environment: Mapping[str, str]) -> bool:
    """Whether a page with these variables trains: one on a Space doesn't, unless VQ_TRAINING is `on`."""
    return environment.get("VQ_TRAINING", "off" if "SPACE_ID" in environment else "on") == "on"


ALLOWED = is_allowed(os.environ)


@dataclass(frozen=True)
class Progress:
    """How far a run has come: of its stage the minutes, out of `budget`, the losses and the validations.

    problem: what ended it;  notice: what its process says before a prior trains;  pictures: how many there are;
    passed_over: what else was beside them, "" for nothing;  codes: K;
    sheet: a picture of reconstructions, once there is one;  ready: the stages whose model can be used.
    """

    stage: str
    running: bool
    problem: str | None
    minutes: float
    budget: float
    notice: str
    pictures: int
    passed_over: str
    codes: int
    losses: list[dict[str, float]]
    validations: list[dict[str, float]]
    sheet: Path | None
    ready: list[str]


@dataclass(frozen=True)
class Sampled:
    """What a run's prior wrote: documents, their pictures as RGB, uint8 [n, H, W, 3], and what each was asked for; the texts that it
    knows; and whether it takes any other."""

    texts: list[str]
    reads: bool
    documents: list[Document]
    pictures: np.ndarray
    asked: list[str]


def begin_bundled(name: str, settings: Settings) -> Run:
    """Train a tokenizer on one of the app's own sets, or on scenes:COUNT:SIDE:KINDS. ValueError while another run has the machine."""
    if is_scenes(name):
        return _begin(settings, lambda _: Found(Path(name), len(scenes.checked(name))))
    folder = recipes.folder_of(name)
    return _begin(settings, lambda _: Found(folder, len(read_labelled(folder, "train").labels)))


def begin(files: Sequence[tuple[str, Path]], settings: Settings) -> Run:
    """The same on a visitor's pictures: the name and the place of each file, of one zip, or of one file of arrays."""
    return _begin(settings, lambda folder: _fill(files, folder))


def begin_prior(run: Run, minutes: float) -> None:
    """Train a prior on what the run's tokenizer makes of its pictures."""
    runs.check_ready(run, TOKENIZER)
    runs.train(run, PRIOR, recipes.prior_recipe(run.out(TOKENIZER), run.pictures, run.settings.downsampling, minutes))


def follow(run: Run) -> Progress:
    """How far it has come."""
    losses, validations, sheet = run.losses(), run.validations(), run.out(TOKENIZER) / "run" / "reconstructions.png"
    return Progress(
        run.stage, run.is_running, run.problem(), run.minutes, run.budget, run.notice(), run.count, run.passed_over,
        run.settings.codebook_size, losses, validations, sheet if sheet.is_file() else None,
        [stage for stage in (TOKENIZER, PRIOR) if run.is_ready(stage)],
    )


def tokenizer_of(run: Run) -> Tokenizer:
    """The run's tokenizer, which this app knows by its name from now on."""
    runs.check_ready(run, TOKENIZER)
    return models.tokenizer(models.add(run.out(TOKENIZER)))


def unseen(run: Run) -> np.ndarray:
    """One of the run's pictures that its tokenizer wasn't trained on: RGB, uint8 [H, W, 3]."""
    return images.to_rgb(recipes.unseen(run.pictures))


def sample(run: Run, text: str | None, seed: int, on_token: OnToken) -> Sampled:
    """SAMPLES pictures by the run's prior, for a text or for none; of scenes for different sentences where none is asked for."""
    runs.check_ready(run, PRIOR)
    folder = run.out(PRIOR)
    prior, tokenizer = _prior(folder, (folder / "model.safetensors").stat().st_mtime_ns), tokenizer_of(run)
    texts, asked, settings = list(prior.conditions), [text or ""] * SAMPLES, prior.settings
    if is_scenes(run.pictures):
        texts, settings = scenes.sentences(run.pictures, SAMPLES), scenes.DRAWN
        asked = asked if text else texts
    tokens = prior.sample(SAMPLES, asked, seed=seed, on_token=on_token, **vars(settings))
    pictures = images.to_rgb(to_pixels(tokenizer.decode(tokens)))
    height, width = pictures.shape[1:3]
    documents = [
        Document(tokenizer, width, height, tuple(grid[i].numpy() for grid in tokens), asked[i] or "sample") for i in range(SAMPLES)
    ]
    return Sampled(texts, prior.layout.text_length > 0 and not prior.conditions, documents, pictures, asked)


def _begin(settings: Settings, fill: Callable[[Path], Found]) -> Run:
    if not ALLOWED:
        raise ValueError("Training is off on this page.")
    run = runs.create(settings, fill)
    try:
        runs.train(run, TOKENIZER, recipes.tokenizer_recipe(settings, run.pictures))
    except Exception:
        runs.forget(run)
        raise
    return run


def _fill(files: Sequence[tuple[str, Path]], folder: Path) -> Found:
    """The uploaded pictures, laid out in a run's folder."""
    pictures = folder / "pictures"
    pictures.mkdir()
    if len(files) == 1 and files[0][0].lower().endswith(".zip"):
        return uploads.unpack(files[0][1], pictures)
    if len(files) == 1 and files[0][0].lower().endswith(uploads.ARRAYS):
        return uploads.take_arrays(*files[0], pictures)
    return uploads.lay_out(files, pictures)


@lru_cache(maxsize=2)
def _prior(folder: Path, written: int) -> Prior:
    """The prior in a folder; `written` tells one training of it from the next."""
    return vqcore.load_prior(folder)
