"""Pictures: files of any kind to upright RGB, and RGB to tensors."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
MOST_PIXELS = 50_000_000
ORIENTATION = 0x0112  # the EXIF tag
SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True)
class Picture:
    """pixels: upright RGB, uint8 [H, W, 3];  source_size: (width, height) before it was scaled down."""

    pixels: np.ndarray
    source_size: tuple[int, int]

    @property
    def scaled(self) -> bool:
        return self.source_size != (self.pixels.shape[1], self.pixels.shape[0])


def open_picture(source: bytes | str | os.PathLike, max_side: int | None = None) -> Picture:
    """Read a picture file as a person sees it: upright, transparency over white, its first frame, in sRGB.

    source: the file's bytes, or its path. max_side: scale it down so that no side is longer, in pixels.
    Raises ValueError, in words for people, for what is no picture, is damaged, or is over 50 million pixels.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    if not data:
        raise ValueError("This file is empty. Choose a picture: a JPEG, PNG, WebP, GIF, BMP or TIFF file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            size = image.size
            if size[0] * size[1] <= MOST_PIXELS:
                if max_side:
                    image.draft(image.mode, (2 * max_side, 2 * max_side))
                sideways = image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
                image = _to_rgb(_in_srgb(ImageOps.exif_transpose(image)))
    except Image.DecompressionBombError:
        raise _too_large() from None
    except UnidentifiedImageError:
        raise ValueError("This is not a picture that can be read: use JPEG, PNG, WebP, GIF, BMP or TIFF.") from None
    except Exception as error:  # a decoder may raise anything on a damaged file
        raise ValueError(f"This picture is damaged and can't be read ({error}). Save it anew and try again.") from None
    if size[0] * size[1] > MOST_PIXELS:
        raise _too_large()
    upright_size = (size[1], size[0]) if sideways else size
    if max_side and max(image.size) > max_side:
        scale = max_side / max(upright_size)
        image = image.resize([max(1, round(side * scale)) for side in upright_size], Image.Resampling.LANCZOS)
    return Picture(np.asarray(image), upright_size)


def _too_large() -> ValueError:
    return ValueError(
        f"This picture has more than the {MOST_PIXELS // 1_000_000} million pixels that are read here. Scale it down first."
    )


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours that the picture's own profile means; one that can't be used is as good as none."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(theirs):
            return image
        return ImageCms.profileToProfile(image, theirs, SRGB, outputMode="RGBA" if image.mode == "RGBA" else "RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float32)
        # 16-bit files come as I;16 or I; a float file is taken as 0 … 1 unless it goes beyond.
        top = 65_535 if image.mode.startswith("I") else max(1.0, float(values.max(initial=0)))
        return Image.fromarray((np.nan_to_num(values) / top * 255).clip(0, 255).round().astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def find_pictures(folder: str | os.PathLike) -> list[Path]:
    """All picture files below a folder, in a fixed order; ValueError where there are none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder. Give a folder of pictures.")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise ValueError(f"There is no picture in {folder} ({', '.join(sorted(SUFFIXES))}).")
    return paths
