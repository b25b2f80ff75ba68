"""What the comparison asks of the server, outside the queue: as demo/canvas/service.py."""

import base64
import math

import numpy as np

from demo import document as documents
from demo import models
from demo.kit import images
from demo.workers import Crew, answered_by
from vqcore.data.images import open_picture
from vqcore.study.comparison import Comparison, Rival, compare, most_used

comparisons = Crew(threads=1, waiting=4)
"""Apart from the pictures' crew: searching WebP's best quality takes seconds, and nobody's upload waits for it."""

FEWEST_CODES = 16
CUT = 4
"""Each smaller codebook that is offered has this many times fewer codes."""


@answered_by(comparisons)
def read_choices(question: dict) -> dict:
    """{"model"} → {"tokenizers": [{"name", "sizes": [K and what it can be cut to]}]}, those that read the same kind of
    pictures as that model, itself first."""
    own = models.tokenizer(question["model"])
    found = []
    for name in models.names():
        tokenizer = models.tokenizer(name)
        if tokenizer.channels == own.channels:
            found.append({"name": name, "sizes": _sizes(tokenizer)})
    return {"tokenizers": sorted(found, key=lambda entry: entry["name"] != own.name)}


@answered_by(comparisons)
def compare_picture(question: dict) -> dict:
    """{"picture": base64 of a PNG file, "model", "codes": how many to keep, "scale": of the picture, up to 1} → how it fares.

    {"rebuilt": a PNG data URL, "grid": {"shape", "data"} of the finest level in codes of the whole codebook, "tokens",
    "bits", "bits_per_pixel", "psnr", "ssim", "rivals": [{"codec", "url", "bytes", "psnr", "ssim"}]}; a PSNR of null is
    infinite.
    """
    tokenizer, scale, count = models.tokenizer(question["model"]), float(question["scale"]), int(question["codes"])
    picture = open_picture(base64.b64decode(question["picture"]), max_side=models.MAX_SIDE).pixels
    pixels = images.in_channels(picture, tokenizer.channels)
    if max(pixels.shape[:2]) * scale > models.largest_side(tokenizer):
        raise ValueError(f"{tokenizer.name} takes pictures of up to {models.largest_side(tokenizer)} pixels a side here. Take a smaller size.")
    if not 0 < scale <= 1 or min(pixels.shape[:2]) * scale < tokenizer.levels[-1].downsampling:
        raise ValueError("At this scale the picture is smaller than a token. Take a larger one.")
    whole = tokenizer.levels[-1].codebook_size
    part, codes = (tokenizer, None) if count == whole else most_used(tokenizer, count)
    return _answer(compare(part, pixels, scale), None if codes is None else codes.numpy(), whole, pixels)


SERVER_FUNCTIONS = [read_choices, compare_picture]


def _answer(result: Comparison, codes: np.ndarray | None, size: int, pixels: np.ndarray) -> dict:
    grid = result.tokens[-1].numpy()
    grid = grid if codes is None else codes[grid]
    return {
        "rebuilt": images.to_png_url(images.to_rgb(result.rebuilt)),
        "grid": {"shape": list(grid.shape), "data": documents.pack(grid, size)},
        "tokens": sum(level.numel() for level in result.tokens),
        "bits": result.bits,
        "bits_per_pixel": result.bits / (pixels.shape[0] * pixels.shape[1]),
        "psnr": _finite(result.psnr),
        "ssim": result.ssim,
        "rivals": [_rival(rival) for rival in result.rivals],
    }


def _rival(rival: Rival) -> dict:
    url = f"data:image/{rival.codec.lower()};base64,{base64.b64encode(rival.file).decode('ascii')}"
    return {"codec": rival.codec, "url": url, "bytes": len(rival.file), "psnr": _finite(rival.psnr), "ssim": rival.ssim}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _sizes(tokenizer) -> list[int]:
    """The whole codebook, and the smaller ones that it can be cut to: none where `most_used` has nothing to go by."""
    size = tokenizer.levels[-1].codebook_size
    if not tokenizer.is_table or not models.usage(tokenizer.levels[-1]).any():
        return [size]
    return [size, *(size // CUT**i for i in range(1, 8) if size // CUT**i >= FEWEST_CODES)][:4]
