"""Pixels on their way to the page."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from demo.kit.bytes import to_base64
from vqcore.data.images import formats
from vqcore.tokenizers.pixels import to_sheet

TILES_A_ROW = 64  # as js/codebook.js reads them


def to_rgb(pixels: np.ndarray) -> np.ndarray:
    """uint8 [..., 1] or [..., 3] → [..., 3]."""
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def to_png(pixels: np.ndarray) -> bytes:
    """uint8 [H, W, 3] → a PNG file."""
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def to_png_url(pixels: np.ndarray) -> str:
    """uint8 [H, W, 3] → a PNG data URL: lossless, since the page computes PSNR from it."""
    return f"data:image/png;base64,{to_base64(to_png(pixels))}"


def to_thumbnail_url(path: Path, side: int = 96) -> str:
    """The picture at `path`, cropped to a square of `side` pixels, as a JPEG data URL."""
    with Image.open(path, formats=formats()) as picture:
        edge = min(picture.size)
        left, top = ((length - edge) // 2 for length in picture.size)
        square = picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS, (left, top, left + edge, top + edge))
    out = io.BytesIO()
    square.save(out, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{to_base64(out.getvalue())}"


def tile_sheet(appearance: np.ndarray) -> np.ndarray:
    """uint8 [K, f, f, C] → one RGB picture of all K tiles, TILES_A_ROW in a row."""
    return to_sheet(to_rgb(appearance), TILES_A_ROW)
