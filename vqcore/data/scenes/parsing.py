"""What a sentence says of a scene: `caption` and `sentence` read backwards, for the same words.

    sentence    group ((joint | relation) group)* floor?
    group       number? adjective* noun adjective*  |  number? noun "that is" adjective ("and" adjective)*  |  "it"
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from vqcore.data.scenes.captions import ANYTHING, NUMBERS, PLURALS, SAME
from vqcore.data.scenes.scene import COLORS, FLOORS, MATERIALS, MOST_THINGS, RELATIONS, SHAPES, SIZES, Wish

MIRRORED = {"under": "on top of"}  # said of the other one
SIDEWAYS = {"beside": "left of"}  # either side would do
FILLERS = ("there is", "there are", "a picture of", "is", "are", "the", "of")
LOOKS = ("size", "material", "color", "shape")  # as in Wish.things


@dataclass(frozen=True)
class _Token:
    """kind: one of LOOKS, number, plural, relation, floor, joint, that, it or filler;  word: the house's."""

    kind: str
    word: str


def _spellings() -> dict[str, list[_Token]]:
    """Every phrase of one or more words, and what it stands for."""
    found: dict[str, list[_Token]] = {}
    kinds = {"size": SIZES, "material": MATERIALS, "color": COLORS, "floor": FLOORS, "relation": (*RELATIONS, *MIRRORED, *SIDEWAYS)}
    for kind, words in kinds.items():
        for word in words:
            for spelling in SAME.get(word, (word,)):
                found[spelling] = [_Token(kind, word)]
    for word in (*SHAPES, ANYTHING[0]):
        nouns: tuple[str, ...] = ANYTHING if word == ANYTHING[0] else SAME.get(word, (word,))
        for noun in nouns:
            found[noun] = [_Token("shape", word)]
            found[PLURALS.get(noun, noun + "s")] = [_Token("plural", ""), _Token("shape", word)]
    found |= {floor: [_Token("floor", floor)] for floor in FLOORS}
    for number, words in NUMBERS.items():
        found |= {word: [_Token("number", str(number))] for word in (*words, "an"[: 2 * (number == 1)]) if word}
    found |= {joint: [_Token("joint", joint)] for joint in ("and", "with", ",")}
    found |= {filler: [_Token("filler", "")] for filler in FILLERS}
    return found | {"that is": [_Token("that", "")], "it": [_Token("it", "")]}


SPELLINGS = _spellings()
LONGEST = max(len(spelling.split()) for spelling in SPELLINGS)


@dataclass
class _Group:
    """Things that the same is said of."""

    looks: dict[str, str] = field(default_factory=dict)
    count: int | None = None
    is_plural: bool = False

    @property
    def thing(self) -> tuple[str | None, str | None, str | None, str | None]:
        shape = self.looks.get("shape")
        return self.looks.get("size"), self.looks.get("material"), self.looks.get("color"), None if shape == ANYTHING[0] else shape

    @property
    def members(self) -> int:
        return self.count or (2 if self.is_plural else 1)


def parse(sentence: str) -> Wish:
    """The wish that a sentence says. `beside` is taken as `left of`, and a plural without a number as two.

    ValueError, in words for the person: for words that no scene knows, with the nearest that one does; for a sentence that
    names nothing, or more than three things.
    """
    tokens = _read(sentence)
    floors = [token.word for token in tokens if token.kind == "floor"]
    groups: list[_Group] = []
    links: list[tuple[int, str, int]] = []
    current, relation, since = None, None, 0  # the group that is being read, and what is between it and group `since`
    for at, token in enumerate(tokens):
        if token.kind == "it":
            if relation and len(groups) > 1:
                links.append((len(groups) - 1, relation, _last_named(links, len(groups) - 1)))
            relation = None
            continue
        if token.kind == "relation" and groups:
            current, relation, since = None, token.word, len(groups) - 1
        elif token.kind == "joint" and not _goes_on(tokens, at):
            current = None
        elif token.kind in (*LOOKS, "number", "plural"):
            if current is None or _is_new(current, token):
                current = _Group()
                groups.append(current)
                if relation:
                    links.append((since, relation, len(groups) - 1))
                    relation = None
            _add(current, token)
    return _wish(groups, links, floors[-1] if floors else None)


def _read(sentence: str) -> list[_Token]:
    """The sentence as tokens, the longest phrases first."""
    words = re.findall(r"\w+|,", sentence.lower())
    tokens, at = [], 0
    while at < len(words):
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            spelling = " ".join(words[at : at + length])
            if spelling in SPELLINGS:
                tokens += SPELLINGS[spelling]
                at += length
                break
        else:
            near = difflib.get_close_matches(words[at], [phrase for phrase in SPELLINGS if len(phrase) > 2], 3)
            hint = f"The nearest that it has: {', '.join(near)}." if near else f"It has {', '.join((*COLORS, *SHAPES))} and a few more."
            raise ValueError(f"“{words[at][:80]}” is no word of a scene. {hint}")
    return tokens


def _goes_on(tokens: Sequence[_Token], joint: int) -> bool:
    """Whether this `and` stands between two adjectives of a thing that is already named: `a ball that is red and small`."""
    named = next((token.kind for token in reversed(tokens[:joint]) if token.kind in ("that", "shape", "relation")), None)
    ahead = joint + 1
    while ahead < len(tokens) and tokens[ahead].kind in LOOKS[:3]:
        ahead += 1
    return named == "that" and ahead > joint + 1 and (ahead == len(tokens) or tokens[ahead].kind not in ("shape", "plural"))


def _is_new(group: _Group, token: _Token) -> bool:
    """Whether this can't be said of the group any more: it has a noun and a number follows, or has such a word already."""
    return (token.kind in ("number", "plural") and "shape" in group.looks) or token.kind in group.looks


def _add(group: _Group, token: _Token) -> None:
    if token.kind == "number":
        group.count = int(token.word)
    elif token.kind == "plural":
        group.is_plural = True
    else:
        group.looks[token.kind] = token.word


def _last_named(links: Sequence[tuple[int, str, int]], before: int) -> int:
    """The group that `it` is: the one that the last relation was to."""
    return links[-1][2] if links else before - 1


def _wish(groups: Sequence[_Group], links: Sequence[tuple[int, str, int]], floor: str | None) -> Wish:
    ends = [0]
    for group in groups:
        ends.append(ends[-1] + group.members)
    if not groups:
        raise ValueError(f"Name a thing: a {', '.join(SHAPES[:-1])} or {SHAPES[-1]}, and its color if you like.")
    if ends[-1] > MOST_THINGS:
        raise ValueError(f"A scene has one to {MOST_THINGS} things, and this sentence names {ends[-1]}. Take some away.")
    relations = []
    for a, word, b in links:
        for i in range(ends[a], ends[a + 1]):
            for j in range(ends[b], ends[b + 1]):
                first, second = (j, i) if word in MIRRORED else (i, j)
                relations.append((first, {**MIRRORED, **SIDEWAYS}.get(word, word), second))
    return Wish(tuple(group.thing for group in groups for _ in range(group.members)), tuple(relations), floor)
