"""Scenes as a data set: `scenes:20000` is a source of pictures and texts like a folder, each rendered when it is looked at."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import numpy as np

from vqcore.data.scenes.captions import caption
from vqcore.data.scenes.composing import random_scene
from vqcore.data.scenes.rendering import render
from vqcore.data.scenes.scene import HELD_OUT, Scene

SOURCE = re.compile(r"scenes:([1-9]\d{0,8})(?::([1-9]\d{0,3}))?")
SIDE = 96
STREAMS = {"train": 0, "val": 1}  # of random numbers, so that no scene is in both splits
VERSION = 1  # of what the seeds give: another where the pictures change, so that no tokens of old ones are taken for new


class Renders(Sequence[np.ndarray]):
    """The pictures of a split, uint8 [side, side, 3] each; the same ones in every process.

    held_out: pairs (color, shape) that none of them has.
    """

    def __init__(self, count: int, side: int = SIDE, split: str = "train", held_out: frozenset[tuple[str, str]] = HELD_OUT):
        self.length, self.side, self.split, self.held_out = count, side, split, held_out

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> np.ndarray:
        return render(self.scene(index), self.side)

    def scene(self, index: int) -> Scene:
        if not 0 <= index < self.length:
            raise IndexError(index)
        return random_scene(np.random.default_rng((STREAMS[self.split], index)), self.held_out)

    def caption(self, index: int) -> str:
        return caption(self.scene(index), np.random.default_rng((STREAMS[self.split], index, 1)))

    def __str__(self) -> str:
        return f"scenes:{self.length}:{self.side} {self.split} {VERSION}"


def is_scenes(source: str | os.PathLike) -> bool:
    """Whether this is `scenes:COUNT` or `scenes:COUNT:SIDE`."""
    return SOURCE.fullmatch(str(source)) is not None


def read_scenes(source: str | os.PathLike, split: str) -> Renders:
    """The pictures of `scenes:COUNT`, of 96 pixels a side, or of `scenes:COUNT:SIDE`."""
    match = SOURCE.fullmatch(str(source))
    if match is None:
        raise ValueError(f"Scenes are asked for as scenes:20000 or scenes:20000:96, not {str(source)[:80]!r}.")
    return Renders(int(match[1]), int(match[2] or SIDE), split)
