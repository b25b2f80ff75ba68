"""What each code looks like: the picture that it decodes to where all its neighbours are the same code."""

from __future__ import annotations

import numpy as np
import torch

from vqcore.data.images import to_pixels
from vqcore.tokenizers.vqvae import VQVAE
from vqcore.tokenizers.vqvae2 import VQVAE2

GRIDS_AT_ONCE = 256


def appearances(model: VQVAE | VQVAE2) -> list[np.ndarray]:
    """uint8 [K, f, f, C] of each level: one token's pixels amid a grid of its code, as wide as its reach.

    Coarse codes are shown with the fine code that training used most; fine ones with the coarse code that is nearest to
    a middle grey, since the commonest may be so white or black that no detail shows on it.
    """
    beside = [0 if level.usage is None else int(level.usage.argmax()) for level in model.levels]
    looks = []
    for shown in range(len(model.levels)):
        looks.append(_appearance(model, shown, beside))
        beside[shown] = int(np.abs(looks[-1] - 127.5).mean((1, 2, 3)).argmin())
    return looks


def _appearance(model: VQVAE | VQVAE2, shown: int, beside: list[int]) -> np.ndarray:
    levels = model.levels
    spans = [level.downsampling // levels[-1].downsampling for level in levels]  # in fine tokens
    margin = -(-max(level.halo for level in levels) // spans[0]) * spans[0]
    middle = (slice(margin, margin + spans[shown]),) * 2
    pixels = []
    for codes in torch.arange(levels[shown].codebook_size).split(GRIDS_AT_ONCE):
        grids = [torch.full((len(codes), *[(2 * margin + spans[0]) // span] * 2), code) for code, span in zip(beside, spans)]
        grids[shown][:] = codes[:, None, None]
        pixels.append(to_pixels(model.decode_region(grids, middle)))
    return np.concatenate(pixels)
