"""Measure token files: python -m vqcore.evaluate_files NAME --data DIR

Each picture's file beside its tokens packed plainly, and beside the smallest JPEG that is as near to the picture.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from vqcore.checkpoints import find, load
from vqcore.codecs import jpeg_bytes
from vqcore.data.labelled import unseen_pictures
from vqcore.files import write_json
from vqcore.formats import tokenfile
from vqcore.metrics import fixed_bits, psnr
from vqcore.tokenizers.pixels import to_pixels, to_tensor


@dataclass(frozen=True)
class FileResult:
    """Bytes of one picture: as a token file, as packed tokens alone, as JPEG of at least its PSNR (in dB), if it can be."""

    name: str
    bytes: int
    packed: float
    psnr: float
    jpeg: int | None


@dataclass(frozen=True)
class Files:
    """Means over pictures; jpeg_ratio over those that JPEG reaches; and those that JPEG makes no larger."""

    checkpoint: str
    data: str
    pictures: int
    bytes: float
    packed: float
    ratio_to_packed: float
    ratio_to_jpeg: float | None
    share_below_jpeg: float
    not_below_jpeg: list[str]
    each: list[FileResult]


def evaluate_files(tokenizer, folder: Path) -> Files:
    """Write, read back and compare every picture below a folder."""
    results = []
    for name, pixels in unseen_pictures(folder):
        size = pixels.shape[:2]
        tokens = tokenizer.encode(to_tensor(pixels))
        data = tokenfile.write(tokens, size, tokenizer)
        decoded = to_pixels(tokenizer.decode(tokenfile.read(data, tokenizer).tokens))[0, : size[0], : size[1]]
        packed = fixed_bits(tokens, [level.codebook_size for level in tokenizer.levels]) / 8
        near = psnr(pixels, decoded)
        results.append(FileResult(name, len(data), packed, near, jpeg_bytes(pixels, near)))
    if not results:
        raise ValueError(f"No picture in {folder} could be read.")
    reached = [r for r in results if r.jpeg is not None]
    beaten = [r.name for r in reached if r.bytes >= r.jpeg]
    total, packed = sum(r.bytes for r in results), sum(r.packed for r in results)
    return Files(
        tokenizer.name, f"{folder.parent.name}/{folder.name}", len(results), total / len(results), packed / len(results),
        total / packed, sum(r.bytes for r in reached) / sum(r.jpeg for r in reached) if reached else None,
        1 - len(beaten) / len(results), beaten, results,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vqcore.evaluate_files", description="Measure token files.")
    parser.add_argument("name", help="a tokenizer's folder's name in checkpoints/, or a path")
    parser.add_argument("--data", type=Path, required=True, help="a folder of pictures that it never saw")
    parser.add_argument("--json", type=Path, help="where the figures go (files.json in the checkpoint's folder)")
    options = parser.parse_args(arguments)
    try:
        result = evaluate_files(load(options.name), options.data)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{result.pictures} pictures: {result.bytes:,.0f} bytes on average, {1 - result.ratio_to_packed:.1%} less than packed", end="")
    print(f", {result.ratio_to_jpeg:.2f} of JPEG's at the same PSNR" if result.ratio_to_jpeg else "")
    print(f"smaller than JPEG: {result.share_below_jpeg:.0%}; not: {', '.join(result.not_below_jpeg) or 'none'}")
    write_json(options.json or find(options.name) / "files.json", asdict(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
