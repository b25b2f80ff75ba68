"""How much of text survives a tokenizer of pictures: the share of letters that a small reader still reads, at each size of type.

PSNR hardly says: a letter of 12 pixels is a few squared errors in a picture, and all that a person looks at.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn

from vqcore.evaluation.prior import accuracy, train_classifier
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor

log = logging.getLogger(__name__)
# Each shape once: not C and c, which are told apart by their size alone, nor I and l, which look alike.
LETTERS = "ABDEFGHIJKLMNPQRTYabcdefghijkmnopqrstuvwxyz"
SIZES = (8, 12, 16, 24, 32)  # of type, in pixels: from the top of an l to the bottom of a p
SPACE = 1.5  # a letter's cell, in sizes
LINES, COLUMNS = 16, 16  # of a page
DRAWN = 4  # times as large as it is shown, for smooth edges
TURN, SLANT, BOLD = 0.1, 0.2, 0.04  # at most: radians, a shear, a stroke's width beside the font's own in sizes
CONTRAST = 90  # grey levels at least between a letter and its ground
SIDE = 32  # of what the reader sees
PAGES = 4  # of each size that the reader learns from


@dataclass(frozen=True)
class Page:
    """picture: uint8 [H, W, 3];  letters: int64 [LINES · COLUMNS], as numbers in LETTERS, line by line;  size: of the type, in pixels."""

    picture: np.ndarray
    letters: Tensor
    size: int


def letter_reader(pages: int = PAGES) -> nn.Module:
    """Trained on so many pages of each size, as they were drawn."""
    log.info("training a reader of letters")
    return train_classifier(*cells([page(size, (0, size, number)) for size in SIZES for number in range(pages)]), len(LETTERS))


def measure_letters(tokenizer: Tokenizer, reader: nn.Module) -> dict[str, float]:
    """Of each size of type, the share of letters read after decoding, `letters_at_12`, and as they were drawn, `letters_at_12_drawn`."""
    values = {}
    for size in SIZES:
        drawn = page(size, (1, size))
        images = to_tensor(drawn.picture)
        if tokenizer.channels == 1:
            images = images.mean(1, keepdim=True)
        decoded = to_pixels(tokenizer.reconstruct(images))[0]
        for name, picture in (("", decoded), ("_drawn", drawn.picture)):
            values[f"letters_at_{size}{name}"] = accuracy(reader, *cells([Page(picture, drawn.letters, size)]))
    return values


def page(size: int, seed: tuple[int, ...]) -> Page:
    """Letters by chance on lines of a colour and a ground each, a little turned, slanted and bold, each at a place of its own."""
    rng = np.random.default_rng(seed)
    cell = round(SPACE * size)
    letters = rng.integers(len(LETTERS), size=(LINES, COLUMNS))
    lines = []
    for line in letters:
        ink = np.concatenate([_letter(LETTERS[number], size, cell, rng) for number in line], 1)[..., None]
        while True:
            ground, color = rng.uniform(0, 255, (2, 3))
            if abs(ground.mean() - color.mean()) > CONTRAST:
                break
        lines.append(ground + ink * (color - ground))
    return Page(np.concatenate(lines).round().astype(np.uint8), torch.from_numpy(letters.flatten()), size)


def _letter(letter: str, size: int, cell: int, rng: np.random.Generator) -> np.ndarray:
    """How much of each pixel of a cell its ink covers: float64 [cell, cell]."""
    paper = Image.new("L", (DRAWN * cell, DRAWN * cell))
    middle = DRAWN * (cell + rng.uniform(-0.1, 0.1, 2) * size) / 2
    font, bold = ImageFont.load_default(DRAWN * size), round(DRAWN * size * rng.uniform(0, BOLD))
    ImageDraw.Draw(paper).text(tuple(middle), letter, 255, font, "mm", stroke_width=bold)
    turn, slant = rng.uniform(-TURN, TURN), rng.uniform(-SLANT, SLANT)
    rows = np.array([[1, slant], [0, 1]]) @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = middle - rows @ middle
    moved = paper.transform(paper.size, Image.Transform.AFFINE, (*rows[0], shift[0], *rows[1], shift[1]), Image.Resampling.BICUBIC)
    return np.asarray(moved.reduce(DRAWN), float) / 255


def cells(pages: list[Page]) -> tuple[Tensor, Tensor]:
    """What the reader sees of each letter, grey and of one contrast, float32 [N, 1, SIDE, SIDE], and which it is, int64 [N]."""
    seen = []
    for one in pages:
        cell = round(SPACE * one.size)
        grey = np.asarray(one.picture, np.float32).reshape(*one.picture.shape[:2], -1).mean(-1)
        for i in range(LINES):
            for j in range(COLUMNS):
                letter = Image.fromarray(grey[i * cell : (i + 1) * cell, j * cell : (j + 1) * cell])
                seen.append(np.asarray(letter.resize((SIDE, SIDE), Image.Resampling.BICUBIC)))
    x = torch.from_numpy(np.stack(seen))[:, None]
    x = x - x.median(-1).values.median(-1).values[..., None, None]  # the ground is 0,
    x = x / x.abs().amax((1, 2, 3), keepdim=True).clamp_min(1)
    return x * x.mean((1, 2, 3), keepdim=True).sign(), torch.cat([one.letters for one in pages])  # and the ink above
