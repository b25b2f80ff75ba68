"""The tokenizers and priors this process serves: each loaded once, never written to."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import torch

import vqcore
from demo.models import foreign
from demo.models.limits import MAX_PIXELS as MAX_PIXELS
from demo.models.limits import MAX_SIDE as MAX_SIDE
from demo.models.limits import check_side as check_side
from demo.models.limits import fits as fits
from demo.models.limits import largest_side as largest_side
from vqcore.checkpoints import (
    find,
    list_contrastive,
    load_contrastive,
    read_config,
    sample_rate_of,
)
from vqcore.files import WEIGHTS, check_whole, leave_out, left_out, shown
from vqcore.priors.base import Prior
from vqcore.retrieval.contrastive import Contrastive
from vqcore.retrieval.known import Known, load_known
from vqcore.study.pca import principal_components
from vqcore.tokenizers.appearance import appearances
from vqcore.tokenizers.base import Level, Tokenizer, decoder_fingerprint, fingerprint
from vqcore.tokenizers.pixels import to_pixels

DEFAULT = os.environ.get("VQ_MODEL", "photos")
"""The tokenizer the page opens with: a name in checkpoints/, or a folder."""
MOST_TILE_PIXELS = 1 << 18
MOST_ADDED = 4
PRIORS = os.environ.get("VQ_PRIORS")
"""The priors the page has: names in checkpoints/ or folders, with commas between; where unset, all in checkpoints/."""
SOUND, SPEAKER = os.environ.get("VQ_SOUND"), os.environ.get("VQ_SPEAKER")
"""The tokenizer of sounds and the prior over its tokens: names in checkpoints/ or folders; where unset, the first there."""

_added: dict[str, tuple[Tokenizer, Path]] = {}


def names() -> list[str]:
    """The tokenizers of pictures that a document may name, the default first."""
    default = tokenizer().name
    own = (name for name in vqcore.list_checkpoints() if name not in (default, *_sounds()) and _is_whole(name))
    return [default, *own, *foreign.from_hub()]


def _is_whole(name: str) -> bool:
    """Whether nothing of a tokenizer of this page is known to be damaged that it can't do without."""
    try:
        _check_whole(name)
    except ValueError as problem:
        leave_out(name, problem)
    return name not in left_out()


@cache
def _check_whole(name: str) -> None:
    check_whole(find(name) / WEIGHTS)


def tokenizer(name: str | None = None) -> Tokenizer:
    """The tokenizer called `name`, or the default one. ValueError where this app has none of that name."""
    default = _load(DEFAULT)
    if name is None or name == default.name:
        return default
    if name in _added:
        return _added[name][0]
    return _load(name) if name in vqcore.list_checkpoints() else foreign.tokenizer(name)


def add(folder: Path) -> str:
    """Serve the tokenizer that was trained in this folder too; its name here has its fingerprint in it, which nobody
    guesses who doesn't have it. A few are kept."""
    model = vqcore.load(folder)
    model.name = f"trained-{fingerprint(model).hex()}"
    _added.setdefault(model.name, (model, folder))
    while len(_added) > MOST_ADDED:
        del _added[next(iter(_added))]
    return model.name


def home(model: Tokenizer) -> Tokenizer:
    """The tokenizer whose tokens a model decodes: itself, unless it is a second decoder. ValueError where that one isn't here."""
    return tokenizer(model.tokens_of) if model.tokens_of else model


def tokens_of(name: str) -> str:
    """The name of the tokenizer whose tokens the one called `name`, which is served here, decodes; nothing of either is loaded."""
    config = read_config(folder(name))
    return Path(str(config.get("tokenizer"))).name if config["kind"] == "decoder" else name


def second_decoders(home: str) -> list[str]:
    """The names of the page's other decoders of a tokenizer's tokens."""
    return [name for name in names() if name != home and tokens_of(name) == home]


def is_foreign(tokenizer: Tokenizer) -> bool:
    """Whether a visitor opened it."""
    name = tokenizer.name
    return name != _load(DEFAULT).name and name not in _added and name not in vqcore.list_checkpoints()


def source(tokenizer: Tokenizer) -> str:
    """Where it was loaded from: a name in checkpoints/, or a folder."""
    if tokenizer.name in _added:
        return str(_added[tokenizer.name][1])
    return DEFAULT if tokenizer.name == _load(DEFAULT).name else tokenizer.name


def folder(name: str) -> Path:
    """Where the tokenizer called `name` lies, one that is served here; nothing of it is loaded."""
    return _added[name][1] if name in _added else find(DEFAULT if name == tokenizer().name else name)


def place_of_level(tokenizer: Tokenizer, asked: int | None) -> int:
    """Which level somebody asks for, 0 the coarsest: the finest for None or below 0. ValueError where there is none such."""
    count = len(tokenizer.levels)
    place = count - 1 if asked is None or int(asked) < 0 else int(asked)
    if place >= count:
        raise ValueError(f"{tokenizer.name} has no level {place} of tokens: it has {count}, from 0.")
    return place


def usage(level: Level) -> np.ndarray:
    """How often the training set used each code of a level: int64 [K], zeros where nobody counted."""
    return np.zeros(level.codebook_size, np.int64) if level.usage is None else level.usage.numpy()


def appearance(tokenizer: Tokenizer, place: int = -1) -> np.ndarray:
    """What each code of a level, the finest one unless told, decodes to alone: uint8 [K, f, f, C]."""
    level = tokenizer.levels[place]
    if level.appearance is not None:
        return level.appearance
    if len(tokenizer.levels) > 1:
        return appearances(tokenizer)[place]
    if tokenizer.halo is None and level.codebook_size * level.downsampling**2 > MOST_TILE_PIXELS:
        return _vector_colours(level.codebook, level.downsampling)
    return to_pixels(tokenizer.decode([torch.arange(level.codebook_size)[:, None, None]]))


def _vector_colours(codebook: torch.Tensor, side: int) -> np.ndarray:
    """Where decoding each code alone would take minutes: flat tiles coloured by three principal components of the vectors."""
    mean, components, _ = principal_components(codebook)
    axes = components[:3]
    places = torch.nn.functional.pad((codebook - mean) @ axes.T, (0, 3 - len(axes)))
    levels = (places / (4 * places.std(0).clamp_min(1e-9)) + 0.5).clamp(0, 1)
    tiles = (255 * levels).round().to(torch.uint8).numpy()
    return np.broadcast_to(tiles[:, None, None], (len(tiles), side, side, 3))


def priors() -> dict[str, Prior]:
    """The priors of pictures, by name."""
    return {name: prior for name, (prior, _) in _priors().items()}


@cache
def _priors() -> dict[str, tuple[Prior, Path]]:
    """With their folders. One that can't be used, or whose tokenizer isn't here, is logged and left out."""
    found = {}
    for source in _prior_sources():
        try:
            prior = vqcore.load_prior(source)
            if prior.layout.spatial_dims != 2:
                continue
            writer = tokenizer_of(prior)
            prior.check_decoder(decoder_fingerprint(writer), writer.name)
            sizes = [level.codebook_size for level in writer.levels]
            if sizes != [grid.codebook_size for grid in prior.layout.grids]:
                raise ValueError(f"{prior.name} was trained on tokens of another codebook than {prior.tokenizer} has.")
            found[prior.name] = prior, find(source)
        except ValueError as problem:
            leave_out(f"The prior {Path(source).name}", problem)
    return found


def prior(name: str) -> Prior:
    """The prior called `name`. ValueError where this app has none of that name."""
    if name not in _priors():
        raise ValueError(f"This page has no prior called “{shown(name)}”. It has: {', '.join(_priors()) or 'none'}.")
    return _priors()[name][0]


def prior_folder(name: str) -> Path:
    """Where the prior called `name` lies, with its card and its figures beside it."""
    return _priors()[name][1]


@cache
def contrastive_of(prior: Prior) -> Contrastive | None:
    """The model that tells how well a picture of the prior's tokenizer fits a text; None where there is none."""
    for name in list_contrastive():
        try:
            model = load_contrastive(name)
        except ValueError as problem:
            leave_out(name, problem)
            continue
        if Path(model.tokenizer).name == tokenizer_of(prior).name:
            return model
    return None


@cache
def known_pictures(name: str) -> Known | None:
    """The pictures that the contrastive model called `name` knows."""
    try:
        return load_known(find(name))
    except ValueError as problem:
        leave_out(f"What {name} knows", problem)
        return None


@cache
def sound_tokenizer() -> Tokenizer | None:
    """The tokenizer of sounds, or None where there is none."""
    for source in [SOUND] if SOUND else _sounds():
        try:
            return vqcore.load(source)
        except ValueError as problem:
            leave_out(source, problem)
    return None


@cache
def speaker() -> Prior | None:
    """The prior over that tokenizer's tokens, of one level, or None where there is none."""
    tokenizer = sound_tokenizer()
    if tokenizer is None or len(tokenizer.levels) > 1:
        return None
    for source in [SPEAKER] if SPEAKER else vqcore.list_priors():
        try:
            if Path(str(read_config(find(source)).get("tokenizer"))).name == tokenizer.name:
                prior = vqcore.load_prior(source)
                prior.check_decoder(decoder_fingerprint(tokenizer), tokenizer.name)
                return prior
        except ValueError as problem:
            leave_out(f"The prior {Path(source).name}", problem)
    return None


def _sounds() -> list[str]:
    found = []
    for name in vqcore.list_checkpoints():
        try:
            if sample_rate_of(name):
                found.append(name)
        except ValueError as problem:
            leave_out(name, problem)
    return found


def tokenizer_of(prior: Prior) -> Tokenizer:
    """The tokenizer whose tokens the prior writes. ValueError where this app doesn't have it."""
    return tokenizer(Path(prior.tokenizer).name)


def _prior_sources() -> list[str]:
    return vqcore.list_priors() if PRIORS is None else [source for source in PRIORS.split(",") if source]


@cache
def _load(name: str) -> Tokenizer:
    try:
        return vqcore.load(name)
    except ValueError as problem:
        leave_out(name, problem)
        raise
