"""What the comparison asks of the server, outside the queue: as demo/canvas/page.py."""

import math

from demo import document as documents
from demo import models
from demo.compare import work
from demo.kit import images
from demo.kit.bytes import file_from_base64, to_base64
from demo.kit.decoding import open_picture
from demo.workers import answered_by, comparisons
from vqcore.study.comparison import Rival


@answered_by(comparisons)
def read_choices(question: dict) -> dict:
    """{"model"} → {"tokenizers": [{"name", "sizes": [K and what it can be cut to], "largest": side in pixels that it takes}]}, those
    that read the same kind of pictures as that model, itself first."""
    own = models.tokenizer(question["model"])
    found = [{"name": each.name, "sizes": work.sizes(each), "largest": models.largest_side(each)} for each in work.choices(own)]
    return {"tokenizers": found}


@answered_by(comparisons)
def compare_picture(question: dict) -> dict:
    """{"picture": base64 of a PNG file, "model", "codes": how many to keep, "scale": of the picture, up to 1} → how it fares.

    {"rebuilt": a PNG data URL, "grid": {"shape", "data"} of the finest level in codes of the whole codebook, "tokens",
    "bits", "bits_per_pixel", "psnr", "ssim", "levels": [{"codes": K, "downsampling": f}], "encoding" and "decoding" in seconds,
    "rivals": [{"codec", "url", "bytes", "psnr", "ssim"}], "note": on what was done to the file, or null}; a PSNR of null is infinite.
    """
    tokenizer, scale, count = models.tokenizer(question["model"]), float(question["scale"]), int(question["codes"])
    picture = open_picture(file_from_base64(question["picture"]), max_side=models.MAX_SIDE, max_pixels=models.MAX_PIXELS)
    compared = work.compare(tokenizer, picture.pixels, count, scale)
    found, grid = compared.found, compared.grid.numpy()
    sizes = [*(level.codebook_size for level in tokenizer.levels[:-1]), count]
    return {
        "rebuilt": images.to_png_url(images.to_rgb(found.rebuilt)),
        "grid": {"shape": list(grid.shape), "data": documents.pack(grid, tokenizer.levels[-1].codebook_size)},
        "tokens": sum(level.numel() for level in found.tokens),
        "bits": found.bits,
        "bits_per_pixel": compared.bits_per_pixel,
        "psnr": _finite(found.psnr),
        "ssim": found.ssim,
        "levels": [{"codes": size, "downsampling": level.downsampling} for size, level in zip(sizes, tokenizer.levels)],
        "encoding": found.encoding,
        "decoding": found.decoding,
        "rivals": [_rival(rival) for rival in found.rivals],
        "note": picture.note,
    }


SERVER_FUNCTIONS = [read_choices, compare_picture]


def _rival(rival: Rival) -> dict:
    url = f"data:image/{rival.codec.lower()};base64,{to_base64(rival.file)}"
    return {"codec": rival.codec, "url": url, "bytes": len(rival.file), "psnr": _finite(rival.psnr), "ssim": rival.ssim}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
