"""What a scene is: things with a shape, a colour, a size and a material at places on a floor.

The world has x to the right, y up and z away from the camera; the floor is y = 0. A thing's `scale` is half its height.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SHAPES = ("ball", "cube", "cylinder", "cone", "ring")
COLORS = ("red", "green", "blue", "yellow", "purple", "orange", "cyan", "white")
SIZES = ("small", "large")
MATERIALS = ("matte", "metal")
FLOORS = ("stone", "sand", "grass", "night")
MOST_THINGS = 3
RELATIONS = ("left of", "right of", "behind", "in front of", "on top of")
# Pairs that no training scene has, so that what a model makes of them tells whether it composes.
HELD_OUT = frozenset({
    ("purple", "cone"), ("yellow", "ring"), ("cyan", "cube"), ("white", "cylinder"), ("orange", "ball"), ("green", "cone"),
})

SCALES = {"small": (0.68, 0.74), "large": (1.10, 1.18)}
WIDTHS = {"ball": 1.0, "cube": 1.1, "cylinder": 0.8, "cone": 0.95, "ring": 1.0}  # half of it, for a scale of 1


@dataclass(frozen=True)
class Thing:
    """shape, color, size and material are words;  x, z: where it stands;  y: what it stands on, 0 for the floor;
    scale: half its height;  turn: about the vertical, in radians."""

    shape: str
    color: str
    size: str
    material: str
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    scale: float = 1.0
    turn: float = 0.0

    @property
    def half_width(self) -> float:
        return self.scale * WIDTHS[self.shape]


@dataclass(frozen=True)
class Scene:
    """Things on a floor."""

    things: tuple[Thing, ...]
    floor: str

    def relations(self) -> frozenset[tuple[int, str, int]]:
        """Everything that is plainly so: (i, relation, j) says that thing i is left of, behind, … thing j."""
        found = set()
        for i, a in enumerate(self.things):
            for j, b in enumerate(self.things):
                if i == j:
                    continue
                dx, dz = b.x - a.x, b.z - a.z
                if a.y > b.y and abs(a.y - b.y - 2 * b.scale) < 1e-6 and math.hypot(dx, dz) < 1e-6:
                    found.add((i, "on top of", j))
                elif a.y == b.y == 0:
                    if dx > 0.8 and dx > 0.7 * abs(dz):
                        found |= {(i, "left of", j), (j, "right of", i)}
                    if dz > 1.0 and dz > 0.9 * abs(dx):
                        found |= {(i, "in front of", j), (j, "behind", i)}
        return frozenset(found)


@dataclass(frozen=True)
class Kinds:
    """What random scenes are made of: some of the words of the house, and how many things a scene may have."""

    shapes: tuple[str, ...] = SHAPES
    colors: tuple[str, ...] = COLORS
    floors: tuple[str, ...] = FLOORS
    counts: tuple[int, ...] = tuple(range(1, MOST_THINGS + 1))

    def check(self, held_out: frozenset[tuple[str, str]]) -> None:
        """ValueError, in words, where nothing is left to make a scene of."""
        if not any((color, shape) not in held_out for color in self.colors for shape in self.shapes):
            raise ValueError("Every thing of these colors and shapes is one that no training scene has. Take another color or shape too.")


@dataclass(frozen=True)
class Wish:
    """What a sentence says of a scene; None where it leaves something open.

    things: (size, material, color, shape) of each;  relations: (i, relation, j) as in Scene.relations.
    """

    things: tuple[tuple[str | None, str | None, str | None, str | None], ...]
    relations: tuple[tuple[int, str, int], ...] = ()
    floor: str | None = None
