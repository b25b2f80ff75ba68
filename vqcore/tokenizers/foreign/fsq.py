"""FSQ as vector-quantize-pytorch also has it: levels evenly about zero, and a clamp in place of tanh."""

from __future__ import annotations

import torch
from torch import Tensor

from vqcore.quantizers.fsq import FSQ, ROUND_IN


class TheirFSQ(FSQ):
    """symmetric: `preserve_symmetry`, L levels from −1 to 1 whether L is odd or even (2411.19842, §3.2);  clamped:
    `bound_hard_clamp`, what enters is cut at −1 and 1 and not squashed."""

    def __init__(self, levels: tuple[int, ...], width: int, symmetric: bool, clamped: bool):
        super().__init__(levels, width)
        self.symmetric, self.clamped = symmetric, clamped

    def _bounded(self, vectors: Tensor) -> Tensor:
        levels = self._levels(vectors.device)
        within = self.project_in(vectors)
        if self.symmetric:  # (L − 1)(t + 1) / 2 rounded is the digit; ½ is rounded up, as their floor does
            return (levels - 1) * (self._squashed(within) + 1) / 2
        half = (levels - 1) * (1 + ROUND_IN) / 2
        offset = torch.where(levels % 2 == 0, 0.5, 0.0)
        return self._squashed(within + offset / half) * half - offset

    def _squashed(self, vectors: Tensor) -> Tensor:
        return vectors.clamp(-1, 1) if self.clamped else torch.tanh(vectors)

    def _index(self, bounded: Tensor) -> Tensor:
        if not self.symmetric:
            return super()._index(bounded)
        return ((bounded + 0.5).floor().long() * self._places(bounded.device)).sum(-1)

    def _code(self, tokens: Tensor) -> Tensor:
        if not self.symmetric:
            return super()._code(tokens)
        levels = self._levels(tokens.device)
        digits = tokens[..., None] // self._places(tokens.device) % levels
        return digits * (2 / (levels - 1)) - 1
