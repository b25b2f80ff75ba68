"""Whatever values a picture file holds, as the RGB that a person sees: its depth, its colour profile, its transparency."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

SRGB, LAB = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
LUMA = np.array([19_595, 38_470, 7_471])  # of red, green and blue, of 65,536: ITU-R BT.601, as Pillow rounds it
DARK = 0.25  # of the range: what stays below it isn't as deep as the file allows
OUTLIERS = 0.1  # per cent of the values at either end
FAINT = 24  # of 255: what differs less from white can't be seen on it
BEHIND_LIGHT = (48, 48, 48)  # what a light drawing without a background is shown on

STRETCHED = "Its values were stretched to the whole range from dark to light."
ON_DARK = "It is light on nothing, so it is shown on dark grey."


def to_rgb(image: Image.Image) -> tuple[Image.Image, str | None]:
    """A decoded image of any mode → RGB, and what was done to it that a person should know."""
    if image.mode.startswith(("I", "F")):
        values, note = eight_bits(np.asarray(image))
        return Image.fromarray(values).convert("RGB"), note
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    colors = _in_srgb(_opaque(image))
    return (colors, None) if alpha is None else _composed(colors, alpha)


def in_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """uint8 [..., C] of one channel or three → of `channels`: the luma of colours, or one grey three times."""
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 1:
        return ((pixels @ LUMA + 0x8000) >> 16).astype(np.uint8)[..., None]
    return np.repeat(pixels, channels, axis=-1)


def eight_bits(values: np.ndarray) -> tuple[np.ndarray, str | None]:
    """Grey values of more than 8 bits, integers or floats, → uint8, and a note if they were stretched.

    Unsigned ones of 16 bits are shares of 65,535, floats shares of 1, unless some are negative, go beyond or are no numbers, or they
    fill no quarter of that range, as 12 bits in a file of 16 do: then what is there, but for outliers, becomes the whole range.
    """
    whole = np.issubdtype(values.dtype, np.integer)
    top = 65_535.0 if whole else 1.0
    values = values.astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, (OUTLIERS, 100 - OUTLIERS)) if finite.size else (0.0, 0.0)
    scaled_up = whole and not (values % 257).any()  # 8 bits in a file of 16, dark or not
    fits = finite.size == values.size and (finite.min() >= 0 and finite.max() <= top and (high >= DARK * top or scaled_up or low == high))
    if not fits and high > low:
        values, top, note = values - low, high - low, STRETCHED
    else:
        note = None
    values = np.nan_to_num(values / top, nan=0.0, posinf=1.0, neginf=0.0)
    return (values.clip(0, 1) * 255).round().astype(np.uint8), note


def _opaque(image: Image.Image) -> Image.Image:
    """The same colours in a mode that a profile may be for, without transparency."""
    if image.mode in ("P", "PA"):
        return image.convert("RGBA").convert("RGB")  # a palette's colours as they are, whatever of it is transparent
    if image.mode in ("LA", "La"):
        return image.convert("LA").getchannel("L")
    if image.mode in ("RGBA", "RGBa", "RGBX"):
        channels = (image.convert("RGBA") if image.mode == "RGBa" else image).split()[:3]
        return _with_profile(Image.merge("RGB", channels), image)
    if "transparency" in image.info:
        image = image.copy()
        del image.info["transparency"]
    return image


def _with_profile(image: Image.Image, of: Image.Image) -> Image.Image:
    if "icc_profile" in of.info:
        image.info["icc_profile"] = of.info["icc_profile"]
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """RGB as the picture's own profile means it; a profile that can't be used is as good as none."""
    if image.mode == "LAB":
        return _meant_by(LAB, image)
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(theirs):
                return _meant_by(theirs, image)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB")


def _meant_by(profile: ImageCms.ImageCmsProfile, image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(image, profile, SRGB, outputMode="RGB")
    assert converted is not None  # as it is only where the image itself is changed
    return converted


def _composed(colors: Image.Image, alpha: Image.Image) -> tuple[Image.Image, str | None]:
    """Over white; over dark grey where all that is seen would be as white."""
    seen = np.asarray(alpha, np.float64) / 255
    faint = 255 - np.asarray(colors, np.float64).mean(-1) < FAINT
    light = bool(seen.any()) and float((seen * faint).sum() / seen.sum()) > 0.98 and bool((seen < 0.5).any())
    background = Image.new("RGB", colors.size, BEHIND_LIGHT if light else "white")
    return Image.composite(colors, background, alpha), ON_DARK if light else None
