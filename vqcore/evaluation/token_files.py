"""Token files: each picture's file beside its tokens packed plainly, and beside the smallest JPEG that is as near to the picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from vqcore.codecs import jpeg_bytes
from vqcore.data.labelled import unseen_pictures
from vqcore.evaluation.report import Report, figures, finite, named
from vqcore.formats import tokenfile
from vqcore.metrics import fixed_bits, psnr
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor


@dataclass(frozen=True)
class FileResult:
    """Bytes of one picture: as a token file, as packed tokens alone, as JPEG of at least its PSNR (in dB), if it can be."""

    name: str
    bytes: int
    packed: float
    psnr: float
    jpeg: int | None


def measure_files(tokenizer: Tokenizer, folder: Path) -> Report:
    """Write, read back and compare every picture below a folder.

    Means over pictures; ratio_to_jpeg is over those that JPEG reaches; not_below_jpeg names those that JPEG makes no larger.
    """
    results = []
    for name, pixels in unseen_pictures(folder, tokenizer.channels):
        size = pixels.shape[:2]
        tokens = tokenizer.encode(to_tensor(pixels))
        data = tokenfile.write(tokens, size, tokenizer)
        decoded = to_pixels(tokenizer.decode(tokenfile.read(data, tokenizer).tokens))[0, : size[0], : size[1]]
        packed = fixed_bits(tokens, [level.codebook_size for level in tokenizer.levels]) / 8
        near = psnr(pixels, decoded)
        results.append(FileResult(name, len(data), packed, near, jpeg_bytes(pixels, near)))
    if not results:
        raise ValueError(f"No picture in {folder} could be read.")
    reached = [(r.bytes, r.jpeg) for r in results if r.jpeg is not None]
    beaten = [r.name for r in results if r.jpeg is not None and r.bytes >= r.jpeg]
    total, packed = sum(r.bytes for r in results), sum(r.packed for r in results)
    values = {
        "pictures": len(results), "bytes": total / len(results), "packed": packed / len(results), "ratio_to_packed": total / packed,
        "ratio_to_jpeg": sum(ours for ours, _ in reached) / sum(theirs for _, theirs in reached) if reached else None,
        "share_below_jpeg": 1 - len(beaten) / len(results),
    }
    return Report(
        tokenizer.name, named(folder), figures(values, {"bytes": "bytes", "packed": "bytes"}),
        details={"not_below_jpeg": beaten, "each": [{name: finite(value) for name, value in asdict(r).items()} for r in results]},
    )
