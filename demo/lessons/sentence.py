"""Lesson 6: a picture's grid as a sentence: words, [SEP], codes, one vocabulary, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from demo import models
from demo.kit.cards import FIRST, offers
from demo.lessons import fashion
from demo.lessons.limits import check_number
from vqcore.metrics import entropy
from vqcore.priors.base import Prior, Written

CANDIDATES = 8


@dataclass(frozen=True)
class Candidate:
    """A code that may come next."""

    code: int
    probability: float


@dataclass(frozen=True)
class Sentence:
    """The integers that stand before the codes, the words among them, and what comes after the codes so far.

    next: the likeliest codes, None at the end;  uncertainty: what the next one costs on average, in bits.
    """

    prefix: list[int]
    words: list[str]
    next: list[Candidate] | None
    uncertainty: float | None


def prior() -> Prior:
    """The prior of scenes with its sentences, or Fashion-MNIST's with its words where that isn't here."""
    first = models.priors().get(FIRST)
    return first if first is not None and texts(first) else fashion.prior()


def texts(prior: Prior) -> list[str]:
    """What its sentences may begin with here: its classes, or the examples that its folder offers."""
    return list(prior.conditions) or offers(prior)["examples"]


def read_sentence(prior: Prior, condition: str | None, tokens: Sequence[int]) -> Sentence:
    """What the codes so far, in raster order, are the sentence of after a text."""
    _check(prior, tokens)
    layout = prior.layout
    prefix = layout.prefix([condition])[0].tolist()
    words = layout.text.decode([number for number in prefix if number < layout.blank])
    prefix = [number for number in prefix if number != layout.blank]
    if len(tokens) == layout.length:
        return Sentence(prefix, words, None, None)
    token = _next(prior, condition, tokens)
    probabilities, codes = token.probabilities[0].sort(descending=True)
    likeliest = zip(codes[:CANDIDATES].tolist(), probabilities[:CANDIDATES].tolist(), strict=True)
    return Sentence(prefix, words, [Candidate(*each) for each in likeliest], float(entropy(probabilities)))


def picture_of(prior: Prior, tokens: Sequence[int]) -> np.ndarray:
    """What the codes so far decode to, uint8 [H, W, 3]: those that aren't written yet are the training set's commonest."""
    _check(prior, tokens)
    return fashion.pictures_of(prior, _grid(prior, tokens))


def write_sentence(prior: Prior, condition: str | None, tokens: Sequence[int], seed: int, temperature: float | None) -> list[int]:
    """The sentence that begins with these codes, written to its end; as the prior draws best where no temperature is given."""
    _check(prior, tokens)
    check_number(seed, 0, 1e6)
    check_number(1 if temperature is None else temperature, 0, 4)
    grids = prior.sample(condition=condition, start=[_grid(prior, tokens)], kept=len(tokens), seed=seed, temperature=temperature)
    return grids[0].flatten().tolist()


def judge_sentence(prior: Prior, tokens: Sequence[int]) -> list[tuple[str, float]]:
    """(text, bits): what the codes of a whole sentence cost after each text, the cheapest first; "" is no text."""
    _check(prior, tokens)
    if len(tokens) != prior.layout.length:
        raise ValueError("Write the sentence to its end first.")
    after = [*texts(prior), ""]
    grid = _grid(prior, tokens).expand(len(after), *prior.layout.grids[0].shape)
    bits = prior.bits([grid], after)[0].flatten(1).sum(1).tolist()
    return sorted(zip(after, bits, strict=True), key=lambda each: each[1])


def _check(prior: Prior, tokens: Sequence[int]) -> None:
    codes, length = prior.layout.grids[0].codebook_size, prior.layout.length
    if len(tokens) > length or any(type(code) is not int or not 0 <= code < codes for code in tokens):
        raise ValueError(f"A sentence has {length} codes of 0 to {codes - 1} at most.")


def _grid(prior: Prior, tokens: Sequence[int]) -> Tensor:
    """The codes so far as int64 [1, h, w], filled up with the commonest one."""
    commonest = int(models.usage(models.tokenizer_of(prior).levels[-1]).argmax())
    (grid,) = prior.layout.grids
    return torch.tensor([*tokens] + [commonest] * (grid.length - len(tokens))).view(1, *grid.shape)


def _next(prior: Prior, condition: str | None, tokens: Sequence[int]) -> Written:
    """What the prior says of the token after these, given the text and them: as it was trained, however it draws best."""
    heard: list[Written] = []

    def hear(token: Written) -> bool:
        heard.append(token)
        return True

    prior.sample(condition=condition, start=[_grid(prior, tokens)], kept=len(tokens), temperature=1, top_p=1, guidance=1, on_token=hear)
    return heard[0]
