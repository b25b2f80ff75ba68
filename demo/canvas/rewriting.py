"""What a prior makes of the picture on the canvas: where it is surprised, and what it would have written instead."""

from collections.abc import Sequence

import torch
from torch import Tensor

from demo.kit.writing import Settings
from demo.workers import writers
from vqcore.priors.base import Condition, Prior, Written

PARTICLES = 32
WINDOWS_AT_ONCE = 4
MOST_COLUMNS = 1024


def band_shape(prior: Prior, columns: int) -> tuple[int, int]:
    """(rows, columns) of a band that the prior can judge: as many rows as its own grid has, and at least as many columns."""
    if len(prior.layout.grids) != 1:
        raise ValueError(f"{prior.name} writes {len(prior.layout.grids)} levels of tokens; this works on one.")
    rows, width = prior.layout.grids[0].shape
    if not width <= columns <= MOST_COLUMNS:
        raise ValueError(f"The prior judges windows of {rows} × {width} tokens, and this has {columns} columns.")
    return rows, columns


def judge_band(prior: Prior, band: Tensor, condition: Condition) -> Tensor:
    """−log₂ p of each token of a band, int64 [rows, columns] → float32 of that shape.

    It is judged in windows that overlap by half; each token takes its bits from the window in which it is farthest from
    the sides.
    """
    columns, width = band.shape[1], prior.layout.grids[0].shape[1]
    lefts = sorted({*range(0, columns - width, max(1, width // 2)), columns - width})
    parts = []
    for part in torch.tensor(lefts).split(WINDOWS_AT_ONCE):
        writers.pass_on()
        windows = torch.stack([band[:, left : left + width] for left in part.tolist()])
        parts.append(prior.bits([windows], condition)[0])
    bits, middles = torch.cat(parts), torch.tensor(lefts) + (width - 1) / 2
    nearest = (torch.arange(columns)[:, None] - middles).abs().argmin(1)
    offsets = torch.arange(columns) - torch.tensor(lefts)[nearest]
    return bits[nearest, :, offsets].T


def rewrite(prior: Prior, grids: Sequence[Tensor], mask: Sequence[Tensor], settings: Settings) -> list[Tensor]:
    """The masked tokens (True in `mask`, bool grids [1, *S']) written anew, given all the others: see Prior.complete."""

    def hear(_: Written) -> None:
        writers.pass_on()

    return prior.complete(grids, mask, particles=PARTICLES, on_token=hear, **vars(settings))
