"""How likely each code is beside its neighbours, in whole numbers: what a token file's coder goes by.

A code is coded in two steps: its group, given the groups of the codes to the left of it and above it; then itself among
the group's members, given the wards of those two. Groups are parts of the codebook, and wards are parts of that coarser
yet, so that a context is met often enough to be counted. The counts come from the training pictures' tokens, smoothed
and rounded once, when the tables are made; from then on all arithmetic is on the stored whole numbers, so that every
machine agrees. A network can't promise that: its last bits differ from one processor to the next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

FILE = "tables.safetensors"
MOST_GROUPS, WARDS = 64, 4
TOTAL = 1 << 16  # what a row of weights adds up to, about
GROUP_TRUST, MEMBER_TRUST = 48, 96  # how many tokens a context has to have seen to weigh as much as its prior


@dataclass(frozen=True)
class Tables:
    """The weights of one level's codes; a share of a row's sum is a probability.

    group: of each code, uint8 [K];  ward: of each group, uint8 [G];  order: the codes, group by group, int32 [K];
    starts: where each group begins in `order`, and its end, int32 [G + 1];
    groups: uint16 [G + 1, G + 1, G], of each group beside (left, above); index G is the picture's edge;
    members: uint16 [W + 1, W + 1, K], of each code of `order` within its group, beside the wards (left, above); 0 for a code that is
    alone in its group, which costs nothing more (tables of old have a weight there too, and a bit is written for it).
    """

    group: np.ndarray
    ward: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    groups: np.ndarray
    members: np.ndarray

    def to_tensors(self) -> dict[str, Tensor]:
        return {name: torch.from_numpy(np.array(getattr(self, name))) for name in self.__dataclass_fields__}

    @staticmethod
    def from_tensors(tensors: Mapping[str, Tensor], codebook_size: int) -> Tables:
        """ValueError where they don't fit together or this codebook, so that no later step has to look again."""
        try:
            tables = Tables(**{name: tensors[name].numpy() for name in Tables.__dataclass_fields__})
            fits = tables._fit(codebook_size)
        except KeyError as missing:
            raise ValueError(f"The context tables lack {missing}.") from None
        except (TypeError, IndexError, ValueError):  # of tensors that aren't even of the right kind
            fits = False
        if not fits:
            raise ValueError("The context tables don't fit this codebook. Make them anew with python -m vqcore.tokenfile.")
        return tables

    def _fit(self, codebook_size: int) -> bool:
        count, wards = len(self.ward), int(self.ward.max(initial=0)) + 1
        shapes = {
            "group": (codebook_size,), "ward": (count,), "order": (codebook_size,), "starts": (count + 1,),
            "groups": (count + 1, count + 1, count), "members": (wards + 1, wards + 1, codebook_size),
        }
        fits = all(getattr(self, name).shape == shape for name, shape in shapes.items())
        if not fits or not _is_partition(self):
            return False
        among_others = np.delete(self.members, _alone(self.starts), axis=-1)
        return bool((self.groups >= 1).all() and (among_others >= 1).all())


def neighbours(shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """For each token in raster order the index of the one before it along the last axis, and along the axis before
    that; n, the number of tokens, where there is none. int64 [n] each."""
    n = math.prod(shape)
    index = np.arange(n).reshape(shape)
    left, above = np.full(shape, n), np.full(shape, n)
    left[..., 1:] = index[..., :-1]
    if len(shape) > 1:
        above[..., 1:, :] = index[..., :-1, :]
    return left.ravel(), above.ravel()


def make_tables(grids: Sequence[np.ndarray], codebook: np.ndarray) -> Tables:
    """Count how codes follow one another. grids: int, any shapes;  codebook: float [K, D]."""
    size = len(codebook)
    depth = min(int(math.log2(MOST_GROUPS)), -(-max(1, size - 1).bit_length() // 2))
    usage = sum((np.bincount(grid.ravel(), minlength=size) for grid in grids), np.zeros(size, np.int64))
    branch = _branches(codebook.astype(np.float64), usage + 0.3, depth)
    taken, group = np.unique(branch, return_inverse=True)
    ward = (taken >> max(0, depth - int(math.log2(WARDS)))).astype(np.uint8)
    count, edge = len(taken), int(ward.max()) + 1
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(count + 1))
    left, above, tokens = (np.concatenate(part) for part in zip(*(_context(grid, size) for grid in grids)))
    groups_of, wards_of = np.append(group, count), np.append(ward[group], edge).astype(np.int64)
    return Tables(
        group.astype(np.uint8), ward, order.astype(np.int32), starts.astype(np.int32),
        _group_weights(groups_of[left], groups_of[above], group[tokens], count),
        _member_weights(wards_of[left] * (edge + 1) + wards_of[above], tokens, usage + 0.3, order, starts, edge + 1),
    )


def _context(grid: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The codes to the left, above and here, of every token; `size` past the edge."""
    codes = np.append(grid.ravel(), size)
    left, above = neighbours(grid.shape)
    return codes[left], codes[above], grid.ravel()


def _branches(vectors: np.ndarray, weights: np.ndarray, depth: int) -> np.ndarray:
    """Halve the codes `depth` times, each part along its own principal axis at the median of use: int64 [K], whose
    leading bits tell the earlier halves."""
    branch = np.zeros(len(vectors), np.int64)
    parts = [np.arange(len(vectors))]
    for level in reversed(range(depth)):
        halves = []
        for part in parts:
            if len(part) < 2:
                halves.append(part)
                continue
            x, w = vectors[part], weights[part, None]
            x = x - (w * x).sum(0) / w.sum()
            along = x @ np.linalg.eigh(x.T @ (w * x))[1][:, -1]
            ranked = part[np.argsort(along, kind="stable")]
            share = np.cumsum(weights[ranked])
            middle = int(np.clip(np.searchsorted(share, share[-1] / 2) + 1, 1, len(part) - 1))
            branch[ranked[middle:]] += 1 << level
            halves += [ranked[:middle], ranked[middle:]]
        parts = halves
    return branch


def _group_weights(left: np.ndarray, above: np.ndarray, here: np.ndarray, count: int) -> np.ndarray:
    """p(group | left, above), leaning on p(g | left) p(g | above) / p(g) where the pair was seldom seen."""
    pairs = np.zeros((count + 1, count + 1, count))
    np.add.at(pairs, (left, above, here), 1)
    alone = pairs.sum((0, 1)) + 1
    alone /= alone.sum()
    beside = pairs.sum(1) + 8 * alone
    below = pairs.sum(0) + 8 * alone
    guess = beside[:, None] / beside.sum(1)[:, None, None] * below[None] / below.sum(1)[None, :, None] / alone
    guess /= guess.sum(-1, keepdims=True)
    return _whole(pairs + GROUP_TRUST * guess, np.array([0]))


def _member_weights(
    context: np.ndarray, here: np.ndarray, usage: np.ndarray, order: np.ndarray, starts: np.ndarray, sides: int
) -> np.ndarray:
    """p(code | group, wards), leaning on the code's share of its group."""
    counts = np.zeros((sides * sides, len(order)))
    np.add.at(counts, (context, here), 1)
    sums = np.add.reduceat(usage[order], starts[:-1])
    share = usage[order] / np.repeat(sums, np.diff(starts))
    weights = _whole(counts[:, order] + MEMBER_TRUST * share, starts[:-1])
    weights[:, _alone(starts)] = 0
    return weights.reshape(sides, sides, -1)


def _alone(starts: np.ndarray) -> np.ndarray:
    """Where in `order` the codes stand that are alone in their groups."""
    return starts[:-1][np.diff(starts) == 1]


def _whole(weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Weights [..., n] as uint16 of at least 1, each run that begins at `starts` adding up to about TOTAL."""
    sums = np.add.reduceat(weights, starts, axis=-1)
    lengths = np.diff(np.append(starts, weights.shape[-1]))
    return np.clip(np.rint(weights / np.repeat(sums, lengths, axis=-1) * TOTAL), 1, TOTAL - 1).astype(np.uint16)


def _is_partition(tables: Tables) -> bool:
    """Whether `order` and `starts` list every code once, within its group."""
    starts, order, group = tables.starts.astype(np.int64), tables.order, tables.group
    if starts[0] != 0 or starts[-1] != len(order) or (np.diff(starts) < 1).any():
        return False
    if not np.array_equal(np.sort(order), np.arange(len(order))):
        return False
    return np.array_equal(group[order], np.repeat(np.arange(len(tables.ward)), np.diff(starts)))
