"""Scenes by chance, and those in which what is wished is so: each thing gets a place where it is seen and meets no other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vqcore.data.scenes.rendering import seen_shares
from vqcore.data.scenes.scene import FLOORS, HELD_OUT, MATERIALS, SCALES, SIZES, Kinds, Scene, Thing, Wish

HALF_FRAME = 3.0  # how far from the middle the picture reaches at z = 0
NEAREST, FARTHEST = -1.3, 1.9  # of z
APART = 0.12  # between two things on the floor, at least
TURNS = {"cube": (0.35, 1.2), "ring": (-0.6, 0.6)}  # so that a cube shows two sides, and a ring its hole
LEAST_SEEN = 0.45  # of the outline of each thing
TRIES = 2000
HOW_OFTEN = {1: 0.25, 2: 0.5, 3: 0.25}  # a scene has as many things
ALL = Kinds()


def random_wish(rng: np.random.Generator, held_out: frozenset[tuple[str, str]] = HELD_OUT, kinds: Kinds = ALL) -> Wish:
    """What a random scene shall have: nothing is left open but the places. One in four has things that are alike."""
    often = np.array([HOW_OFTEN[count] for count in kinds.counts])
    n = kinds.counts[rng.choice(len(often), p=often / often.sum())]
    things = [_random_thing(rng, held_out, kinds) for _ in range(n)]
    if n > 1 and rng.random() < 0.25:
        alike = n if rng.random() < 0.75 else n - 1
        *_, shape = things[0]
        same = [rng.random() < p for p in (0.6, 0.6, 0.75)]
        for i in range(1, alike):
            for _ in range(TRIES):
                both = zip(same, things[0], _random_thing(rng, held_out, kinds))
                size, material, color = (kept if keep else own for keep, kept, own in both)
                if (color, shape) not in held_out:
                    things[i] = size, material, color, shape
                    break
    relations = ()
    if n > 1:
        kind = rng.choice(("beside", "depth", "stack", "open"), p=(0.3, 0.25, 0.25, 0.2))
        i, j = (int(k) for k in rng.permutation(n)[:2])
        relation = {"beside": "left of", "depth": "behind", "stack": "on top of"}.get(str(kind))
        relations = ((i, relation, j),) if relation else ()
    return Wish(tuple(things), relations, str(rng.choice(kinds.floors)))


def random_scene(rng: np.random.Generator, held_out: frozenset[tuple[str, str]] = HELD_OUT, kinds: Kinds = ALL) -> Scene:
    """A scene to train on: none of the pairs (color, shape) that are held out."""
    while True:
        try:
            return compose(random_wish(rng, held_out, kinds), rng, held_out)
        except ValueError:  # these things don't fit beside one another: others
            continue


def compose(wish: Wish, rng: np.random.Generator, held_out: frozenset[tuple[str, str]] = frozenset()) -> Scene:
    """A random scene in which all that is wished is so; ValueError if none is found.

    held_out: pairs (color, shape) that are not to be taken for what the wish leaves open.
    """
    looks = [_completed(thing, rng, held_out) for thing in wish.things]
    floor = wish.floor or str(rng.choice(FLOORS))
    for _ in range(TRIES):
        things = _placed([_sized(look, rng) for look in looks], wish.relations, rng)
        if things is None:
            continue
        scene = Scene(things, floor)
        if set(wish.relations) <= scene.relations() and min(seen_shares(scene)) >= LEAST_SEEN:
            return scene
    raise ValueError("These things don't fit side by side into one picture. Ask for fewer or smaller ones.")


def _random_thing(rng: np.random.Generator, held_out: frozenset[tuple[str, str]], kinds: Kinds) -> tuple[str, str, str, str]:
    return _completed((None, None, None, None), rng, held_out, kinds)


def _completed(
    thing: Sequence[str | None], rng: np.random.Generator, held_out: frozenset[tuple[str, str]], kinds: Kinds = ALL
) -> tuple[str, str, str, str]:
    size, material, color, shape = thing
    while True:
        c, s = color or str(rng.choice(kinds.colors)), shape or str(rng.choice(kinds.shapes))
        if (c, s) not in held_out or (color and shape):
            return size or str(rng.choice(SIZES)), material or str(rng.choice(MATERIALS)), c, s


def _sized(look: tuple[str, str, str, str], rng: np.random.Generator) -> Thing:
    size, material, color, shape = look
    turn = rng.uniform(*TURNS.get(shape, (0.0, 0.0)))
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
