"""What each code looks like: the picture that it decodes to where all its neighbours are the same code."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from vqcore.tokenizers.base import Level, Tokenizer
from vqcore.tokenizers.pixels import from_sheet, to_pixels, to_sheet

FILE = "codes{}.png"  # the sheet of a level, with what its name ends in
GRIDS_AT_ONCE = 256


def appearances(tokenizer: Tokenizer) -> list[np.ndarray]:
    """uint8 [K, f, f, C] of each level: one token's pixels amid a grid of its code, as wide as its reach.

    Coarse codes are shown with the fine code that training used most; fine ones with the coarse code that is nearest to
    a middle grey, since the commonest may be so white or black that no detail shows on it.
    """
    beside = [0 if level.usage is None else int(level.usage.argmax()) for level in tokenizer.levels]
    looks = []
    for shown in range(len(tokenizer.levels)):
        looks.append(_appearance(tokenizer, shown, beside))
        beside[shown] = int(np.abs(looks[-1] - 127.5).mean((1, 2, 3)).argmin())
    return looks


def _appearance(tokenizer: Tokenizer, shown: int, beside: list[int]) -> np.ndarray:
    levels = tokenizer.levels
    spans = [level.downsampling // levels[-1].downsampling for level in levels]  # in fine tokens
    margin = -(-max(level.halo or 0 for level in levels) // spans[0]) * spans[0]
    middle = (slice(margin, margin + spans[shown]),) * 2
    pixels = []
    for codes in torch.arange(levels[shown].codebook_size).split(GRIDS_AT_ONCE):
        grids = [torch.full((len(codes), *[(2 * margin + spans[0]) // span] * 2), code) for code, span in zip(beside, spans)]
        grids[shown][:] = codes[:, None, None]
        pixels.append(to_pixels(tokenizer.decode_region(grids, middle)))
    return np.concatenate(pixels)


def read_appearance(path: Path, level: Level) -> np.ndarray | None:
    """What each code of a level looks like, uint8 [K, f, f, 3]; None where no sheet has been made of them."""
    if not path.is_file():
        return None
    try:
        with Image.open(path, formats=["PNG"]) as sheet:
            across = math.ceil(level.codebook_size**0.5) * level.downsampling
            if sheet.width != across or sheet.height > across:
                raise ValueError("it has another size")
            tiles = from_sheet(np.asarray(sheet.convert("RGB")), level.downsampling)
        if len(tiles) < level.codebook_size:
            raise ValueError("it has too few tiles")
    except UnidentifiedImageError:
        raise ValueError(f"{path} is not a picture that can be read: the sheet of the codes is a PNG. Copy the checkpoint again.") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} isn't the sheet of this codebook's codes ({error}). Copy the checkpoint again.") from None
    return tiles[: level.codebook_size]


def codes_sheet(appearance: np.ndarray) -> np.ndarray:
    """uint8 [K, f, f, C] → one RGB picture, as square as it gets."""
    sheet = to_sheet(appearance, math.ceil(len(appearance) ** 0.5))
    return np.repeat(sheet, 3, axis=2) if sheet.shape[2] == 1 else sheet
