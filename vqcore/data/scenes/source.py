"""Scenes as a data set: `scenes:20000` is a source of pictures and texts like a folder, each rendered when it is looked at.

    scenes:COUNT              of 96 pixels a side, of everything
    scenes:COUNT:SIDE         of so many pixels
    scenes:COUNT:SIDE:KINDS   of some shapes, colors and floors only, and some numbers of things: red,blue,ball,cube,sand,1,2

What KINDS says nothing of is not restricted.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence

import numpy as np

from vqcore.data.scenes.captions import caption
from vqcore.data.scenes.composing import ALL, random_scene
from vqcore.data.scenes.rendering import render
from vqcore.data.scenes.scene import COLORS, FLOORS, HELD_OUT, MOST_THINGS, SHAPES, Kinds, Scene
from vqcore.files import shown

log = logging.getLogger(__name__)
SOURCE = re.compile(r"scenes:([1-9]\d{0,8})(?::([1-9]\d{0,3})(?::(\w+(?:,\w+)*))?)?")
SIDE = 96
STREAMS = {"train": 0, "val": 1}  # of random numbers, so that no scene is in both splits
TOLD_EVERY = 250
VERSION = 1  # of what the seeds give: another where the pictures change, so that no tokens of old ones are taken for new


class Renders(Sequence[np.ndarray]):
    """The pictures of a split, uint8 [side, side, 3] each; the same ones in every process.

    held_out: pairs (color, shape) that none of them has;  kinds: what they are made of.
    """

    def __init__(
        self, count: int, side: int = SIDE, split: str = "train", held_out: frozenset[tuple[str, str]] = HELD_OUT, kinds: Kinds = ALL
    ):
        kinds.check(held_out)
        self.length, self.side, self.split, self.held_out, self.kinds = count, side, split, held_out, kinds

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> np.ndarray:
        return render(self.scene(index), self.side)

    def __iter__(self) -> Iterator[np.ndarray]:
        for i in range(len(self)):
            if i % TOLD_EVERY == 0:
                log.info("%s of %s scenes rendered", f"{i:,}", f"{len(self):,}")
            yield self[i]

    def scene(self, index: int) -> Scene:
        if not 0 <= index < self.length:
            raise IndexError(index)
        return random_scene(np.random.default_rng((STREAMS[self.split], index)), self.held_out, self.kinds)

    def caption(self, index: int) -> str:
        return caption(self.scene(index), np.random.default_rng((STREAMS[self.split], index, 1)))

    def __str__(self) -> str:
        kinds = "" if self.kinds == ALL else f" {self.kinds}"
        return f"scenes:{self.length}:{self.side}{kinds} {self.split} {VERSION}"


def is_scenes(source: str | os.PathLike) -> bool:
    """Whether this is `scenes:COUNT`, `scenes:COUNT:SIDE` or `scenes:COUNT:SIDE:KINDS`."""
    return SOURCE.fullmatch(str(source)) is not None


def read_scenes(source: str | os.PathLike, split: str) -> Renders:
    """The pictures of `scenes:COUNT`, of 96 pixels a side, of `scenes:COUNT:SIDE`, or of `scenes:COUNT:SIDE:KINDS`."""
    match = SOURCE.fullmatch(str(source))
    if match is None:
        raise ValueError(f"Scenes are asked for as scenes:20000, scenes:20000:96 or scenes:20000:96:red,ball,1, not {str(source)[:80]!r}.")
    return Renders(int(match[1]), int(match[2] or SIDE), split, kinds=read_kinds(match[3].split(",") if match[3] else []))


def read_kinds(words: Sequence[str]) -> Kinds:
    """What these words restrict scenes to, in the order of the house. ValueError for a word that restricts nothing."""
    numbers = [str(count) for count in range(1, MOST_THINGS + 1)]
    if others := [word for word in words if word not in (*SHAPES, *COLORS, *FLOORS, *numbers)]:
        every = ", ".join((*SHAPES, *COLORS, *FLOORS, *numbers))
        raise ValueError(f"Scenes can’t be restricted to {shown(others[0])}, but to any of {every}.")
    some = lambda every: tuple(word for word in every if word in words) or tuple(every)
    return Kinds(some(SHAPES), some(COLORS), some(FLOORS), tuple(int(number) for number in some(numbers)))
