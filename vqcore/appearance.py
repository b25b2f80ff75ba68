"""What each code looks like: the picture that it decodes to where all its neighbours are the same code."""

from __future__ import annotations

import numpy as np
import torch

from vqcore.data.images import to_pixels
from vqcore.vqvae import VQVAE
from vqcore.vqvae2 import VQVAE2

GRIDS_AT_ONCE = 256


def appearances(model: VQVAE | VQVAE2) -> list[np.ndarray]:
    """uint8 [K, f, f, C] of each level: one token's pixels amid a grid of its code, as wide as its reach, while the
    other level has the code that it uses most."""
    return [_appearance(model, i) for i in range(len(model.levels))]


def _appearance(model: VQVAE | VQVAE2, shown: int) -> np.ndarray:
    levels = model.levels
    spans = [level.downsampling // levels[-1].downsampling for level in levels]  # in fine tokens
    margin = -(-max(level.halo for level in levels) // spans[0]) * spans[0]
    middle = (slice(margin, margin + spans[shown]),) * 2
    common = [0 if level.usage is None else int(level.usage.argmax()) for level in levels]
    pixels = []
    for codes in torch.arange(levels[shown].codebook_size).split(GRIDS_AT_ONCE):
        grids = [torch.full((len(codes), *[(2 * margin + spans[0]) // span] * 2), code) for code, span in zip(common, spans)]
        grids[shown][:] = codes[:, None, None]
        pixels.append(to_pixels(model.decode_region(grids, middle)))
    return np.concatenate(pixels)
