"""Sentences that are true of a scene, as people would type them.

    [count] [size] [material] [color] shape      [relation …]      [floor]

Anything but the things themselves may be left unsaid, adjectives come in any order, and things that are said to be
alike are counted. All things of a scene are said, so that a sentence also says how many there are.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

import numpy as np

from vqcore.data.scenes.scene import COLORS, Scene, Thing, Wish

# Every word of the house with the words that mean the same, the usual one first, and how often each is taken.
SAME = {
    "ball": ("ball", "sphere"), "cube": ("cube", "box"), "cylinder": ("cylinder", "can"), "cone": ("cone",), "ring": ("ring", "torus"),
    "small": ("small", "little", "tiny"), "large": ("large", "big"), "metal": ("metal", "shiny"), "matte": ("matte", "dull"),
    "purple": ("purple", "violet"),
    "left of": ("left of", "to the left of", "on the left of"), "right of": ("right of", "to the right of", "on the right of"),
    "behind": ("behind",), "in front of": ("in front of", "before"), "on top of": ("on top of", "on", "standing on"),
    "under": ("under", "below"), "beside": ("next to", "beside", "by"),
    "stone": ("on stone", "on grey stone", "on a stone floor"), "sand": ("on sand", "on the sand", "in the sand"),
    "grass": ("on grass", "on the grass", "in the grass"), "night": ("at night", "in the night", "by night"),
}
USUAL = 0.8  # of the time the first of them
PLAINLY = 0.5  # of the time as `sentence` has it: by those a model learns which color is whose
RELATED, SIZED, MADE, FLOORED = 0.7, 0.4, 0.3, 0.6  # of the time that is said then
ANYTHING = ("thing", "object", "shape")
NUMBERS = {1: ("a", "a", "a", "one", ""), 2: ("two", "two", "2"), 3: ("three", "three", "3")}
PLURALS = {"torus": "toruses", "box": "boxes"}
JOINTS = (" and ", ", ", " with ")
FILLERS = ("an", "there is", "a picture of", "the", "it", "that is", "and", "of")


@dataclass(frozen=True)
class _Said:
    """What is said of a thing: the house's words, None for what is not."""

    size: str | None
    material: str | None
    color: str | None
    shape: str | None


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """One of the many sentences that are true of the scene, and name all that is in it."""
    return sentence(_plain_wish(scene, rng)) if rng.random() < PLAINLY else _freely(scene, rng)


def _plain_wish(scene: Scene, rng: np.random.Generator) -> Wish:
    """All things with color and shape, from left to right and from top to bottom; of two, often how one stands to the other."""
    order = sorted(range(len(scene.things)), key=lambda i: (round(scene.things[i].x, 3), -scene.things[i].y))
    relations: tuple[tuple[int, str, int], ...] = ()
    true = sorted(scene.relations()) if len(order) == 2 else []
    if true and rng.random() < RELATED:
        i, relation, j = true[rng.integers(len(true))]
        order, relations = [i, j], ((0, relation, 1),)
    looks = []
    for thing in (scene.things[i] for i in order):
        size, material = (said if rng.random() < p else None for said, p in ((thing.size, SIZED), (thing.material, MADE)))
        looks.append((size, material, thing.color, thing.shape))
    return Wish(tuple(looks), relations, scene.floor if rng.random() < FLOORED else None)


def _freely(scene: Scene, rng: np.random.Generator) -> str:
    groups = _groups(scene, rng)
    relations = scene.relations()
    phrases = [_phrase(said, len(members), rng) for said, members in groups]
    linked = _linked([members for _, members in groups], phrases, relations, rng)
    if rng.random() < 0.04:
        linked = str(rng.choice(("there is ", "a picture of "))) + linked
    if rng.random() < 0.5:
        floor = _word(scene.floor, rng)
        linked = f"{floor}, {linked}" if rng.random() < 0.15 else f"{linked} {floor}"
    return re.sub(r"\ba (?=[aeiou])", "an ", linked)


def sentence(wish: Wish) -> str:
    """The plainest sentence that says a wish: `two red balls on sand`, `a small cube left of a metal ring`."""
    if len(set(wish.things)) == 1 and len(wish.things) > 1:
        phrase = _plainly(wish.things[0], NUMBERS[len(wish.things)][0])
    else:
        phrases = [_plainly(thing, "a") for thing in wish.things]
        phrase = f" {wish.relations[0][1]} ".join(phrases) if wish.relations else ", ".join([*phrases[:-2], " and ".join(phrases[-2:])])
    floor = f" {SAME[wish.floor][0]}" if wish.floor else ""
    return re.sub(r"\ba (?=[aeiou])", "an ", phrase + floor)


def _plainly(thing: tuple[str | None, str | None, str | None, str | None], number: str) -> str:
    size, material, color, shape = thing
    noun = shape or ANYTHING[0]
    return " ".join(word for word in (number, size, material, color, noun if number == "a" else PLURALS.get(noun, noun + "s")) if word)


def _groups(scene: Scene, rng: np.random.Generator) -> list[tuple[_Said, list[int]]]:
    """Things by what is said of them, in random order: those of which the same is said stand together."""
    often = {name: float(rng.choice((0.0, 0.5, 1.0), p=p)) for name, p in (("size", (0.5, 0.25, 0.25)), ("material", (0.55, 0.2, 0.25)))}
    color, shape = 1.0 if rng.random() < 0.88 else 0.5, 1.0 if rng.random() < 0.92 else 0.5
    groups: dict[tuple, list[int]] = {}
    for index in rng.permutation(len(scene.things)):
        said = _said(scene.things[index], {**often, "color": color, "shape": shape}, rng)
        groups.setdefault(astuple(said), []).append(int(index))
    return [(_Said(*said), members) for said, members in groups.items()]


def _said(thing: Thing, often: dict[str, float], rng: np.random.Generator) -> _Said:
    said = {name: getattr(thing, name) if rng.random() < p else None for name, p in often.items()}
    if said["color"] is None and said["shape"] is None:
        said["shape"] = thing.shape
    return _Said(**said)


def _phrase(said: _Said, count: int, rng: np.random.Generator) -> str:
    """`two small red balls`, `a ball that is red`, …"""
    adjectives = [_word(word, rng) for word in (said.size, said.material, said.color) if word]
    if rng.random() < 0.3:
        rng.shuffle(adjectives)
    noun = _word(said.shape, rng) if said.shape else str(rng.choice(ANYTHING))
    if count > 1:
        noun = PLURALS.get(noun, noun + "s")
    number = str(rng.choice(NUMBERS[count]))
    if adjectives and count == 1 and rng.random() < 0.04:
        return f"{number} {noun} that is {' and '.join(adjectives)}".strip()
    if adjectives and rng.random() < 0.03:
        return f"{number} {noun} {' '.join(adjectives)}".strip()
    if number == "a" and rng.random() < 0.06:
        number = "the"
    return " ".join([number, *adjectives, noun]).strip()


def _linked(groups: list[list[int]], phrases: list[str], relations: frozenset, rng: np.random.Generator) -> str:
    """The phrases as one, with what is so between them where it is said."""
    order = list(range(len(groups)))
    if len(order) == 1:
        return phrases[0]
    if rng.random() < 0.72:
        pairs = [(i, word, j) for i in order for j in order if i != j for word in _between(groups[i], groups[j], relations)]
        if pairs:
            i, word, j = pairs[rng.integers(len(pairs))]
            verb = "is " if len(groups[i]) == 1 and rng.random() < 0.06 else ""
            linked, rest = f"{phrases[i]} {verb}{_word(word, rng)} {phrases[j]}", [k for k in order if k not in (i, j)]
            return linked if not rest else _third(linked, i, j, rest[0], groups, phrases, relations, rng)
    if len(order) == 2:
        return phrases[0] + str(rng.choice(JOINTS)) + phrases[1]
    return f"{phrases[0]}, {phrases[1]}{rng.choice((' and ', ', '))}{phrases[2]}"


def _third(linked: str, i: int, j: int, k: int, groups: list, phrases: list[str], relations: frozenset, rng: np.random.Generator) -> str:
    """… and a third group: after an `and`, or where it is as seen from the second (`it`)."""
    words = _between(groups[k], groups[j], relations)
    if words and len(groups[j]) == 1 and rng.random() < 0.5:
        word = words[rng.integers(len(words))]
        return f"{linked} and {phrases[k]} {_word(word, rng)} it"
    return linked + str(rng.choice(JOINTS[:2])) + phrases[k]


def _between(a: list[int], b: list[int], relations: frozenset) -> list[str]:
    """All that may be said of where group a is, seen from group b: true for each of them."""
    holds = lambda word: all((i, word, j) in relations for i in a for j in b)
    words = [word for word in ("left of", "right of", "behind", "in front of") if holds(word)]
    if len(a) == len(b) == 1:
        words += ["on top of"] * 2 * ((a[0], "on top of", b[0]) in relations) + ["under"] * ((b[0], "on top of", a[0]) in relations)
        if {"left of", "right of"} & set(words):
            words.append("beside")
    return words


def _word(word: str, rng: np.random.Generator) -> str:
    same = SAME.get(word, (word,))
    return same[0] if len(same) == 1 or rng.random() < USUAL else same[rng.integers(1, len(same))]


def _all_words() -> tuple[str, ...]:
    texts = [text for same in SAME.values() for text in same] + [n for number in NUMBERS.values() for n in number]
    nouns = [noun for shape in ("ball", "cube", "cylinder", "cone", "ring") for noun in SAME[shape]] + list(ANYTHING)
    texts += [*COLORS, *nouns, *(PLURALS.get(noun, noun + "s") for noun in nouns), *FILLERS, "with", "is", "there", "picture"]
    return tuple(sorted({word for text in texts for word in re.findall(r"\w+", text)}))


WORDS = _all_words()  # every word that a caption may have
