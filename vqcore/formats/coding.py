"""Grids of tokens as bytes: packed, or range-coded under tables of how codes follow one another (see tokenizers.tables)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import constriction
import numpy as np

from vqcore.tokenizers.base import Level
from vqcore.tokenizers.tables import Tables, neighbours

stream: Any = constriction.stream  # pyright: ignore[reportAttributeAccessIssue]  compiled, and without stubs


def damaged() -> ValueError:
    return ValueError("This token file is cut short or damaged. Copy it again from where it came from.")


def _width(level: Level) -> int:
    """Bits that hold any of its codes."""
    return (level.codebook_size - 1).bit_length()


def pack(grids: Sequence[np.ndarray], levels: Sequence[Level]) -> bytes:
    """Each token in as many bits as its codebook needs, grid after grid. grids: int, coarse to fine."""
    bits = [(grid.reshape(-1, 1) >> np.arange(_width(level))[::-1] & 1).ravel() for grid, level in zip(grids, levels)]
    return np.packbits(np.concatenate(bits).astype(np.uint8)).tobytes()


def unpack(payload: bytes, shapes: Sequence[tuple[int, ...]], levels: Sequence[Level]) -> list[np.ndarray]:
    """The inverse, int64 grids of these shapes. ValueError for bytes that `pack` doesn't write."""
    lengths = [math.prod(shape) * _width(level) for shape, level in zip(shapes, levels)]
    if len(payload) != -(-sum(lengths) // 8):
        raise damaged()
    bits = np.unpackbits(np.frombuffer(payload, np.uint8))
    grids = []
    for part, shape, level in zip(np.split(bits, np.cumsum(lengths)), shapes, levels):
        grid = part.reshape(*shape, _width(level)) @ (1 << np.arange(_width(level))[::-1])
        if grid.max(initial=0) >= level.codebook_size:
            raise damaged()
        grids.append(grid)
    return grids


def encode(grids: Sequence[np.ndarray], tables: Sequence[Tables]) -> bytes:
    """Each token by range coding (arithmetic coding) under its level's tables, as 32-bit words, little-endian."""
    coder = stream.queue.RangeEncoder()
    for grid, level in zip(grids, tables):
        models, place = _Models(level), np.argsort(level.order)
        tokens = grid.ravel()
        left, above = neighbours(grid.shape)
        groups = np.append(level.group[tokens], len(level.ward)).astype(np.int64)
        members = place[tokens] - level.starts[groups[:-1]]
        for group, member, a, b in zip(groups[:-1].tolist(), members.tolist(), groups[left].tolist(), groups[above].tolist()):
            coder.encode(group, models.of_group(a, b))
            if (model := models.of_member(a, b, group)) is not None:
                coder.encode(member, model)
    return coder.get_compressed().astype("<u4").tobytes()


def decode(payload: bytes, shapes: Sequence[tuple[int, ...]], tables: Sequence[Tables]) -> list[np.ndarray]:
    """The inverse, int64 grids of these shapes. ValueError for words that no encoder writes."""
    if len(payload) % 4:
        raise damaged()
    coder = stream.queue.RangeDecoder(np.frombuffer(payload, "<u4").astype(np.uint32))
    grids = []
    for shape, level in zip(shapes, tables):
        models, starts = _Models(level), level.starts.tolist()
        left, above = (part.tolist() for part in neighbours(shape))
        groups, places = [len(level.ward)] * (len(left) + 1), np.empty(len(left), np.int64)
        try:
            for i in range(len(left)):
                a, b = groups[left[i]], groups[above[i]]
                groups[i] = coder.decode(models.of_group(a, b))
                model = models.of_member(a, b, groups[i])
                places[i] = starts[groups[i]] + (0 if model is None else coder.decode(model))
            grids.append(level.order[places].reshape(shape))
        except (AssertionError, ValueError, IndexError):  # the coder has met words that no encoder writes
            raise damaged() from None
    return grids


class _Models:
    """The coder's models of one level, made when their context is first met."""

    def __init__(self, tables: Tables):
        self.groups, self.members = tables.groups.astype(np.float32), tables.members.astype(np.float32)
        self.wards, self.starts = [*tables.ward.tolist(), tables.members.shape[0] - 1], tables.starts.tolist()
        self.made = {}

    def of_group(self, left: int, above: int):
        """Over all groups, beside these two."""
        key = left, above
        if key not in self.made:
            self.made[key] = _model(self.groups[left, above])
        return self.made[key]

    def of_member(self, left: int, above: int, group: int):
        """Over the members of a group, beside codes of these two; None where the group has one only."""
        key = self.wards[left], self.wards[above], group
        if key not in self.made:
            weights = self.members[key[0], key[1], self.starts[group] : self.starts[group + 1]]
            self.made[key] = _model(weights) if weights.any() else None
        return self.made[key]


def _model(weights: np.ndarray):
    """Weights are whole numbers that add up to about 2¹⁶: exact in float32, so that every machine makes the same model."""
    if len(weights) == 1:
        weights = np.append(weights, weights)  # the coder wants two; the second is never written, and the first costs a bit
    return stream.model.Categorical(weights, perfect=False)
