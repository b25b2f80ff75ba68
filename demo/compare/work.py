"""A picture through several tokenizers, or one at several settings, beside JPEG and WebP."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from demo import models
from vqcore.data.colors import in_channels
from vqcore.study import comparison
from vqcore.study.comparison import Comparison, most_used
from vqcore.tokenizers.base import Tokenizer

FEWEST_CODES = 16
CUT = 4
"""Each smaller codebook that is offered has this many times fewer codes."""
MOST_SIZES = 4


@dataclass(frozen=True)
class Compared:
    """found: what the picture costs and keeps;  grid: the finest tokens, int64 [h, w], in codes of the whole codebook;
    bits_per_pixel: of the picture at its own size."""

    found: Comparison
    grid: Tensor
    bits_per_pixel: float


def choices(own: Tokenizer) -> list[Tokenizer]:
    """The tokenizers that read the same kind of pictures, itself first."""
    others = []
    for name in models.names():
        with suppress(ValueError):  # a damaged one is left out, and told of
            others.append(models.tokenizer(name))
    return sorted((each for each in others if each.channels == own.channels), key=lambda each: each.name != own.name)


def sizes(tokenizer: Tokenizer) -> list[int]:
    """The whole codebook, and the smaller ones that it can be cut to: none where `most_used` has nothing to go by."""
    size = tokenizer.levels[-1].codebook_size
    if not tokenizer.is_table or not models.usage(tokenizer.levels[-1]).any():
        return [size]
    return [size, *(size // CUT**i for i in range(1, 8) if size // CUT**i >= FEWEST_CODES)][:MOST_SIZES]


def compare(tokenizer: Tokenizer, picture: np.ndarray, codes: int, scale: float) -> Compared:
    """How a picture, RGB, uint8 [H, W, 3], fares with the `codes` most used codes, shrunk to `scale` of its sides, up to 1."""
    pixels = in_channels(picture, tokenizer.channels)
    if max(pixels.shape[:2]) * scale > models.largest_side(tokenizer):
        raise ValueError(
            f"{tokenizer.name} takes pictures of up to {models.largest_side(tokenizer)} pixels a side here. Take a smaller size."
        )
    if not 0 < scale <= 1 or min(pixels.shape[:2]) * scale < tokenizer.levels[-1].downsampling:
        raise ValueError("At this scale the picture is smaller than a token. Take a larger one.")
    if codes == tokenizer.levels[-1].codebook_size:
        found = comparison.compare(tokenizer, pixels, scale)
        grid = found.tokens[-1]
    else:
        part, kept = most_used(tokenizer, codes)
        found = comparison.compare(part, pixels, scale)
        grid = kept[found.tokens[-1]]
    return Compared(found, grid, found.bits / (pixels.shape[0] * pixels.shape[1]))
