"""Sentences of GenEval's tasks (2310.11513), and whether things that were read in a picture are what a sentence says.

Pairs of colour and shape that training never showed are asked for apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vqcore.data.scenes.captions import sentence
from vqcore.data.scenes.reader import Found
from vqcore.data.scenes.scene import COLORS, FLOORS, HELD_OUT, MATERIALS, RELATIONS, SHAPES, SIZES, Scene, Wish

SLACK = 0.35  # of a unit of the world: how much less plainly than in a caption a relation may hold in what is read
SUPPORT = 0.7  # of a unit: how far the middles of two things on top of one another may be apart


@dataclass(frozen=True)
class Prompt:
    """A sentence, and what has to be in its picture.

    task: GenEval's;  counted: whether there may be no more things than that.
    """

    task: str
    text: str
    wish: Wish
    counted: bool = False


TASKS = ("single object", "two objects", "counting", "colors", "position", "color binding")


def prompts(task: str, held_out: bool, count: int, rng: np.random.Generator) -> list[Prompt]:
    """Different sentences of a task; with at least one pair of colour and shape in each that training never showed, or none."""
    found: dict[str, Prompt] = {}
    while len(found) < count:
        prompt = _prompt(task, held_out, rng)
        found[prompt.text] = prompt
    return list(found.values())


def _prompt(task: str, held_out: bool, rng: np.random.Generator) -> Prompt:
    number = {"single object": 1, "two objects": 2, "counting": int(rng.integers(2, 4)), "colors": 1}.get(task, 2)
    colored = held_out or task not in ("single object", "two objects")
    while True:
        looks = [_look(colored, rng)] * number if task == "counting" else [_look(colored, rng) for _ in range(number)]
        pairs = {(color, shape) for _, _, color, shape in looks}
        if bool(pairs & HELD_OUT) != held_out:
            continue
        if number == 2 and task != "counting" and (looks[0][3] == looks[1][3] or (colored and looks[0][2] == looks[1][2])):
            continue
        break
    relations = ((0, str(rng.choice(RELATIONS)), 1),) if task == "position" else ()
    wish = Wish(tuple(looks), relations, str(rng.choice(FLOORS)) if rng.random() < 0.6 else None)
    return Prompt(task, sentence(wish), wish, task == "counting")


def _look(colored: bool, rng: np.random.Generator) -> tuple[str | None, str | None, str | None, str | None]:
    size = str(rng.choice(SIZES)) if rng.random() < 0.4 else None
    material = str(rng.choice(MATERIALS)) if rng.random() < 0.3 else None
    return size, material, str(rng.choice(COLORS)) if colored else None, str(rng.choice(SHAPES))


def shows(found: Sequence[Found], prompt: Prompt) -> bool:
    """Whether things that were read in a picture can be those that the sentence speaks of: each another one, of the shape and the
    colour that are said, and standing as is said. Sizes and materials are no task of GenEval's, and are read but not asked for."""
    wished = prompt.wish.things
    if len(found) < len(wished) or (prompt.counted and len(found) != len(wished)):
        return False
    for chosen in itertools.permutations(found, len(wished)):
        fits = all(color in (None, thing.color) and shape in (None, thing.shape) for (_, _, color, shape), thing in zip(wished, chosen))
        if fits and all(holds(chosen[i], relation, chosen[j]) for i, relation, j in prompt.wish.relations):
            return True
    return False


def things_of(scene: Scene) -> list[Found]:
    """What a reader that never errs reads."""
    return [Found(thing.shape, thing.color, thing.size, thing.material, thing.x, thing.y, thing.z) for thing in scene.things]


def holds(a: Found, relation: str, b: Found) -> bool:
    """Whether a stands so, seen from b: the rules of data.scenes.Scene, with some slack."""
    dx, dz = b.x - a.x, b.z - a.z
    if relation == "on top of":
        return a.y > b.y + SUPPORT and max(abs(dx), abs(dz)) < SUPPORT
    if relation in ("right of", "behind"):
        dx, dz = -dx, -dz
    if relation in ("left of", "right of"):
        return dx > 0.8 - SLACK and dx > 0.7 * abs(dz) - SLACK
    return dz > 1.0 - SLACK and dz > 0.9 * abs(dx) - SLACK


def examination(task: str, held_out: bool, count: int) -> list[Prompt]:
    """The sentences that a prior is measured on; no training asks for one of them."""
    return prompts(task, held_out, count, np.random.default_rng((7, TASKS.index(task), held_out)))


def claims(found: Sequence[Found], floor: str, prompt: Prompt) -> float:
    """The share of what a sentence says that is true of what was read, with its things found among those as well as can be: each word
    of each thing, each relation, the floor, and that there is nothing else."""
    wished, relations = prompt.wish.things, prompt.wish.relations
    said = sum(word is not None for thing in wished for word in thing) + len(relations) + (prompt.wish.floor is not None) + 1
    most = 0
    for chosen in itertools.permutations([*found, *[None] * len(wished)], len(wished)):
        pairs = [(words, (thing.size, thing.material, thing.color, thing.shape)) for words, thing in zip(wished, chosen) if thing]
        true = sum(word is not None and word == read for words, looks in pairs for word, read in zip(words, looks))
        for i, relation, j in relations:
            a, b = chosen[i], chosen[j]
            true += a is not None and b is not None and holds(a, relation, b)
        most = max(most, true)
    return (most + (prompt.wish.floor == floor) + (len(found) == len(wished))) / said
