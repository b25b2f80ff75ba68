"""Pictures on their way into tokens and back, and the codes beside a code. Other benches use it too.

Pixels are RGB, uint8 [H, W, 3], unless told.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from demo import models
from demo.document import LONGEST_NAME, Document, Original
from demo.kit import images
from demo.kit.decoding import open_picture
from demo.models import foreign
from demo.workers import writers
from vqcore.data.colors import in_channels
from vqcore.files import shown
from vqcore.formats import tokenfile
from vqcore.quantizers.vq import nearest_codes as nearest_vectors
from vqcore.tokenizers.base import Level, Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.refinement import STEPS, can_refine, refine
from vqcore.tokenizers.windows import Region

EXAMPLES = Path(__file__).parent.parent / "examples"
FIRST = "chelsea"
ROUNDS = len(STEPS)
"""Of the search for better tokens."""


@dataclass(frozen=True)
class Tokenized:
    """A picture's document; its own pixels; a note for the person who opened it, or none."""

    document: Document
    original: np.ndarray
    note: str | None


def tokenize(data: bytes, name: str, tokenizer: Tokenizer) -> Tokenized:
    """A picture file's tokens. ValueError says what is wrong with it."""
    picture = open_picture(data, models.largest_side(tokenizer), models.MAX_PIXELS)
    height, width = picture.pixels.shape[:2]
    smallest = tokenizer.levels[-1].downsampling
    source_width, source_height = picture.source_size
    if min(width, height) < smallest:
        scaled = f", and {width}×{height} when it is scaled down to fit here" if picture.scaled else ""
        raise ValueError(
            f"“{shown(name)}” is {source_width}×{source_height} pixels{scaled}: smaller than one token. "
            f"Take a {'less narrow ' if picture.scaled else ''}picture of at least {smallest}×{smallest}."
        )
    pixels = in_channels(picture.pixels, tokenizer.channels)
    tokens = tokenizer.encode(to_tensor(pixels))
    document = Document(
        tokenizer=tokenizer,
        width=width,
        height=height,
        grids=tuple(grid[0].numpy() for grid in tokens),
        name=name[:LONGEST_NAME],
        original=Original(digest(data), len(data), width, height),
    )
    scaled = f"“{shown(name)}” was {source_width}×{source_height}; it is scaled to {width}×{height} pixels here."
    notes = [*([scaled] if picture.scaled else []), *picture.notes]
    return Tokenized(document, images.to_rgb(pixels), " ".join(notes) or None)


def digest(data: bytes) -> str:
    """What a document calls the file that it came from."""
    return hashlib.sha256(data).hexdigest()[:16]


def original_of(data: bytes, tokenizer: Tokenizer) -> np.ndarray:
    """A picture file's pixels as they are tokenized."""
    return images.to_rgb(open_picture(data, models.largest_side(tokenizer), models.MAX_PIXELS).pixels)


def decode(document: Document) -> np.ndarray:
    """What a document looks like."""
    pixels = images.to_rgb(to_pixels(document.tokenizer.decode(document.tensors)))[0]
    return pixels[: document.height, : document.width]


def decode_level(document: Document, alone: int) -> np.ndarray:
    """What one level carries: every token of the others is the code that training used most."""
    common = [models.usage(level).argmax() for level in document.tokenizer.levels]
    grids = tuple(grid if i == alone else np.full_like(grid, code) for i, (grid, code) in enumerate(zip(document.grids, common)))
    return decode(replace(document, grids=grids))


def decode_window(tokenizer: Tokenizer, tokens: Sequence[Tensor], region: Region) -> np.ndarray:
    """The pixels of a region of a window, int64 [1, h, w] a level; the region counts tokens of the finest grid."""
    rows, columns = tokens[-1].shape[1:]
    top, left = region
    if not (0 <= top.start < top.stop <= rows and 0 <= left.start < left.stop <= columns):
        raise ValueError("A stroke's region lies inside its window.")
    return images.to_rgb(to_pixels(tokenizer.decode_region(tokens, region)))[0]


def refined(document: Document, original: bytes, round_: int) -> Document:
    """The document with tokens that decode to something nearer to its original, a picture file, after one round of the
    search (vqcore.tokenizers.refinement), on the crew of writers. A second decoder makes texture up, so what is
    nearer is asked of its tokenizer's own. ValueError, in words, where there is no such search."""
    tokenizer = models.home(document.tokenizer)
    pixels = open_picture(original, models.MAX_SIDE, models.MAX_PIXELS).pixels
    if pixels.shape[:2] != (document.height, document.width):
        raise ValueError("This isn't the original of these tokens: it has another size. Open the picture again.")
    if not 0 <= round_ < ROUNDS:
        raise ValueError(f"The search has {ROUNDS} rounds, from 0.")
    if not can_refine(tokenizer):
        raise ValueError(
            f"Better tokens are looked for where there is one level and each token reaches a few places, and {tokenizer.name} isn't so."
        )
    x = to_tensor(in_channels(pixels, tokenizer.channels))
    return document.with_tokens(refine(tokenizer, x, document.tensors, STEPS[round_ : round_ + 1], writers.pass_on))


def to_token_file(document: Document) -> bytes:
    """A document's tokens and size as a token file; its name and its original stay behind."""
    return tokenfile.write(document.tensors, (document.height, document.width), document.tokenizer)


def from_token_file(data: bytes, name: str) -> Document:
    """The document in a token file of any model that is here. ValueError, in words, for any other."""
    size = tokenfile.picture_size(data)
    if len(size) != 2 or not models.fits(*size):
        raise ValueError(f"This token file holds no picture of at most {models.MAX_PIXELS:,} pixels: {' × '.join(map(str, size))}.")
    tokenizers = (models.tokenizer(model) for model in dict.fromkeys([*models.names(), *foreign.names()]))
    writer = next((tokenizer for tokenizer in tokenizers if tokenfile.is_written_by(data, tokenizer)), None)
    if writer is None:
        raise ValueError(
            "This token file was written with a tokenizer that isn't here, so its numbers mean nothing: none of "
            f"{', '.join(models.names())} has its fingerprint. Open it where that tokenizer is."
        )
    models.check_side(writer, max(size))
    file = tokenfile.read(data, writer)
    height, width = file.size
    return Document(writer, width, height, tuple(grid[0].numpy() for grid in file.tokens), name)


def nearest_codes(level: Level, code: int, count: int) -> tuple[list[int], list[float]]:
    """The `count` codes whose vectors lie nearest to a code's, itself first, and their Euclidean distances."""
    codebook = level.codebook.float()
    if not 0 <= code < len(codebook):
        raise ValueError(f"This codebook has codes 0 to {len(codebook) - 1}.")
    distances = (codebook - codebook[code]).norm(dim=1)
    order = distances.clone()
    order[code] = -1
    codes = order.topk(min(count, len(codebook)), largest=False).indices
    return codes.tolist(), distances[codes].tolist()


def codes_between(level: Level, first: int, last: int, steps: int) -> list[int]:
    """The codes nearest to `steps` points of the line from one code's vector to another's, both included."""
    codebook = level.codebook.float()
    if not all(0 <= code < len(codebook) for code in (first, last)):
        raise ValueError(f"Walk between two codes of 0 to {len(codebook) - 1}.")
    if not 2 <= steps <= 64:
        raise ValueError("A walk takes 2 to 64 steps.")
    points = torch.lerp(codebook[first], codebook[last], torch.linspace(0, 1, steps)[:, None])
    return nearest_vectors(points, codebook).tolist()


def example_names() -> list[str]:
    return sorted(path.stem for path in EXAMPLES.glob("*.jpg"))


def first_example() -> str:
    """The name of the one that the page opens with."""
    return FIRST if FIRST in example_names() else example_names()[0]


def read_example(name: str) -> bytes:
    """An example's picture file. ValueError for a name that isn't among them."""
    if name not in example_names():
        raise ValueError(f"There is no example called “{shown(name)}”.")
    return (EXAMPLES / f"{name}.jpg").read_bytes()
