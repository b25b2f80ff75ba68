"""Picture files of any kind to upright RGB: the one place that decides which formats are read, and a picture's size and turn."""

from __future__ import annotations

import io
import math
import os
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from vqcore.data.colors import to_rgb

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "AVIF")
"""What is decoded, and nothing else: others run programs (EPS) or have no limits of their own (FITS, ICNS)."""
NAMED = "JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or PPM"
MOST_PIXELS = 50_000_000
END_OF_JPEG = b"\xff\xd9"
PHOTOMETRIC, SUBSAMPLING, YCBCR = 262, 530, 6  # tags of TIFF, and a value of the first

CUT_SHORT = "The end of the file is missing; what lacks is grey."


@dataclass(frozen=True)
class Picture:
    """pixels: upright RGB, uint8 [H, W, 3];  source_size: (width, height) before it was scaled down;  notes: sentences on what was done
    to it that its owner should know."""

    pixels: np.ndarray
    source_size: tuple[int, int]
    notes: tuple[str, ...] = ()

    @property
    def note(self) -> str | None:
        """The notes as one text; None where there is nothing to say."""
        return " ".join(self.notes) or None

    @property
    def scaled(self) -> bool:
        return self.source_size != (self.pixels.shape[1], self.pixels.shape[0])


@cache
def formats() -> list[str]:
    """Those of FORMATS that this build of Pillow decodes. (A file of several JPEGs, MPO, is opened as one.)"""
    Image.init()
    return [format for format in FORMATS if format in Image.OPEN]


@cache
def suffixes() -> frozenset[str]:
    """What the names of the files that can be read end in, in small letters: .jpg, .jpeg, .jfif, .png …"""
    return frozenset(suffix for suffix, format in Image.registered_extensions().items() if format in {*formats(), "MPO"})


def open_picture(source: bytes | str | os.PathLike, max_side: int | None = None, max_pixels: int | None = None) -> Picture:
    """Read a picture file as a person sees it: upright, transparency over white, its first frame, in sRGB.

    source: the file's bytes, or its path. max_side, max_pixels: scale it down so that no side is longer and it has no more pixels.
    Raises ValueError, in words for people, for what is no picture, is damaged, or is over 50 million pixels.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    if not data:
        raise ValueError(f"This file is empty. Choose a picture: a {NAMED} file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image, size, short = _decoded(data, max_side, max_pixels)
            upright = ImageOps.exif_transpose(image)
            if upright.size != image.size:
                size = size[1], size[0]
            image, note = to_rgb(upright)
    except Image.DecompressionBombError:
        raise _too_large() from None
    except UnidentifiedImageError:
        raise ValueError(f"This is not a picture that can be read: use {NAMED}.") from None
    except _TooLarge:
        raise _too_large() from None
    except Exception as error:  # a decoder may raise anything on a damaged file
        why = "ends too early" if "truncated" in str(error) else "is damaged"
        raise ValueError(f"This picture {why} and can't be read. Save it anew and try again.") from None
    target = fitted(size, max_side, max_pixels)
    if target != size:
        image = image.resize(target, Image.Resampling.LANCZOS)
    return Picture(np.asarray(image), size, tuple(said for said in (short, note) if said))


def fitted(size: tuple[int, int], max_side: int | None = None, max_pixels: int | None = None) -> tuple[int, int]:
    """(width, height) scaled down, where need be, to sides of at most `max_side` and at most `max_pixels` in all."""
    width, height = size
    limits = (max_side and max_side / max(size), max_pixels and math.sqrt(max_pixels / (width * height)))
    scale = min((limit for limit in limits if limit), default=1)
    if scale >= 1:
        return size
    across = max(1, round(width * scale))
    down = max(1, round(height * scale))
    return across, min(down, max_pixels // across) if max_pixels else down


class _TooLarge(Exception):
    pass


def _decoded(data: bytes, max_side: int | None, max_pixels: int | None) -> tuple[Image.Image, tuple[int, int], str | None]:
    """(the decoded image as it lies in the file, its whole size, a note if its end is missing).

    A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough.
    """
    image = Image.open(io.BytesIO(data), formats=formats())
    size = image.size
    target = fitted(size, max_side, max_pixels)
    if target != size and not image.info.get("progressive"):
        image.draft(image.mode, (2 * target[0], 2 * target[1]))
    if image.size[0] * image.size[1] > MOST_PIXELS:
        raise _TooLarge
    try:
        _load(image)
    except OSError:
        if image.format not in ("JPEG", "MPO") or data.endswith(END_OF_JPEG):
            raise
        image, size, _ = _decoded(data + END_OF_JPEG, max_side, max_pixels)
        return image, size, CUT_SHORT
    return image, size, None


def _load(image: ImageFile.ImageFile) -> None:
    """Decode what is opened. Pillow writes an uncompressed TIFF of YCbCr with three bytes a pixel, and would read it with four."""
    tags, tiles = getattr(image, "tag_v2", {}), image.tile
    mistaken = tags.get(PHOTOMETRIC) == YCBCR and tags.get(SUBSAMPLING) == (1, 1) and all(tile.codec_name == "raw" for tile in tiles)
    if mistaken:
        image.tile = [tile._replace(args=("RGB", 0, 1)) for tile in tiles]
    image.load()
    if mistaken:
        image.paste(Image.merge("YCbCr", image.split()).convert("RGB"))


def _too_large() -> ValueError:
    return ValueError(
        f"This picture has more than the {MOST_PIXELS // 1_000_000} million pixels that are read here. Scale it down first."
    )
