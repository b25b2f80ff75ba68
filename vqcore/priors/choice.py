"""How a token is drawn from logits: temperature, top-k and top-p (nucleus sampling)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore.files import shown

COLDEST = 1e-4  # temperatures below take the likeliest token, as 0 does


@dataclass(frozen=True)
class Choice:
    """How a token is drawn from logits."""

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self):
        if not isinstance(self.temperature, Real) or not 0 <= self.temperature < math.inf:
            raise ValueError(f"The temperature is 0 or more, not {shown(self.temperature)}.")
        if self.top_k is not None and (not isinstance(self.top_k, Integral) or isinstance(self.top_k, bool) or self.top_k < 1):
            raise ValueError(f"top_k is a whole number from 1, or None for all codes, not {shown(self.top_k)}.")
        if self.top_p is not None and not (isinstance(self.top_p, Real) and 0 < self.top_p <= 1):
            raise ValueError(f"top_p is above 0 and at most 1, or None, not {shown(self.top_p)}.")

    def probabilities(self, logits: Tensor) -> Tensor:
        """Logits [B, codes] → the probabilities to draw from."""
        if self.temperature < COLDEST:
            return F.one_hot(logits.argmax(1), logits.shape[1]).to(logits.dtype)
        if self.temperature != 1:
            logits = logits / self.temperature
        if self.top_k is not None and self.top_k < logits.shape[1]:
            best = logits.topk(self.top_k, 1)
            logits = torch.full_like(logits, -math.inf).scatter_(1, best.indices, best.values)
        p = logits.softmax(1)
        if self.top_p is not None and self.top_p < 1:
            ordered, order = torch.sort(p, dim=1, descending=True, stable=True)
            ordered[ordered.cumsum(1) - ordered >= self.top_p] = 0  # the likeliest always stays
            p = torch.zeros_like(p).scatter_(1, order, ordered)
            p /= p.sum(1, keepdim=True)
        return p


@dataclass(frozen=True)
class Settings:
    """How a prior draws unless told otherwise; each as in Prior.sample."""

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    guidance: float = 1.0

    def __post_init__(self):
        Choice(self.temperature, self.top_k, self.top_p)
        if not -math.inf < self.guidance < math.inf:
            raise ValueError(f"The guidance is a finite number, not {self.guidance}.")


def pick(p: Tensor, draws: Tensor) -> Tensor:
    """One index a row of p [B, K], where its running sum passes draws [B] in [0, 1): int64 [B]."""
    sums = p.cumsum(1)
    chosen = torch.searchsorted(sums, draws[:, None].to(p.dtype) * sums[:, -1:], right=True)[:, 0]
    return chosen.clamp_max_(p.shape[1] - 1)
