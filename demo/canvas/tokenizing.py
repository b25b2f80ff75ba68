"""Pictures on their way into tokens and back, for the page and for other programs alike."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demo import models
from demo.document import Document, Original
from demo.kit import images
from demo.models import foreign
from vqcore.data.images import open_picture
from vqcore.formats import tokenfile
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.refinement import STEPS, can_refine, refine


@dataclass(frozen=True)
class Tokenized:
    """A picture's document; its own pixels in RGB, uint8 [H, W, 3]; a note for the person who opened it, or none."""

    document: Document
    original: np.ndarray
    note: str | None


def tokenize(data: bytes, name: str, model: str | None) -> Tokenized:
    """A picture file's tokens under a model, the default one for None. ValueError says what is wrong with it."""
    tokenizer = models.tokenizer(model)
    picture = open_picture(data, max_side=models.largest_side(tokenizer))
    height, width = picture.pixels.shape[:2]
    smallest = tokenizer.levels[-1].downsampling
    source_width, source_height = picture.source_size
    if min(width, height) < smallest:
        scaled = f", and {width}×{height} when it is scaled down to fit here" if picture.scaled else ""
        raise ValueError(
            f"“{name}” is {source_width}×{source_height} pixels{scaled}: smaller than one token. "
            f"Take a {'less narrow ' if picture.scaled else ''}picture of at least {smallest}×{smallest}."
        )
    pixels = images.in_channels(picture.pixels, tokenizer.channels)
    tokens = tokenizer.encode(to_tensor(pixels))
    document = Document(
        tokenizer=tokenizer,
        width=width,
        height=height,
        grids=tuple(grid[0].numpy() for grid in tokens),
        name=name,
        original=Original(hashlib.sha256(data).hexdigest()[:16], len(data), width, height),
    )
    scaled = f"“{name}” was {source_width}×{source_height}; it is scaled to {width}×{height} pixels here."
    return Tokenized(document, images.to_rgb(pixels), scaled if picture.scaled else None)


def decode(document: Document) -> np.ndarray:
    """What a document looks like: RGB, uint8 [H, W, 3]."""
    pixels = images.to_rgb(to_pixels(document.tokenizer.decode(document.tensors)))[0]
    return pixels[: document.height, : document.width]


def to_token_file(document: Document) -> bytes:
    """A document's tokens and size as a token file; its name and its original stay behind."""
    return tokenfile.write(document.tensors, (document.height, document.width), document.tokenizer)


def from_token_file(data: bytes, name: str) -> Document:
    """The document in a token file of any model that is here. ValueError, in words, for any other."""
    size = tokenfile.picture_size(data)
    if len(size) != 2 or max(size) > models.MAX_SIDE:
        raise ValueError(f"This token file holds no picture of at most {models.MAX_SIDE} × {models.MAX_SIDE} pixels: {' × '.join(map(str, size))}.")
    tokenizers = (models.tokenizer(model) for model in dict.fromkeys([*models.names(), *foreign.names()]))
    writer = next((tokenizer for tokenizer in tokenizers if tokenfile.is_written_by(data, tokenizer)), None)
    if writer is None:
        raise ValueError(
            "This token file was written with a tokenizer that isn't here, so its numbers mean nothing: none of "
            f"{', '.join(models.names())} has its fingerprint. Open it where that tokenizer is."
        )
    file = tokenfile.read(data, writer)
    height, width = file.size
    return Document(writer, width, height, tuple(grid[0].numpy() for grid in file.tokens), name)


def refined(document: Document, original: bytes, round_: int, on_try: Callable[[], None]) -> Document:
    """The document with tokens that decode to something nearer to its original, a picture file, after one round of the
    search (vqcore.tokenizers.refinement). ValueError, in words, where there is no such search."""
    tokenizer = document.tokenizer
    pixels = open_picture(original, models.MAX_SIDE).pixels
    if pixels.shape[:2] != (document.height, document.width):
        raise ValueError("This isn't the original of these tokens: it has another size. Open the picture again.")
    if not 0 <= round_ < len(STEPS):
        raise ValueError(f"The search has {len(STEPS)} rounds, from 0.")
    if not can_refine(tokenizer):
        raise ValueError(f"Better tokens are looked for where there is one level and each token reaches a few places, and {tokenizer.name} isn't so.")
    x = to_tensor(images.in_channels(pixels, tokenizer.channels))
    return document.with_tokens(refine(tokenizer, x, document.tensors, STEPS[round_ : round_ + 1], on_try))
