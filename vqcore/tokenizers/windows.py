"""Windows: how a picture of any size runs in constant memory.

A region is a tuple of slices, one a spatial dimension, each with a start and a stop in tokens.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

Region = tuple[slice, ...]

TOKENS_AT_ONCE = 9_216  # 96 × 96: the widest activations of a photograph's window are then about 20 MB each


def tiles(shape: Sequence[int], halo: int, most: int = TOKENS_AT_ONCE) -> Iterator[Region]:
    """Cut a grid into regions of nearly equal size that have at most `most` tokens with their halo."""
    side = max(2 * halo + 1, int(most ** (1 / len(shape))))
    cuts = []
    for extent in shape:
        count = 1 if extent <= side else -(-extent // (side - 2 * halo))
        edges = [round(i * extent / count) for i in range(count + 1)]
        cuts.append([slice(a, b) for a, b in itertools.pairwise(edges)])
    return itertools.product(*cuts)


def grown(region: Region, halo: int, shape: Sequence[int]) -> Region:
    """The region and all within `halo` tokens of it that the grid has."""
    return tuple(slice(max(0, s.start - halo), min(n, s.stop + halo)) for s, n in zip(region, shape))


def inside(region: Region, window: Region) -> Region:
    """The region, counted from the window's first token."""
    return tuple(slice(s.start - w.start, s.stop - w.start) for s, w in zip(region, window))


def scaled(region: Region, factor: int) -> Region:
    """The region in pixels, for tokens of `factor` pixels."""
    return tuple(slice(s.start * factor, s.stop * factor) for s in region)


def checked(region: Region, shape: Sequence[int]) -> Region:
    """The region with its open ends filled in; a ValueError if it isn't a part of the grid."""
    if len(region) != len(shape) or not all(isinstance(s, slice) and s.step in (None, 1) for s in region):
        raise ValueError(f"A region of this grid is a tuple of {len(shape)} plain slices, in tokens, not {region!r}.")
    filled = tuple(slice(s.start or 0, n if s.stop is None else s.stop) for s, n in zip(region, shape))
    if not all(0 <= s.start < s.stop <= n for s, n in zip(filled, shape)):
        raise ValueError(f"The region {region!r} doesn't lie in a grid of {' × '.join(map(str, shape))} tokens.")
    return filled


def count(region: Region) -> int:
    """The number of tokens in a region."""
    return math.prod(s.stop - s.start for s in region)


def batches(n: int, window: Region, most: int = TOKENS_AT_ONCE) -> list[slice]:
    """Cut a batch so that its windows together have about `most` tokens at most."""
    size = max(1, most // count(window))
    return [slice(start, start + size) for start in range(0, n, size)]
