"""A tokenizer on pictures it never saw: how near it comes in how many bits, beside JPEG and WebP, and how it uses its codes."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from vqcore.codecs import codec_psnr
from vqcore.data.labelled import unseen_pictures
from vqcore.evaluation.letters import letter_reader, measure_letters
from vqcore.evaluation.report import Report, figures, finite, mean, named
from vqcore.evaluation.texture import measure_texture
from vqcore.metrics import fixed_bits, grid_energy, laplacian_energy, perplexity, psnr, ssim
from vqcore.tokenizers.base import Tokenizer, suffixes
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.refinement import refine

MOST_EACH = 300  # pictures whose own figures are listed
UNITS = {"bits_per_pixel": "bits", "psnr": "dB", "jpeg_psnr": "dB", "webp_psnr": "dB", "grid": "grey levels²"}


@dataclass(frozen=True)
class PictureResult:
    """One picture: its tokens' bits over its pixels, how near its reconstruction is, and what JPEG and WebP reach
    in as many bytes (their best quality that fits; None where even their worst is larger); sharpness: the energy of the Laplacian
    of its grey reconstruction over the original's;  grid: see metrics.grid_energy."""

    name: str
    bits_per_pixel: float
    psnr: float
    ssim: float
    jpeg_psnr: float | None
    webp_psnr: float | None
    sharpness: float | None
    grid: float | None


def measure_pictures(
    tokenizer: Tokenizer, folder: Path, refined: bool = False, labelled: Path | None = None, letters: bool = False
) -> Report:
    """Encode and decode every picture below a folder, whole; one that can't be read is named and skipped.

    Means over pictures (a PSNR is infinite where nothing is lost, and is left out of its mean), and the codebook's use over
    all of them together. refined: search for better tokens than the encoder's first (vqcore.tokenizers.refinement).
    labelled: real pictures with classes, for what texture.py measures;  letters: whether to measure what letters.py does.
    """
    levels = tokenizer.levels
    counts = [np.zeros(level.codebook_size, np.int64) for level in levels]
    results = []
    for name, pixels in unseen_pictures(folder, tokenizer.channels):
        images = to_tensor(pixels)
        tokens = tokenizer.encode(images)
        if refined:
            tokens = refine(tokenizer, images, tokens)
        for grid, count in zip(tokens, counts):
            count += np.bincount(grid.flatten(), minlength=len(count))
        decoded = to_pixels(tokenizer.decode(tokens))[0, : pixels.shape[0], : pixels.shape[1]]
        bits = fixed_bits(tokens, [level.codebook_size for level in levels])
        size = math.ceil(bits / 8)
        results.append(PictureResult(
            name, bits / (pixels.shape[0] * pixels.shape[1]), psnr(pixels, decoded), ssim(pixels, decoded),
            codec_psnr(pixels, "JPEG", size), codec_psnr(pixels, "WEBP", size), ratio(laplacian_energy(decoded), laplacian_energy(pixels)),
            grid_energy(pixels, decoded, levels[-1].downsampling),
        ))
    if not results:
        raise ValueError(f"No picture in {folder} could be read.")
    values = {"pictures": len(results)}
    names = ("bits_per_pixel", "psnr", "ssim", "jpeg_psnr", "webp_psnr", "sharpness", "grid")
    values |= {name: mean(getattr(r, name) for r in results) for name in names}
    units = dict(UNITS)
    for suffix, count in zip(suffixes(levels), counts):
        values |= {
            f"codebook_size{suffix}": len(count), f"codes_used{suffix}": int((count > 0).sum()),
            f"codes_used_share{suffix}": float((count > 0).mean()), f"perplexity{suffix}": float(perplexity(count)),
        }
        units |= {f"{name}{suffix}": "codes" for name in ("codebook_size", "codes_used", "perplexity")}
    if labelled is not None:
        values |= asdict(measure_texture(tokenizer, folder, labelled))
    if letters:
        values |= measure_letters(tokenizer, letter_reader())
    each = [{name: finite(value) for name, value in asdict(r).items()} for r in results]
    return Report(
        tokenizer.name, named(folder), figures(values, units), {"refined": refined},
        {"each": each if len(each) <= MOST_EACH else []},
    )


def ratio(a: float, b: float) -> float | None:
    return a / b if b else None
