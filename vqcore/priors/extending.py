"""Grids that grow past an edge: what a prior of any size, which writes downwards, puts beyond each of the four.

Below it goes on as it writes. On the other sides what is new stands before what is there in the order of the sequence, so
that it is drawn in small patches, nearest to the picture first, each by particles that are weighed by what is there (see
AutoregressivePrior.redraw). A patch sees nothing of what is still unwritten: the grid ends there for it, as at a picture's edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore.files import shown
from vqcore.priors.base import OnToken, Prior

EDGES = "top", "bottom", "left", "right"
PATCH = 3  # tokens: the width of what is drawn at a time beside and above the picture
NEAR = 6  # tokens around a patch that it is fitted to
BELOW = 2  # rows under a patch that is drawn above
PARTICLES = 16


def extend(
    prior: Prior,
    tokens: Sequence[Tensor],
    edge: str,
    by: int,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    on_token: OnToken | None = None,
) -> list[Tensor]:
    """Grids of one level, int64 [B, H, W], with `by` new rows at their "top" or "bottom", or columns at the "left" or "right".

    temperature, top_k, top_p, seed: as in Prior.sample;  on_token: called after each token, which it tells places of the patch at
    hand. ValueError for a prior that is not of any size.
    """
    if not prior.any_size or len(tokens) != 1:
        raise ValueError(f"{prior.name or 'This prior'} knows grids of one size alone. Extend with a prior of any size.")
    if edge not in EDGES or by < 1:
        raise ValueError(f"Extend at the top, bottom, left or right, by at least one token, not at {shown(edge)} by {shown(by)}.")
    generator, (grid,) = torch.Generator().manual_seed(seed), tokens
    for width in _steps(edge, by):
        grid = F.pad(grid, [width * (edge == side) for side in ("left", "right", "top", "bottom")])
        for window, hole in _patches(grid.shape[1:], edge, width):
            part = grid[(..., *window)]
            mask = torch.zeros(part.shape[1:], dtype=torch.bool)
            mask[hole] = True
            chance = int(torch.randint(2**31, (), generator=generator))
            settings = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": chance, "on_token": on_token}
            grid[(..., *window)] = prior.complete([part], [mask], particles=PARTICLES, **settings)[0]
    return [grid]


def _steps(edge: str, by: int) -> list[int]:
    """How many rows or columns grow at a time."""
    most = {"bottom": by, "right": by, "left": PATCH, "top": 1}[edge]
    return [min(most, by - done) for done in range(0, by, most)]


def _patches(shape: Sequence[int], edge: str, width: int) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Of a grid [H, W] that has grown by `width`: windows of it, and in each what is written."""
    whole, (_, columns) = slice(None), shape
    if edge == "bottom":
        yield (whole, whole), (slice(-width, None), whole)
    elif edge == "right":
        yield (whole, whole), (whole, slice(-width, None))
    elif edge == "left":
        yield (whole, slice(width + NEAR)), (whole, slice(width))
    else:
        for left in range(0, columns, PATCH):
            first, right = max(0, left - NEAR), min(columns, left + PATCH)
            yield (slice(width + BELOW), slice(first, right)), (slice(width), slice(left - first, None))
