"""What a prior makes of the picture on the canvas: where it is surprised, and what it would have written instead."""

from collections.abc import Sequence

import torch
from torch import Tensor

from demo.kit.writing import Settings
from demo.workers import writers
from vqcore.priors.base import Condition, Prior, Written
from vqcore.priors.extending import extend as extended

PARTICLES, FEWER = 32, 8
"""Candidates that are weighed; and where a prior of any size writes, which sees what is near alone."""
WINDOWS_AT_ONCE = 4
MOST_COLUMNS = 1024
MOST_EXTENDED = 64  # tokens


def band_shapes(prior: Prior, columns: int) -> list[tuple[int, int]]:
    """(rows, columns) of each level of a band that the prior can judge: as many rows as its own grids have, and at least as many
    columns, of which the coarsest level has `columns`."""
    rows, width = prior.layout.grids[0].shape
    if not width <= columns <= MOST_COLUMNS:
        raise ValueError(f"The prior judges windows of {rows} × {width} tokens, and this has {columns} columns.")
    return [(rows * scale, columns * scale) for scale in _scales(prior)]


def judge_band(prior: Prior, band: Sequence[Tensor], condition: Condition) -> list[Tensor]:
    """−log₂ p of each token of a band, int64 [rows, columns] a level → float32 of those shapes.

    It is judged in windows that overlap by half; each token takes its bits from the window in which it is farthest from
    the sides.
    """
    columns, width = band[0].shape[1], prior.layout.grids[0].shape[1]
    lefts = sorted({*range(0, columns - width, max(1, width // 2)), columns - width})
    parts, scales = [], _scales(prior)
    for part in torch.tensor(lefts).split(WINDOWS_AT_ONCE):
        writers.pass_on()
        windows = [
            torch.stack([level[:, left * scale : (left + width) * scale] for left in part.tolist()])
            for level, scale in zip(band, scales, strict=True)
        ]
        parts.append(prior.bits(windows, condition))
    nearest = (torch.arange(columns)[:, None] - torch.tensor(lefts) - (width - 1) / 2).abs().argmin(1)
    joined = []
    for bits, scale in zip(map(torch.cat, zip(*parts)), scales):
        window = nearest.repeat_interleave(scale)
        joined.append(bits[window, :, torch.arange(len(window)) - torch.tensor(lefts)[window] * scale].T)
    return joined


def rewrite(prior: Prior, grids: Sequence[Tensor], mask: Sequence[Tensor], settings: Settings) -> list[Tensor]:
    """The masked tokens (True in `mask`, bool grids [1, *S']) written anew, given all the others: see Prior.complete."""
    particles = FEWER if prior.any_size else PARTICLES
    return prior.complete(grids, mask, particles=particles, on_token=_hear, **vars(settings))


def extend(prior: Prior, grids: Sequence[Tensor], edge: str, by: int, settings: Settings) -> list[Tensor]:
    """Grids with `by` rows or columns more past an edge: see vqcore.priors.extending."""
    if not 1 <= by <= MOST_EXTENDED:
        raise ValueError(f"Extend by 1 to {MOST_EXTENDED} tokens at a time.")
    how = {name: value for name, value in vars(settings).items() if name not in ("condition", "guidance")}
    return extended(prior, grids, edge, by, on_token=_hear, **how)


def _hear(_: Written) -> None:
    writers.pass_on()


def _scales(prior: Prior) -> list[int]:
    """How many tokens of each level lie along one of the coarsest."""
    return [grid.shape[1] // prior.layout.grids[0].shape[1] for grid in prior.layout.grids]
