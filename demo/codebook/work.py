"""What there is to know of a codebook: where its codes lie, what each is like, and how far apart a picture's codes are."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from demo import models
from demo.canvas import work as canvas
from demo.document import Document
from demo.kit.memory import remembered
from vqcore.checkpoints import find
from vqcore.formats import atlas
from vqcore.formats.atlas import Atlas
from vqcore.study.clustering import leaf_order
from vqcore.study.tsne import principal_map
from vqcore.tokenizers.base import Tokenizer

NEIGHBOURS = 8
MOST_CODES = 200
"""The most codes in the heat map: more are too small to point at."""


@dataclass(frozen=True)
class Map:
    """principal: float32 [K, 2], the codes in their first two principal components;  share: of the variance that these show;
    neighbourhood: float32 [K, 2] by t-SNE, or None;  make: the command that adds it where it is missing, or None where
    it can't be;  mean, spread: float32 [D], of each component over the codes (a standard deviation)."""

    principal: Tensor
    share: float
    neighbourhood: Tensor | None
    make: str | None
    mean: Tensor
    spread: Tensor


@dataclass(frozen=True)
class Code:
    """rank: 1 for the most used, None where nobody counted;  codes, distances: itself and its nearest;  vectors: theirs,
    float32 [n, D];  patches: uint8 [m, side, side, 3] that it stood for;  margin: pixels of a patch around the token."""

    rank: int | None
    codes: list[int]
    distances: list[float]
    vectors: Tensor
    patches: np.ndarray
    margin: int


@dataclass(frozen=True)
class Distances:
    """codes: int64 [n], those that are shown, near ones together;  between: float64 [n, n];  used: how many there are."""

    codes: np.ndarray
    between: np.ndarray
    used: int


def map_codes(tokenizer: Tokenizer, place: int) -> Map:
    """Where the codes of a level lie. Only of the finest are neighbourhoods and patches stored."""
    return _map(tokenizer, place, _time(tokenizer))


def read_code(tokenizer: Tokenizer, place: int, code: int) -> Code:
    """What there is to know about a code of a level."""
    level = tokenizer.levels[place]
    codes, distances = canvas.nearest_codes(level, code, NEIGHBOURS + 1)
    usage = models.usage(level)
    stored = _stored(tokenizer, place, _time(tokenizer))
    return Code(
        rank=int((usage > usage[code]).sum()) + 1 if usage.any() else None,
        codes=codes,
        distances=distances,
        vectors=level.codebook.float()[codes],
        patches=stored.patches_of(code) if stored else np.empty((0, 1, 1, 3), np.uint8),
        margin=stored.margin if stored else 0,
    )


def distances_of(document: Document, place: int) -> Distances:
    """Between the codes of a level that the document uses, at most the MOST_CODES that it uses most."""
    counts = document.usage[place]
    used = int(np.count_nonzero(counts))
    codes = np.lexsort((np.arange(len(counts)), -counts))[: min(used, MOST_CODES)]
    vectors = document.tokenizer.levels[place].codebook.double().numpy()[codes]
    between = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    order = leaf_order(between)
    return Distances(codes[order], between[np.ix_(order, order)], used)


@remembered(4)
def _map(tokenizer: Tokenizer, place: int, time: int) -> Map:
    codebook = tokenizer.levels[place].codebook
    principal, share = principal_map(codebook)
    stored = _stored(tokenizer, place, time)
    makeable = not stored and place == len(tokenizer.levels) - 1 and not models.is_foreign(tokenizer)
    return Map(
        principal=principal,
        share=share,
        neighbourhood=stored.places if stored else None,
        make=atlas.command(models.source(tokenizer)) if makeable else None,
        mean=codebook.mean(0),
        spread=codebook.std(0, unbiased=False),
    )


@remembered(4)
def _stored(tokenizer: Tokenizer, place: int, time: int) -> Atlas | None:
    return atlas.read_atlas(find(models.source(tokenizer)), tokenizer.levels[place]) if time else None


def _time(tokenizer: Tokenizer) -> int:
    """When the stored atlas was written, so that one made while the page is served is read; 0 where there is none."""
    if models.is_foreign(tokenizer):
        return 0
    file = find(models.source(tokenizer)) / atlas.FILE
    return file.stat().st_mtime_ns if file.is_file() else 0
