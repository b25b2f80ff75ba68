"""Pixels on their way to the page."""

import base64
import io

import numpy as np
from PIL import Image

from vqcore.tokenizers.pixels import to_sheet

TILES_A_ROW = 64  # as codebook.js reads them


def in_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """uint8 RGB [H, W, 3] → what a tokenizer of so many channels reads: [H, W, 1] is its luma."""
    return np.asarray(Image.fromarray(pixels).convert("L"))[..., None] if channels == 1 else pixels


def to_rgb(pixels: np.ndarray) -> np.ndarray:
    """uint8 [..., 1] or [..., 3] → [..., 3]."""
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def to_png_url(pixels: np.ndarray) -> str:
    """uint8 [H, W, 3] → a PNG data URL: lossless, since the page computes PSNR from it."""
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def to_thumbnail_url(path, side: int = 96) -> str:
    """The picture at `path`, cropped to a square of `side` pixels, as a JPEG data URL."""
    with Image.open(path) as picture:
        edge = min(picture.size)
        left, top = ((length - edge) // 2 for length in picture.size)
        square = picture.convert("RGB").resize((side, side), Image.LANCZOS, (left, top, left + edge, top + edge))
    out = io.BytesIO()
    square.save(out, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def tile_sheet(appearance: np.ndarray) -> np.ndarray:
    """uint8 [K, f, f, C] → one RGB picture of all K tiles, TILES_A_ROW in a row."""
    return to_sheet(to_rgb(appearance), TILES_A_ROW)
