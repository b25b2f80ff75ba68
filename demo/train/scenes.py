"""A first training: scenes rendered on the spot. Whatever was chosen so that minutes are enough for it stands here."""

from pathlib import Path
from typing import Any

import numpy as np

from vqcore.data.scenes import HELD_OUT, Renders, Wish, read_scenes, sentence
from vqcore.data.scenes.scene import COLORS, FLOORS, MOST_THINGS, SHAPES, Kinds
from vqcore.priors.choice import Settings
from vqcore.priors.transformer import TransformerConfig
from vqcore.training.prior import PriorRecipe

SIDE, SCENES = 64, 4000
MOST_SCENES, MOST_SIDE = 20_000, 128
KINDS = Kinds(("ball", "cube", "cone"), ("red", "green", "blue", "yellow"), ("stone", "grass"), (1, 2))
FIELDS = {"downsampling": 8, "codebook_size": 256, "code_dim": 16, "minutes": 3, "prior_minutes": 5}
"""Of the form, where scenes are chosen."""
TOKENIZER_SCENES = 1000
"""That the tokenizer is trained on: it has seen every look of a thing long before it has seen them all."""
EDGES = 1.0
"""See TokenizerRecipe: most of a scene is floor."""
PRIOR = PriorRecipe(TransformerConfig(layers=4, width=128, heads=4, phrase=4), SIDE, batch=32, noise=0.1, text_length=32)
DRAWN = Settings(temperature=0.3, guidance=2.0)
"""How a prior that was trained on them here draws."""
SHOWN = 8


def about() -> dict[str, Any]:
    """What the form has to know."""
    return {
        "offered": {"shapes": SHAPES, "colors": COLORS, "floors": FLOORS, "things": [str(n + 1) for n in range(MOST_THINGS)]},
        "chosen": [*KINDS.shapes, *KINDS.colors, *KINDS.floors, *map(str, KINDS.counts)],
        "count": SCENES, "most": MOST_SCENES, "side": SIDE, "fields": FIELDS, "tokenizerScenes": TOKENIZER_SCENES,
    }


def checked(source: str | Path, split: str = "train") -> Renders:
    """The scenes of a source such as `scenes:4000:64:red,ball,1`. ValueError, in words, for more than are rendered here."""
    renders = read_scenes(source, split)
    if not 2 <= len(renders) <= MOST_SCENES or not 16 <= renders.side <= MOST_SIDE:
        raise ValueError(f"Take 2 to {MOST_SCENES:,} scenes of 16 to {MOST_SIDE} pixels a side.")
    return renders


def for_tokenizer(source: str | Path) -> str:
    """The first TOKENIZER_SCENES of a source, by its name."""
    word, count, *others = str(source).split(":")
    return ":".join([word, str(min(int(count), TOKENIZER_SCENES)), *others])


def preview(source: str) -> tuple[list[np.ndarray], list[str]]:
    """The first pictures of a source, uint8 [side, side, 3], and their sentences."""
    renders = checked(source)
    shown = range(min(SHOWN, len(renders)))
    return [renders[i] for i in shown], [renders.caption(i) for i in shown]


def sentences(source: str | Path, count: int) -> list[str]:
    """That a prior trained on the source can be asked for: at first the pairs of color and shape of its kinds that it never saw, then
    those of scenes that it never saw."""
    renders = checked(source, "val")
    kinds = renders.kinds
    pairs = [(color, shape) for color in kinds.colors for shape in kinds.shapes if (color, shape) in HELD_OUT]
    news = [sentence(Wish(((None, None, *pair),) * kinds.counts[0])) for pair in pairs][: count // 3]
    return [*news, *(renders.caption(i) for i in range(min(count - len(news), len(renders))))]
