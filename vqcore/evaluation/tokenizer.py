"""Measure a tokenizer on pictures it never saw: python -m vqcore.evaluate NAME --data DIR [--refine]"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from vqcore.checkpoints import find, load
from vqcore.codecs import codec_psnr
from vqcore.data.labelled import unseen_pictures
from vqcore.files import write_json
from vqcore.metrics import fixed_bits, perplexity, psnr, ssim
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.refinement import refine
from vqcore.tokenizers.vqvae import VQVAE

MOST_EACH = 300  # pictures whose own figures are listed


@dataclass(frozen=True)
class PictureResult:
    """One picture: its tokens' bits over its pixels, how near its reconstruction is, and what JPEG and WebP reach
    in as many bytes (their best quality that fits; None where even their worst is larger)."""

    name: str
    bits_per_pixel: float
    psnr: float
    ssim: float
    jpeg_psnr: float | None
    webp_psnr: float | None


@dataclass(frozen=True)
class Evaluation:
    """Means over pictures, each one's figures where they aren't too many, and the codebook's use over all of them together.

    refined: whether better tokens than the encoder's were searched for (vqcore.tokenizers.refinement).
    """

    checkpoint: str
    data: str
    refined: bool
    pictures: int
    bits_per_pixel: float
    psnr: float
    ssim: float
    jpeg_psnr: float | None
    webp_psnr: float | None
    codebook_size: list[int]
    codes_used: list[int]
    codes_used_share: list[float]
    perplexity: list[float]
    torch: str
    each: list[PictureResult]


def evaluate(tokenizer: VQVAE, folder: Path, refined: bool = False) -> Evaluation:
    """Encode and decode every picture below a folder, whole; one that can't be read is named and skipped."""
    counts = [np.zeros(level.codebook_size, np.int64) for level in tokenizer.levels]
    results = []
    for name, pixels in unseen_pictures(folder):
        height, width = pixels.shape[:2]
        images = to_tensor(pixels)
        tokens = tokenizer.encode(images)
        if refined:
            tokens = refine(tokenizer, images, tokens)
        decoded = to_pixels(tokenizer.decode(tokens))[0, :height, :width]
        bits = fixed_bits(tokens, [level.codebook_size for level in tokenizer.levels])
        for grid, count in zip(tokens, counts):
            count += np.bincount(grid.flatten(), minlength=len(count))
        size = math.ceil(bits / 8)
        results.append(PictureResult(
            name, bits / (width * height), psnr(pixels, decoded), ssim(pixels, decoded),
            codec_psnr(pixels, "JPEG", size), codec_psnr(pixels, "WEBP", size),
        ))

    if not results:
        raise ValueError(f"No picture in {folder} could be read.")

    def mean(name: str) -> float | None:
        values = [v for r in results if (v := getattr(r, name)) is not None]
        return float(np.mean(values)) if values else None

    return Evaluation(
        tokenizer.name, f"{folder.parent.name}/{folder.name}", refined, len(results),
        mean("bits_per_pixel"), mean("psnr"), mean("ssim"), mean("jpeg_psnr"), mean("webp_psnr"),
        [level.codebook_size for level in tokenizer.levels],
        [int((c > 0).sum()) for c in counts], [float((c > 0).mean()) for c in counts], [float(perplexity(c)) for c in counts],
        torch.__version__, results if len(results) <= MOST_EACH else [],
    )


def table(result: Evaluation) -> str:
    """The evaluation as a person reads it."""
    show = lambda value: "   —  " if value is None else f"{value:6.2f}"
    lines = [f"{'picture':40}  bits/px   PSNR   SSIM   JPEG   WebP"]
    for r in [*result.each, None]:
        name = r.name[-40:] if r else f"mean of {result.pictures}"
        r = r or result
        lines.append(f"{name:40}  {r.bits_per_pixel:7.4f} {show(r.psnr)}  {r.ssim:.3f} {show(r.jpeg_psnr)} {show(r.webp_psnr)}")
    for i, (size, used, share, even) in enumerate(
        zip(result.codebook_size, result.codes_used, result.codes_used_share, result.perplexity)
    ):
        lines.append(f"level {i}: {used:,} of {size:,} codes used ({share:.1%}), perplexity {even:,.0f}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vqcore.evaluate", description="Measure a tokenizer on pictures it never saw.")
    parser.add_argument("name", help="a folder's name in checkpoints/, or a path")
    parser.add_argument("--data", type=Path, required=True, help="a folder of pictures")
    parser.add_argument("--refine", action="store_true", help="search for better tokens than the encoder's; takes a hundred times as long")
    parser.add_argument("--json", type=Path, help="where the figures go (metrics.json, or refined.json, in the checkpoint's folder)")
    options = parser.parse_args(arguments)
    try:
        result = evaluate(load(options.name), options.data, options.refine)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(result))
    file = options.json or find(options.name) / ("refined.json" if options.refine else "metrics.json")
    write_json(file, asdict(result))
    print(f"The figures are in {file}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
