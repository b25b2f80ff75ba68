"""Scenes on the Text tab: the true render of a sentence, one arranged by hand, and its tokens."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from demo import models
from demo.document import Document
from vqcore.data.scenes import HELD_OUT, WORDS, Scene, caption, compose, parse, render
from vqcore.data.scenes.arranging import Placed
from vqcore.data.scenes.rendering import floor_at, seen_boxes
from vqcore.data.scenes.scene import COLORS, FLOORS, MATERIALS, RELATIONS, SHAPES, SIZES
from vqcore.priors.base import Prior
from vqcore.priors.text import Text
from vqcore.tokenizers.pixels import to_pixels, to_tensor

LARGEST_SIDE = 384  # pixels
OFFERED = {
    "size": SIZES, "material": MATERIALS, "color": COLORS, "shape": SHAPES, "relation": RELATIONS,
    "floor": tuple("at night" if floor == "night" else f"on {floor}" for floor in FLOORS),
}
"""Words to put a sentence together from."""


@dataclass(frozen=True)
class Drawn:
    """A scene; its picture, uint8 [side, side, 3]; the box of pixels in which each thing is seen; a sentence that is true of it; and the
    pairs of color and shape in it that no training scene has."""

    scene: Scene
    picture: np.ndarray
    boxes: list[tuple[int, int, int, int] | None]
    text: str
    unseen: list[str]


def draws_scenes(prior: Prior) -> bool:
    """Whether a prior knows the words of scenes, all of them."""
    return isinstance(prior.layout.text, Text) and set(WORDS) <= set(prior.layout.text.words)


def from_text(text: str, side: int, seed: int) -> Drawn:
    """A scene in which the sentence is true. ValueError, in words, where no scene is as it says."""
    return draw(compose(parse(text), np.random.default_rng(seed), HELD_OUT), side, seed)


def unseen_in(text: str) -> list[str]:
    """The pairs of color and shape in a sentence that no training scene has; none in what is no sentence of a scene."""
    try:
        return _unseen((color, shape) for _, _, color, shape in parse(text).things)
    except ValueError:
        return []


def _unseen(pairs: Iterable[tuple[str | None, str | None]]) -> list[str]:
    return list(dict.fromkeys(f"{color} {shape}" for color, shape in pairs if (color, shape) in HELD_OUT))


def moved(things: list[Placed], number: int, across: float, down: float) -> list[Placed]:
    """The things, one of which stands on the floor that is seen at a place of the picture, 0 … 1 across and down."""
    x, z = floor_at(across, down, 1)
    return [replace(thing, x=x, z=z, on=None) if i == number else thing for i, thing in enumerate(things)]


def draw(scene: Scene, side: int, seed: int) -> Drawn:
    """The seed says which of the many true sentences is told."""
    if not 16 <= side <= LARGEST_SIDE:
        raise ValueError(f"A picture of a scene has 16 to {LARGEST_SIDE} pixels a side.")
    return Drawn(
        scene, render(scene, side), seen_boxes(scene, side), caption(scene, np.random.default_rng(seed)),
        _unseen((thing.color, thing.shape) for thing in scene.things),
    )


def tokenize(prior: Prior, scene: Scene, name: str) -> tuple[Document, np.ndarray]:
    """The scene in the tokens of the prior's tokenizer, in as many pixels as the prior writes; and what these decode to."""
    tokenizer = models.tokenizer_of(prior)
    side = tokenizer.levels[-1].downsampling * prior.layout.grids[-1].shape[0]
    tokens = tokenizer.encode(to_tensor(render(scene, side)))
    document = Document(tokenizer, side, side, tuple(grid[0].numpy() for grid in tokens), name)
    return document, to_pixels(tokenizer.decode(tokens))[0]
