"""What a scene is: things with a shape, a colour, a size and a material at places on a floor; and random ones.

The world has x to the right, y up and z away from the camera; the floor is y = 0. A thing's `scale` is half its height.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

SHAPES = ("ball", "cube", "cylinder", "cone", "ring")
COLORS = ("red", "green", "blue", "yellow", "purple", "orange", "cyan", "white")
SIZES = ("small", "large")
MATERIALS = ("matte", "metal")
FLOORS = ("stone", "sand", "grass", "night")
RELATIONS = ("left of", "right of", "behind", "in front of", "on top of")
# Pairs that no training scene has, so that what a model makes of them tells whether it composes.
HELD_OUT = frozenset({
    ("purple", "cone"), ("yellow", "ring"), ("cyan", "cube"), ("white", "cylinder"), ("orange", "ball"), ("green", "cone"),
})

SCALES = {"small": (0.54, 0.60), "large": (1.08, 1.15)}
WIDTHS = {"ball": 1.0, "cube": 1.1, "cylinder": 0.8, "cone": 0.95, "ring": 1.0}  # half of it, for a scale of 1
HALF_FRAME = 3.0  # how far from the middle the picture reaches at z = 0
NEAREST, FARTHEST = -1.3, 1.9  # of z
APART = 0.12  # between two things on the floor, at least
LEAST_SEEN = 0.45  # of the outline of each thing
TRIES = 2000


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
    """Things, the farthest first, on a floor;  light: where it comes from, in radians about the vertical."""

    things: tuple[Thing, ...]
    floor: str
    light: float = 0.0

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
class Wish:
    """What a sentence says of a scene; None where it leaves something open.

    things: (size, material, color, shape) of each;  relations: (i, relation, j) as in Scene.relations.
    """

    things: tuple[tuple[str | None, str | None, str | None, str | None], ...]
    relations: tuple[tuple[int, str, int], ...] = ()
    floor: str | None = None


def random_wish(rng: np.random.Generator, held_out: frozenset[tuple[str, str]] = HELD_OUT) -> Wish:
    """What a random scene shall have: nothing is left open but the places. One in four has things that are alike."""
    n = int(rng.choice(3, p=(0.25, 0.5, 0.25))) + 1
    things = [_random_thing(rng, held_out) for _ in range(n)]
    if n > 1 and rng.random() < 0.25:
        alike = n if rng.random() < 0.75 else n - 1
        size, material, color, shape = things[0]
        same = [rng.random() < p for p in (0.6, 0.6, 0.75)]
        for i in range(1, alike):
            for _ in range(TRIES):
                other = _random_thing(rng, held_out)
                other = tuple(kept if keep else own for keep, kept, own in zip(same, (size, material, color), other)) + (shape,)
                if (other[2], shape) not in held_out:
                    things[i] = other
                    break
    relations = ()
    if n > 1:
        kind = rng.choice(("beside", "depth", "stack", "open"), p=(0.3, 0.25, 0.25, 0.2))
        i, j = (int(k) for k in rng.permutation(n)[:2])
        relation = {"beside": "left of", "depth": "behind", "stack": "on top of"}.get(str(kind))
        relations = ((i, relation, j),) if relation else ()
    return Wish(tuple(things), relations, str(rng.choice(FLOORS)))


def random_scene(rng: np.random.Generator, held_out: frozenset[tuple[str, str]] = HELD_OUT) -> Scene:
    """A scene to train on: none of the pairs (color, shape) that are held out."""
    while True:
        try:
            return compose(random_wish(rng, held_out), rng, held_out)
        except ValueError:  # so many things of these sizes don't fit: another one
            continue


def compose(wish: Wish, rng: np.random.Generator, held_out: frozenset[tuple[str, str]] = frozenset()) -> Scene:
    """A random scene in which all that is wished is so; ValueError if none is found.

    held_out: pairs (color, shape) that are not to be taken for what the wish leaves open.
    """
    from vqcore.data.scenes.rendering import seen_shares

    looks = [_completed(thing, rng, held_out) for thing in wish.things]
    floor = wish.floor or str(rng.choice(FLOORS))
    for _ in range(TRIES):
        things = _placed([_sized(look, rng) for look in looks], wish.relations, rng)
        if things is None:
            continue
        scene = Scene(things, floor, float(rng.uniform(-0.5, 0.5)))
        if set(wish.relations) <= scene.relations() and min(seen_shares(scene)) >= LEAST_SEEN:
            return scene
    raise ValueError("These things don't fit side by side into one picture. Ask for fewer or smaller ones.")


def _random_thing(rng: np.random.Generator, held_out: frozenset[tuple[str, str]]) -> tuple[str, str, str, str]:
    return _completed((None, None, None, None), rng, held_out)


def _completed(thing: Sequence[str | None], rng: np.random.Generator, held_out: frozenset[tuple[str, str]]) -> tuple[str, str, str, str]:
    size, material, color, shape = thing
    while True:
        c, s = color or str(rng.choice(COLORS)), shape or str(rng.choice(SHAPES))
        if (c, s) not in held_out or (color and shape):
            return size or str(rng.choice(SIZES)), material or str(rng.choice(MATERIALS)), c, s


def _sized(look: tuple[str, str, str, str], rng: np.random.Generator) -> Thing:
    size, material, color, shape = look
    turn = rng.uniform(-0.6, 0.6) if shape == "ring" else rng.uniform(0, math.pi / 2)
    return Thing(shape, color, size, material, scale=float(rng.uniform(*SCALES[size])), turn=float(turn))


def _placed(things: list[Thing], relations: Sequence[tuple[int, str, int]], rng: np.random.Generator) -> tuple[Thing, ...] | None:
    """One try to give each thing a place: None where two meet, or one leaves the frame."""
    below = {i: j for i, relation, j in relations if relation == "on top of"}
    near = {i: (j, relation) for i, relation, j in relations if relation in ("behind", "in front of")}
    placed: dict[int, Thing] = {}
    for i in sorted(range(len(things)), key=lambda i: (i in below, i in near)):
        thing = things[i]
        if i in below:
            base = placed.get(below[i])
            if base is None:
                return None
            placed[i] = replace(thing, x=base.x, z=base.z, y=base.y + 2 * base.scale)
            if placed[i].y + 2 * thing.scale > 4.6:
                return None
            continue
        z = rng.uniform(NEAREST, FARTHEST)
        room = HALF_FRAME * (1 + 0.045 * z) - thing.half_width
        x = rng.uniform(-room, room)
        if i in near and near[i][0] in placed:
            other, relation = placed[near[i][0]], near[i][1]
            x = np.clip(other.x + rng.uniform(-1.3, 1.3), -room, room)
            z = other.z + (1 if relation == "behind" else -1) * rng.uniform(1.1, 2.4)
            if not NEAREST - 0.2 <= z <= FARTHEST + 0.3:
                return None
        placed[i] = replace(thing, x=float(x), z=float(z))
        for j, other in placed.items():
            if j != i and other.y == 0 and math.hypot(x - other.x, z - other.z) < thing.half_width + other.half_width + APART:
                return None
    return tuple(placed[i] for i in range(len(things)))
