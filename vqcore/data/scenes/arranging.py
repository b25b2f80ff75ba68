"""Scenes arranged by hand: a person says what each thing is and where it stands, and it stays where it can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vqcore.data.scenes.composing import FARTHEST, HALF_FRAME, NEAREST, TURNS
from vqcore.data.scenes.rendering import seen_shares
from vqcore.data.scenes.scene import COLORS, FLOORS, MATERIALS, MOST_THINGS, SCALES, SHAPES, SIZES, Scene, Thing


@dataclass(frozen=True)
class Placed:
    """A thing's words, where it stands on the floor, and the number of the thing that it stands on instead, if it does."""

    shape: str
    color: str
    size: str
    material: str
    x: float = 0.0
    z: float = 0.0
    on: int | None = None


def arrange(things: Sequence[Placed], floor: str) -> Scene:
    """The scene, each size at its middle, each thing moved to the nearest place in the frame.

    ValueError for words that no scene knows, for other than one to three things, and for a thing on one that itself stands on another.
    """
    if not 1 <= len(things) <= MOST_THINGS:
        raise ValueError(f"A scene has one to {MOST_THINGS} things, not {len(things)}.")
    for word, known in [(floor, FLOORS), *(pair for thing in things for pair in _words(thing))]:
        if word not in known:
            raise ValueError(f"“{str(word)[:80]}” is none of {', '.join(known)}.")
    for number, thing in enumerate(things):
        if thing.on is not None and (not 0 <= thing.on < len(things) or thing.on == number or things[thing.on].on is not None):
            raise ValueError("A thing stands on the floor, or on one that does.")
    standing = [_standing(thing) for thing in things]
    return Scene(tuple(thing if at is None else _upon(thing, standing[at]) for thing, at in zip(standing, (t.on for t in things))), floor)


def placed(scene: Scene) -> tuple[Placed, ...]:
    """The things of a scene as `arrange` takes them."""
    below = {i: j for i, relation, j in scene.relations() if relation == "on top of"}
    return tuple(
        Placed(thing.shape, thing.color, thing.size, thing.material, thing.x, thing.z, below.get(number))
        for number, thing in enumerate(scene.things)
    )


def _words(thing: Placed) -> list[tuple[str, tuple[str, ...]]]:
    return [(thing.shape, SHAPES), (thing.color, COLORS), (thing.size, SIZES), (thing.material, MATERIALS)]


def _standing(thing: Placed) -> Thing:
    scale, turn = float(np.mean(SCALES[thing.size])), float(np.mean(TURNS.get(thing.shape, (0.0,))))
    alone = Thing(thing.shape, thing.color, thing.size, thing.material, scale=scale, turn=turn)
    x, z = float(np.clip(thing.x, -HALF_FRAME, HALF_FRAME)), float(np.clip(thing.z, NEAREST, FARTHEST))
    while True:
        standing = replace(alone, x=x, z=z)
        if seen_shares(Scene((standing,), FLOORS[0]))[0] > 0 or abs(x) + abs(z) < 1e-3:
            return standing
        x, z = 0.95 * x, 0.95 * z


def _upon(thing: Thing, base: Thing) -> Thing:
    return replace(thing, x=base.x, z=base.z, y=base.y + 2 * base.scale)
