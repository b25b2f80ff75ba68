"""The same tokens through two decoders, to look at: original | the tokenizer's own | the second."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vqcore.data.labelled import unseen_pictures
from vqcore.evaluation.prior import sheet
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor

SHEET = "decoders.webp"
SHOWN, SEED = 12, 0  # pictures, drawn by chance
SIDE, COLUMNS = 160, 6  # of their middles at most, in pixels; two pictures a row


def decoders_sheet(own: Tokenizer, second: Tokenizer, folder: Path) -> np.ndarray:
    """Of some of the pictures below a folder the middles, as large as the smallest picture allows: uint8 [·, ·, 3]."""
    pictures = [pixels for _, pixels in unseen_pictures(folder, own.channels)]
    side, tiles = min(SIDE, *(min(pixels.shape[:2]) for pixels in pictures)), []
    for i in np.random.default_rng(SEED).permutation(len(pictures))[:SHOWN]:
        top, left = ((size - side) // 2 for size in pictures[i].shape[:2])
        tokens = own.encode(to_tensor(pictures[i]))
        every = (pictures[i], *(to_pixels(decoder.decode(tokens))[0] for decoder in (own, second)))
        tiles += [pixels[top : top + side, left : left + side] for pixels in every]
    return sheet(np.stack(tiles), COLUMNS)
