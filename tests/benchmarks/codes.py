"""Finding the nearest code."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from tests.benchmarks.measure import Row, elsewhere, interleaved, product_seconds
from vqcore.quantizers.vq import nearest_codes

DIMENSIONS = 32

PREPARE = """
import sys, torch
n, k, d = map(int, sys.argv[1:4])
vectors, codebook = torch.randn(n, d), torch.randn(k, d)
def memory(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(name))
def above(work):  # what it takes on top, in MiB: the highest mark, set back before, against what was there
    work(vectors[:1000])
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = memory("VmRSS"); work(vectors); print(max(1.0, memory("VmHWM") - before))
"""
OURS = PREPARE + """
from vqcore.quantizers.vq import nearest_codes
above(lambda part: nearest_codes(part, codebook))
"""
PEER = PREPARE + """
from vector_quantize_pytorch import VectorQuantize
peer = VectorQuantize(dim=d, codebook_size=k).eval()
with torch.inference_mode():
    above(lambda part: peer(part[None]))
"""


def rows() -> Iterator[Row]:
    from vector_quantize_pytorch import VectorQuantize

    for n, k in ((65_536, 1_024), (65_536, 8_192), (1_000_000, 1_024), (1_000_000, 8_192)):
        vectors, codebook = torch.randn(n, DIMENSIONS), torch.randn(k, DIMENSIONS)
        peer = VectorQuantize(dim=DIMENSIONS, codebook_size=k).eval()
        candidates = {"ours": lambda: nearest_codes(vectors, codebook)}
        fits = n * k < 2**30  # an N × K matrix of float32 below 4 GiB
        if fits:
            candidates["peer"] = lambda: peer(vectors[None])
            candidates["plain"] = lambda: torch.cdist(vectors, codebook).argmin(1)
        with torch.inference_mode():
            times = interleaved(candidates, 5 if n * k <= 2**27 else 2)
        what, limit = f"nearest of {k:,} codes, {n:,} vectors", product_seconds(min(n, 65_536), DIMENSIONS, k) * max(1, n / 65_536)
        yield Row(what, times["ours"], times.get("peer", "needs N × K floats"), "vector-quantize-pytorch", limit, "one matrix product")
        yield Row(what, times["ours"], times.get("plain", "needs N × K floats"), "cdist().argmin()", limit, "one matrix product")
        memory = elsewhere(OURS, n, k, DIMENSIONS)
        theirs = elsewhere(PEER, n, k, DIMENSIONS) if fits else n * k * 4 / 2**20
        yield Row(f"{what}: memory above the input", memory, theirs, "vector-quantize-pytorch" if fits else "N × K floats", unit="MiB")
