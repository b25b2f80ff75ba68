"""JPEG and WebP, by Pillow's encoders, at a number of bytes or at a quality: what tokens are compared with."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from vqcore.metrics import psnr


def codec_psnr(pixels: np.ndarray, codec: str, size: int) -> float | None:
    """PSNR of the best quality of JPEG or WebP (Pillow's encoders) that takes at most `size` bytes, in dB."""
    file = codec_file(pixels, codec, size)
    return None if file is None else psnr(pixels, np.asarray(Image.open(io.BytesIO(file), formats=[codec]).convert("RGB")))


def codec_file(pixels: np.ndarray, codec: str, size: int) -> bytes | None:
    """The picture as a JPEG or WebP file of the best quality that takes at most `size` bytes; None if none does."""
    image, best = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels), None
    low, high = 0, 100
    while low <= high:
        quality = (low + high) // 2
        file = io.BytesIO()
        image.save(file, codec, quality=quality, **({"optimize": True} if codec == "JPEG" else {"method": 6}))
        if file.tell() <= size:
            best, low = file.getvalue(), quality + 1
        else:
            high = quality - 1
    return best


def jpeg_bytes(pixels: np.ndarray, near: float) -> int | None:
    """Size of the smallest JPEG (Pillow's, optimized) with a PSNR of at least `near`; None where even quality 100 has less."""
    image, best = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels), None
    low, high = 0, 100
    while low <= high:
        quality = (low + high) // 2
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True)
        if psnr(pixels, np.asarray(Image.open(file, formats=["JPEG"])).reshape(pixels.shape)) >= near:
            best, high = file.tell(), quality - 1
        else:
            low = quality + 1
    return best
