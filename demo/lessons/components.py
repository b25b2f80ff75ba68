"""Lesson 1: a picture through PCA's first n' weights, and through n' of K codes, at the same number of bits.

A patch of 8 × 8 pixels has n = 192 values. PCA keeps n' weights of it, each rounded to one of K = 2^b steps; the codebook
cuts it into n' equal pieces and names the nearest of K codes for each. So both write n' numbers of b bits a patch.
Both are fitted on the five examples.
"""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock, Thread

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from demo.canvas.work import EXAMPLES, example_names
from demo.kit.images import to_rgb
from vqcore.data.colors import in_channels
from vqcore.files import shown
from vqcore.metrics import psnr
from vqcore.study.patch_codes import PatchCodes, fit_patch_codes
from vqcore.study.pca import PCA, fit_pca, join_patches
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_sheet, to_tensor

SIDE, PATCH, CHANNELS = 192, 8, 3
PIECES = {1: (3, 8, 8), 2: (3, 4, 8), 4: (3, 4, 4), 8: (3, 2, 4), 16: (3, 2, 2), 32: (3, 1, 2), 64: (3, 1, 1), 192: (1, 1, 1)}
"""n' → the (channels, height, width) of a piece, so that n' of them make a patch."""
BITS = (4, 6, 8)

_locks: dict[tuple[int, int], Lock] = {}


@dataclass(frozen=True)
class Compressed:
    """What PCA's first n' weights and what n' codes give back, uint8 [SIDE, SIDE, 3], and their PSNR in dB, None where nothing
    was lost. codes: the codebook as one picture, 32 in a row, uint8 [H, W, 3];  codes_used: by this picture."""

    linear: np.ndarray
    coded: np.ndarray
    linear_psnr: float | None
    coded_psnr: float | None
    codes: np.ndarray
    codes_used: int


@dataclass(frozen=True)
class Components:
    """A picture, uint8 [SIDE, SIDE, 3], PCA's components as one, 24 in a row, and what a trained tokenizer makes of it.

    learned_psnr: in dB, None where nothing was lost;  learned_bits: that its tokens cost for a patch.
    """

    picture: np.ndarray
    components: np.ndarray
    learned: np.ndarray
    learned_psnr: float | None
    learned_bits: float


def compress_patches(picture: str, numbers: int, bits: int) -> Compressed:
    """An example, by its name, as `numbers` = n' numbers of `bits` bits a patch, in both ways."""
    weights, tokens = _written(picture, numbers, bits)
    codes = _codes(numbers, bits)
    original, linear, coded = (to_pixels(images)[0] for images in (_picture(picture), _pca().decode(weights), codes.decode(tokens)))
    return Compressed(
        linear, coded, _finite(psnr(original, linear)), _finite(psnr(original, coded)), _sheet(_code_pictures(codes), columns=32),
        len(tokens.unique()),
    )


def read_components(picture: str, tokenizer: Tokenizer) -> Components:
    """An example, by its name. From the first call on, all codebooks are fitted aside."""
    _fit_ahead()
    pixels, pca = _pixels(picture), _pca()
    seen = in_channels(pixels, tokenizer.channels)
    learned = to_rgb(to_pixels(tokenizer.reconstruct(to_tensor(seen)))[0])
    bits = sum(math.log2(level.codebook_size) * (PATCH / level.downsampling) ** 2 for level in tokenizer.levels)
    tiles = pca.components / pca.components.abs().amax(1, keepdim=True)
    sheet = _sheet(join_patches(tiles[:, None, None], (PATCH, PATCH), CHANNELS), columns=24)
    return Components(pixels, sheet, learned, _finite(psnr(pixels, learned)), bits)


def read_patch(picture: str, numbers: int, bits: int, row: int, column: int) -> tuple[Tensor, Tensor]:
    """The numbers that each way writes for one patch of an example: weights float32 [n'], and codes int64 [n']."""
    weights, tokens = _written(picture, numbers, bits)
    if not (0 <= row < weights.shape[2] and 0 <= column < weights.shape[3]):
        raise ValueError("This patch lies outside the picture.")
    return weights[0, :, row, column], tokens[0, row, column]


@lru_cache(maxsize=64)
def _written(name: str, numbers: int, bits: int) -> tuple[Tensor, Tensor]:
    """What is written for a picture: rounded weights [1, n', h, w], and tokens int64 [1, h, w, n']."""
    image, pca = _picture(name), _pca()
    return pca.rounded(pca.encode(image, numbers), bits), _codes(numbers, bits).encode(image)


def _codes(numbers: int, bits: int) -> PatchCodes:
    """The codebook of a setting. Whoever else asks for it while it is fitted waits: two fits would be two codebooks."""
    if numbers not in PIECES or bits not in BITS:
        raise ValueError(f"The numbers a patch are one of {', '.join(map(str, PIECES))}, of {', '.join(map(str, BITS))} bits.")
    with _locks.setdefault((numbers, bits), Lock()):
        return _fitted(numbers, bits)


@cache
def _fitted(numbers: int, bits: int) -> PatchCodes:
    return fit_patch_codes(_examples(), (PATCH, PATCH), PIECES[numbers], 2**bits)


@lru_cache(maxsize=1)
def _fit_ahead() -> None:
    """Fit all codebooks aside, once somebody opens the lesson: fitting one takes longer than a move should."""
    Thread(target=lambda: [_codes(numbers, bits) for bits in reversed(BITS) for numbers in PIECES], daemon=True).start()


@lru_cache(maxsize=1)
def _pca() -> PCA:
    return fit_pca(_examples(), (PATCH, PATCH))


@lru_cache(maxsize=1)
def _examples() -> Tensor:
    """All examples, [5, 3, SIDE, SIDE]."""
    return torch.cat([_picture(name) for name in example_names()])


@lru_cache(maxsize=8)
def _picture(name: str) -> Tensor:
    return to_tensor(_pixels(name))


@lru_cache(maxsize=8)
def _pixels(name: str) -> np.ndarray:
    """The middle of an example, uint8 [SIDE, SIDE, 3]."""
    if name not in example_names():
        raise ValueError(f"There is no example called “{shown(name)}”.")
    with Image.open(EXAMPLES / f"{name}.jpg", formats=["JPEG"]) as picture:
        edge = min(picture.size)
        left, top = ((length - edge) // 2 for length in picture.size)
        box = (left, top, left + edge, top + edge)
        return np.asarray(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS, box))


def _code_pictures(codes: PatchCodes) -> Tensor:
    """The codes as pictures of one size, [K, 3, 8, 8]: enlarged, grey where they are of one channel."""
    channels, height, width = codes.piece
    tiles = codes.codebook.view(-1, channels, height, width).expand(-1, CHANNELS, -1, -1)
    return tiles.repeat_interleave(PATCH // height, 2).repeat_interleave(PATCH // width, 3)


def _sheet(tiles: Tensor, columns: int) -> np.ndarray:
    """[N, 3, 8, 8] in [-1, 1] → one picture of all tiles, row by row, uint8."""
    return to_sheet(to_pixels(tiles.view(len(tiles), CHANNELS, PATCH, PATCH)), columns)


def _finite(decibels: float) -> float | None:
    """None for infinity: nothing was lost."""
    return decibels if math.isfinite(decibels) else None
