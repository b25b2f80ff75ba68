"""Priors at work, for every bench that has them write: a few tokens at a time, in turn with whoever else waits.

It is called on the crew of writers. Grids are int64 [n, *S'] a level, coarse to fine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from demo import models
from demo.document import Document
from demo.kit import images
from demo.kit.sequences import MOST_SAMPLES
from demo.workers import writers
from vqcore.priors.base import Condition, Prior, Written
from vqcore.priors.sequence import Layout
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels

MOST_TOKENS_AT_ONCE = 64
MOST_CANDIDATES = 64
"""Of the next-token distribution, the likeliest that are told."""
DECODED_AT_ONCE = 4


@dataclass(frozen=True)
class Settings:
    """How tokens are drawn, as the keywords of Prior.sample and Prior.complete, which refuse what makes no sense and take the prior's own
    for None."""

    condition: Condition = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    guidance: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Expected:
    """What a token was drawn from. codes: the likeliest first;  before, probabilities: theirs, before and after temperature, top-k and
    top-p, which leave some out;  probability: of the token drawn;  possible: how many codes have one above 0;  bits: the entropy."""

    codes: list[int]
    before: list[float]
    probabilities: list[float]
    probability: float
    possible: int
    bits: float


def check(prior: Prior, count: int, kept: int, until: int) -> None:
    """ValueError for more samples or tokens than are written at a time."""
    if not 1 <= count <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} samples are written at a time.")
    if not 0 <= kept < until <= prior.layout.length or until - kept > MOST_TOKENS_AT_ONCE:
        raise ValueError(f"At most {MOST_TOKENS_AT_ONCE} of {prior.layout.length} tokens are written a question.")


def write(
    prior: Prior, settings: Settings, count: int, start: Sequence[Tensor], kept: int, until: int, candidates: int = 0
) -> tuple[Tensor, list[Expected]]:
    """Go on, in a part that `check` allows, with `count` sequences from the first `kept` tokens of the grids `start`, of
    one sequence or as many.

    Returns the new tokens as far as `until`, excluded, int64 [count, until − kept]; and, where `candidates` is above 0,
    what each of the first sequence was drawn from, with as many of the likeliest.
    """
    written, expected = [], []

    def hear(token: Written) -> bool:
        writers.pass_on()
        written.append(token.tokens)
        if candidates:
            expected.append(_expected(token, min(candidates, MOST_CANDIDATES)))
        return token.index + 1 == until

    prior.sample(count, start=start, kept=kept, on_token=hear, **vars(settings))
    return torch.stack(written, 1), expected


def decode(tokenizer: Tokenizer, layout: Layout, grids: Sequence[Tensor], written: int) -> list[np.ndarray]:
    """What sequences look like whose first `written` tokens are there: RGB, uint8 [H, W, 3] each.

    The others are taken to be the code that is used most, so that the pixels of what is written are near their last.
    """
    if not 1 <= written <= layout.length:
        raise ValueError(f"Between 1 and {layout.length} tokens are decoded.")
    missing = layout.cut(torch.arange(layout.length)[None] >= written)
    common = [int(models.usage(level).argmax()) for level in tokenizer.levels]
    filled = [grid.masked_fill(mask, code) for grid, mask, code in zip(grids, missing, common, strict=True)]
    pictures = []
    for start in range(0, len(filled[0]), DECODED_AT_ONCE):
        writers.pass_on()
        part = [grid[start : start + DECODED_AT_ONCE] for grid in filled]
        pictures += list(images.to_rgb(to_pixels(tokenizer.decode(part))))
    return pictures


def judge(prior: Prior, grids: Sequence[Tensor], condition: Condition) -> list[Tensor]:
    """−log₂ p of every token, float32 grids shaped as the tokens: see Prior.bits."""
    writers.pass_on()
    return prior.bits(grids, condition)


def grids_for(document: Document, prior: Prior) -> list[Tensor]:
    """The document's grids as the prior takes them; whether they fit is checked, in words, by the prior."""
    name = models.tokenizer_of(prior).name
    if name not in (document.tokenizer.name, document.tokenizer.tokens_of):
        raise ValueError(f"{prior.name} reads tokens of {name}, and this document is of {document.tokenizer.name}.")
    return document.tensors


def _expected(token: Written, most: int) -> Expected:
    p, before = token.probabilities[0].double(), token.logits[0].double().softmax(0)
    codes = before.topk(min(most, len(p))).indices
    told = lambda values: [round(value, 7) for value in values[codes].tolist()]
    return Expected(
        codes=codes.tolist(),
        before=told(before),
        probabilities=told(p),
        probability=float(p[token.tokens[0]]),
        possible=int((p > 0).sum()),
        bits=float(torch.special.entr(p).sum() / math.log(2)),
    )
