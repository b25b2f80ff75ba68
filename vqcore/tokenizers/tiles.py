"""Many small pictures of one size as one larger picture, row by row, and back."""

from __future__ import annotations

import numpy as np


def to_sheet(tiles: np.ndarray, columns: int) -> np.ndarray:
    """uint8 [N, h, w, C] → [rows·h, columns·w, C], so many tiles a row, black where the last row ends."""
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
