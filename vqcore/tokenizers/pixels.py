"""Pictures as tokenizers take and give them, floats in [-1, 1], and as everybody else has them, uint8; and many small ones as one
sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def to_tensor(pixels: np.ndarray) -> Tensor:
    """uint8 [H, W, C] or [B, H, W, C] → float32 [B, C, H, W] in [-1, 1]."""
    x = torch.from_numpy(np.array(pixels if pixels.ndim == 4 else pixels[None]))
    return x.movedim(-1, 1).float() / 127.5 - 1


def to_pixels(images: Tensor) -> np.ndarray:
    """float [B, C, H, W] in [-1, 1] → uint8 [B, H, W, C], to the nearest level."""
    return ((images.detach().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).movedim(1, -1).contiguous().cpu().numpy()


def to_sheet(tiles: np.ndarray, columns: int) -> np.ndarray:
    """uint8 [N, h, w, C] → [rows·h, columns·w, C], `columns` tiles a row, black where the last row ends."""
    count, height, width, channels = tiles.shape
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width, channels), np.uint8)
    sheet[:count] = tiles
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return sheet.reshape(rows * height, columns * width, channels)


def from_sheet(sheet: np.ndarray, side: int) -> np.ndarray:
    """The inverse for square tiles, with the black ones at the end: uint8 [rows·columns, side, side, C]."""
    rows, columns = sheet.shape[0] // side, sheet.shape[1] // side
    return sheet.reshape(rows, side, columns, side, -1).swapaxes(1, 2).reshape(rows * columns, side, side, -1)


def in_rows(rows: Sequence[Sequence[np.ndarray]], gap: int = 4) -> np.ndarray:
    """Pictures uint8 [H, W, 3] of one height, beside one another and row upon row, on white: uint8 [·, ·, 3]."""
    height = rows[0][0].shape[0] + gap
    sheet = np.full((height * len(rows), max(sum(p.shape[1] + gap for p in row) for row in rows), 3), 255, np.uint8)
    for i, row in enumerate(rows):
        left = 0
        for picture in row:
            sheet[i * height : i * height + picture.shape[0], left : left + picture.shape[1]] = picture
            left += picture.shape[1] + gap
    return sheet
