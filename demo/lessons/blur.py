"""At the end of lesson 3: why what a squared error asks for is blurred, and what a second decoder gives for the same tokens."""

from dataclasses import dataclass

import numpy as np

from demo import models
from demo.canvas.work import read_example
from demo.codebook.work import read_code
from demo.kit.decoding import open_picture
from demo.kit.images import to_rgb
from demo.kit.memory import remembered
from vqcore.data.colors import in_channels
from vqcore.metrics import laplacian_energy, psnr
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor

CODES = 24
"""That are shown in turn: those in whose squares the most is lost, of some that are drawn."""
DRAWN = 400
SIDE = 192
"""Pixels of the part of a picture that is seen through both decoders."""


@dataclass(frozen=True)
class Meanings:
    """squares: of pictures, that became one code, uint8 [n, f, f, 3];  mean: theirs, and decoded: the code alone, both [f, f, 3]."""

    code: int
    squares: np.ndarray
    mean: np.ndarray
    decoded: np.ndarray


@dataclass(frozen=True)
class Through:
    """A picture as a decoder gives it, uint8 [SIDE, SIDE, 3]; PSNR in dB; the energy of its Laplacian over the original's."""

    name: str
    picture: np.ndarray
    psnr: float
    sharpness: float


def read_meanings(tokenizer: Tokenizer, number: int) -> Meanings | None:
    """The `number`-th of the codes that are shown, round and round. None where nobody cut squares for this tokenizer."""
    codes = _telling_codes(tokenizer)
    if not codes:
        return None
    code = codes[number % len(codes)]
    squares = _squares(tokenizer, code)
    decoded = to_rgb(models.appearance(tokenizer)[code])
    return Meanings(code, squares, squares.mean(0).round().astype(np.uint8), decoded)


def through_decoders(tokenizer: Tokenizer, picture: str) -> tuple[np.ndarray, list[Through]]:
    """The middle of an example, and its tokens through each of their decoders, the tokenizer's own first."""
    pixels = open_picture(read_example(picture)).pixels
    top, left = ((side - SIDE) // 2 for side in pixels.shape[:2])
    original = in_channels(pixels[top : top + SIDE, left : left + SIDE], tokenizer.channels)
    home = models.home(tokenizer)
    tokens = home.encode(to_tensor(original))
    own = laplacian_energy(to_rgb(original))
    seen = []
    for decoder in (home, *map(models.tokenizer, models.second_decoders(home.name))):
        decoded = to_pixels(decoder.decode(tokens))[0]
        quality = psnr(original, decoded)
        seen.append(Through(decoder.name, to_rgb(decoded), quality, laplacian_energy(to_rgb(decoded)) / own))
    return to_rgb(original), seen


@remembered(4)
def _telling_codes(tokenizer: Tokenizer) -> list[int]:
    """Codes by how much less there is in the mean of their squares than in those themselves, those of most first."""
    level = tokenizer.levels[-1]
    if len(tokenizer.levels) > 1 or level.usage is None:
        return []
    some = np.random.default_rng(0).permutation(level.codebook_size)[:DRAWN].tolist()
    lost = {}
    for code in some:
        squares = _squares(tokenizer, code)
        if len(squares) > 2:
            lost[code] = np.mean([laplacian_energy(square) for square in squares]) - laplacian_energy(squares.mean(0).astype(np.uint8))
    return sorted(lost, key=lambda code: -lost[code])[:CODES]


def _squares(tokenizer: Tokenizer, code: int) -> np.ndarray:
    """Without what lies around the token."""
    found = read_code(models.home(tokenizer), len(tokenizer.levels) - 1, code)
    own = slice(found.margin, found.patches.shape[1] - found.margin)
    return found.patches[:, own, own]
