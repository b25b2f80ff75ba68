"""Lesson 6: a picture's grid as a sentence: words, [SEP], codes, one vocabulary, and what comes next."""

import torch
from torch import Tensor

from demo import models
from demo.kit.images import tile_sheet, to_png_url
from demo.lessons import fashion
from demo.lessons.questions import moves, read_number, studies
from demo.workers import answered_by
from vqcore.metrics import entropy
from vqcore.priors.base import Prior, Written

CANDIDATES = 8


@answered_by(studies)
def read_vocabulary(question: dict) -> dict:
    """{} → the one vocabulary, the grid's shape, what each code looks like, and the texts to choose from."""
    prior = fashion.prior()
    layout = prior.layout
    tokenizer = models.tokenizer_of(prior)
    return {
        "prior": prior.name,
        "words": layout.text.size,
        "blank": layout.blank,
        "sep": layout.sep,
        "first_code": layout.first_code,
        "size": layout.vocabulary_size,
        "shape": list(layout.grids[0].shape),
        "downsampling": tokenizer.levels[0].downsampling,
        "conditions": list(prior.conditions),
        "tiles": to_png_url(tile_sheet(models.appearance(tokenizer))),
    }


@answered_by(moves)
def read_sentence(question: dict) -> dict:
    """{"condition", "tokens": the codes so far} → the whole prefix as integers and words, what comes next, and the picture.

    next: the likeliest codes with their probabilities, null at the end;  uncertainty: what the next one costs on
    average, in bits;  picture: the decoded grid, where codes that aren't written yet are the training set's commonest
    (the page covers them).
    """
    prior = fashion.prior()
    condition, written = _read(question, prior)
    grid = _grid(written, prior)
    prefix = prior.layout.prefix([condition])[0].tolist()
    words = prior.layout.text.decode([number for number in prefix if number < prior.layout.blank])
    answer = {
        "prefix": [number for number in prefix if number != prior.layout.blank],
        "words": words,
        "picture": to_png_url(fashion.strip(fashion.pictures_of(grid))),
        "next": None,
        "uncertainty": None,
    }
    if len(written) < prior.layout.length:
        token = _next(prior, condition, grid, len(written))
        probabilities, codes = token.probabilities[0].sort(descending=True)
        answer["next"] = [
            {"code": int(code), "probability": float(p)}
            for code, p in zip(codes[:CANDIDATES], probabilities[:CANDIDATES])
        ]
        answer["uncertainty"] = float(entropy(probabilities))
    return answer


@answered_by(studies)
def write_sentence(question: dict) -> dict:
    """{"condition", "tokens", "seed", "temperature"} → {"tokens"}: the sentence, written to its end."""
    prior = fashion.prior()
    condition, written = _read(question, prior)
    grids = prior.sample(
        condition=condition, start=[_grid(written, prior)], kept=len(written), seed=int(read_number(question["seed"], 0, 1e6)),
        temperature=read_number(question["temperature"], 0, 4),
    )
    return {"tokens": grids[0].flatten().tolist()}


@answered_by(studies)
def judge_sentence(question: dict) -> dict:
    """{"tokens": a whole sentence} → {"bits": [[text, bits], …]}: what its codes cost after each text, cheapest first."""
    prior = fashion.prior()
    _, written = _read(question | {"condition": None}, prior)
    if len(written) != prior.layout.length:
        raise ValueError("Write the sentence to its end first.")
    texts = [*prior.conditions, ""]
    grid = _grid(written, prior).expand(len(texts), *prior.layout.grids[0].shape)
    bits = prior.bits([grid], texts)[0].flatten(1).sum(1)
    return {"bits": sorted(([text, float(cost)] for text, cost in zip(texts, bits)), key=lambda each: each[1])}


SERVER_FUNCTIONS = [read_vocabulary, read_sentence, write_sentence, judge_sentence]


def _read(question: dict, prior: Prior) -> tuple[str | None, list[int]]:
    """The condition, and the codes written so far."""
    codes, length = prior.layout.grids[0].codebook_size, prior.layout.length
    written = question["tokens"]
    if len(written) > length or any(type(code) is not int or not 0 <= code < codes for code in written):
        raise ValueError(f"A sentence has {length} codes of 0 to {codes - 1} at most.")
    return question["condition"] or None, written


def _grid(written: list[int], prior: Prior) -> Tensor:
    """The codes so far as int64 [1, h, w], filled up with the commonest one."""
    commonest = int(models.usage(models.tokenizer_of(prior).levels[-1]).argmax())
    (grid,) = prior.layout.grids
    return torch.tensor(written + [commonest] * (grid.length - len(written))).view(1, *grid.shape)


def _next(prior: Prior, condition: str | None, grid: Tensor, place: int) -> Written:
    """What the prior says of the token at this place, given the text and the tokens before it."""
    heard: list[Written] = []
    prior.sample(condition=condition, start=[grid], kept=place, on_token=lambda token: heard.append(token) or True)
    return heard[0]
