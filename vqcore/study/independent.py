"""Tokens drawn one by one without a look at the others: what a prior that learns dependencies is to be compared with."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def draw_independent(shares: Tensor, shape: tuple[int, ...], n: int, seed: int = 0) -> Tensor:
    """n grids of this shape, each token drawn by the codes' shares [K] (counts will do): int64 [n, *shape].

    Equal shares give the uniform distribution, the counts of a training set its marginal.
    """
    if not shares.sum() > 0 or (shares < 0).any():
        raise ValueError("Shares of the codes are 0 or more, and not all 0.")
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.multinomial(shares.double(), n * math.prod(shape), replacement=True, generator=generator)
    return tokens.view(n, *shape)
