"""New pictures: written by a prior, or drawn token by token, each for itself; and what a prior looks at while it writes."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from demo.document import Document
from demo.kit.sequences import MOST_SAMPLES
from demo.kit.writing import Settings
from demo.workers import writers
from vqcore.priors.base import Prior, Written
from vqcore.study.looking import Effects, Looked, look_back, measure_effects
from vqcore.tokenizers.base import Tokenizer

By = Literal["uniform", "marginal"]


def sample(prior: Prior, n: int, settings: Settings) -> list[Tensor]:
    """What the prior writes, token by token: int64 [n, *S'] a level."""
    if not 1 <= n <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} pictures are sampled at a time.")

    def hear(_: Written) -> None:
        writers.pass_on()

    return prior.sample(n, on_token=hear, **vars(settings))


def draw(prior: Prior, tokenizer: Tokenizer, n: int, seed: int, by: By) -> list[Tensor]:
    """Each token drawn for itself alone, on the prior's grids: int64 [n, *S'] a level.

    Every code as likely as another, or each as likely as the training pictures of the tokenizer used it.
    """
    generator = torch.Generator().manual_seed(seed)
    if not 1 <= n <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} samples are drawn at a time.")
    drawn = []
    for grid, level in zip(prior.layout.grids, tokenizer.levels, strict=True):
        weights = torch.ones(grid.codebook_size)
        if by == "marginal":
            if level.usage is None or not level.usage.sum():
                raise ValueError(f"Nobody counted how often the codes of {tokenizer.name} are used.")
            weights = level.usage.double()
        drawn.append(torch.multinomial(weights, n * grid.length, True, generator=generator).view(n, *grid.shape))
    return drawn


def looked_at(prior: Prior, grids: Sequence[Tensor], at: int, condition: str | None) -> Looked:
    """What the heads take of what comes before token `at` of one sequence, grids int64 [1, *S']."""
    writers.pass_on()
    return look_back(prior, grids, at, condition)


def effects_on(prior: Prior, grids: Sequence[Tensor], at: int, condition: str | None) -> Effects:
    """What changes the odds of token `at` of one sequence, grids int64 [1, *S'], a thing at a time."""
    return measure_effects(prior, grids, at, condition, writers.pass_on)


def documents_of(prior: Prior, tokenizer: Tokenizer, grids: Sequence[Tensor]) -> list[Document]:
    """Whatever a prior wrote, int64 [n, *S'] a level, as documents."""
    height, width = (side * tokenizer.levels[-1].downsampling for side in grids[-1].shape[1:])
    each = [tuple(grid[i].numpy() for grid in grids) for i in range(len(grids[0]))]
    return [Document(tokenizer, width, height, one, f"{prior.name} sample") for one in each]
