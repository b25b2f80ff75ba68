"""Captions for pictures that come with a name, a style and tags: as people might ask for them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from vqcore.priors.text import said_after

VARIANTS = 12  # of each picture, beside its caption itself
ALONE = 2  # more of those whose name says more after a colon or a comma
MOST_TAGS = 3


def caption(name: str, style: str) -> str:
    """The one that says it all: NAME STYLE."""
    return f"{name} {style}".strip()


def variants(name: str, style: str, tags: Sequence[str], draw: np.random.Generator) -> list[str]:
    """Other captions of the same picture: its parts in another order, tags beside or in place of the name, words left out;
    and what the name says after a colon or a comma alone, as guidance reads it."""
    others = [_variant(name, style, tags, draw) for _ in range(VARIANTS)]
    return others + [caption(said, style)] * ALONE if (said := said_after(name)) else others


def _variant(name: str, style: str, tags: Sequence[str], draw: np.random.Generator) -> str:
    parts = [part.strip() for part in re.split(r"[:,]", name)]
    kind = draw.choice(["whole", "whole", "reordered", "thinned", "tagged", "tags"])
    if kind == "reordered":
        draw.shuffle(parts)
    elif kind == "thinned":
        # Of the name itself, words: of what is added to it, such as "dark skin tone", all or nothing, for half of it is another thing.
        words = parts[0].split()
        kept = [word for word in words if draw.random() > 0.25] or words
        parts = [" ".join(kept), *(part for part in parts[1:] if draw.random() > 0.15)]
    some = [str(tag) for tag in draw.permutation(list(tags))[: draw.integers(1, MOST_TAGS + 1)]]
    if kind == "tags" and some:
        parts = some
    elif kind == "tagged":
        parts += some[:1]
    styled = draw.random()
    if styled < 0.4:
        parts.append(style)
    elif styled < 0.65:
        parts.insert(0, style)
    return " ".join(part for part in parts if part)
