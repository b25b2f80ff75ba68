"""The endpoint that compares."""

from typing import Any

from gradio.data_classes import FileData

from demo import models
from demo.compare import work
from demo.kit.decoding import open_picture
from demo.kit.files import patiently, read_file, to_picture
from demo.kit.images import to_rgb
from demo.workers import comparisons

INFINITE = 999.0
"""In decibels, what is told of a picture that lost nothing."""


def compare(image: FileData, model: str = "", codes: int = 0, scale: float = 1.0) -> tuple[FileData, dict[str, Any]]:
    """Send a picture through its tokens and back under some settings, beside JPEG and WebP at as many bytes.

    Args:
        image: a picture file; one of more than a million pixels is scaled down
        model: a tokenizer's name; the default one where empty
        codes: how many of the codebook's most used codes to keep; all where 0
        scale: shrink the picture to this share of its sides on the way in, above 0 and up to 1

    Returns:
        the reconstruction at the picture's own size, as a PNG file
        tokens, bits, bits_per_pixel, psnr in dB (infinite is 999), ssim, encoding and decoding in seconds; and under jpeg and webp,
        where they can be so small, their bytes, psnr and ssim; and a note on what was done to the file, or null
    """
    tokenizer, data = models.tokenizer(model or None), read_file(image)

    def compared() -> tuple[work.Compared, str | None]:
        picture = open_picture(data, max_side=models.MAX_SIDE, max_pixels=models.MAX_PIXELS)
        return work.compare(tokenizer, picture.pixels, codes or tokenizer.levels[-1].codebook_size, scale), picture.note

    result, note = patiently(comparisons, compared)
    found = result.found
    figures = {
        "tokens": sum(level.numel() for level in found.tokens), "bits": found.bits, "bits_per_pixel": result.bits_per_pixel,
        "psnr": min(INFINITE, found.psnr), "ssim": found.ssim, "encoding": found.encoding,
        "decoding": found.decoding, "note": note,
    }
    for rival in found.rivals:
        figures[rival.codec.lower()] = {"bytes": len(rival.file), "psnr": min(INFINITE, rival.psnr), "ssim": rival.ssim}
    return to_picture(to_rgb(found.rebuilt)), figures
