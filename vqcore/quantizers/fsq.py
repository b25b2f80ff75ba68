"""Finite scalar quantization (Mentzer et al. 2023, 2309.15505): each of a few dimensions rounded to a few levels.

There is no table and nothing to collapse: the codes are all combinations of the levels, K = ∏ L_i of them, the first
dimension running fastest (§3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vqcore import distributed
from vqcore.files import shown
from vqcore.metrics import perplexity
from vqcore.quantizers.base import Quantized, Quantizer, as_grid, checked_vectors

MOST_CODES = 1 << 18
ROUND_IN = 1e-3  # lucidrains' FSQ stretches each range by this share, so that tanh never rounds beyond its ends


@dataclass(frozen=True)
class FSQConfig:
    """levels: L_i of each dimension; their product is K, as (8, 5, 5, 5) for 1,000 codes (table 1 of the paper)."""

    levels: tuple[int, ...] = (8, 5, 5, 5)

    @property
    def codebook_size(self) -> int:
        return math.prod(self.levels)


class FSQ(Quantizer):
    """Conventions are those of vector-quantize-pytorch; where the networks' width D isn't the number of dimensions, a linear
    layer leads in and another out.

    There are no losses of its own: the reconstruction's gradient passes the rounding straight through (§3.1).
    """

    def __init__(self, levels: tuple[int, ...], width: int):
        super().__init__()
        few = 0 < len(levels) < MOST_CODES.bit_length() and all(type(n) is int and 2 <= n <= 4096 for n in levels)
        if not few or math.prod(levels) > MOST_CODES:
            raise ValueError(f"its FSQ levels {shown(levels)} are not whole numbers from 2 on with a product of {MOST_CODES:,} at most")
        self.levels, dims = levels, len(levels)
        self.codebook_size, self.code_dim = math.prod(levels), width
        self.project_in = nn.Identity() if width == dims else nn.Linear(width, dims)
        self.project_out = nn.Identity() if width == dims else nn.Linear(dims, width)

    @classmethod
    def of(cls, config: FSQConfig, code_dim: int) -> FSQ:
        return cls(config.levels, code_dim)

    @property
    def codebook(self) -> Tensor:
        """All codes, float32 [K, dimensions], each dimension from −1 on in even steps."""
        device = next((p.device for p in self.parameters()), None)
        return self._code(torch.arange(self.codebook_size, device=device))

    def forward(self, z_e: Tensor) -> Quantized:
        bounded = self._bounded(checked_vectors(z_e, self.code_dim))
        rounded = bounded + (bounded.round() - bounded).detach()  # straight through, §3.1
        half = self._levels(bounded.device) // 2
        tokens = self._index(bounded)
        counts = torch.bincount(tokens, minlength=self.codebook_size)
        if self.training:
            counts = distributed.summed(counts)
        nothing = bounded.new_zeros(())
        z_q = self.project_out(rounded / half)
        return Quantized(
            as_grid(z_q, z_e), tokens.view(z_e.shape[0], *z_e.shape[2:]), nothing, nothing, nothing, perplexity(counts).float(),
        )

    def encode(self, z_e: Tensor) -> Tensor:
        return self._index(self._bounded(z_e.movedim(1, -1)))

    def locate(self, z_e: Tensor) -> Tensor:
        """z_e in its bounds: rounding each dimension alone finds the nearest of a full grid of codes."""
        return (self._bounded(z_e.movedim(1, -1)) / (self._levels(z_e.device) // 2)).movedim(-1, 1)

    def decode(self, tokens: Tensor) -> Tensor:
        return self.project_out(self._code(tokens)).movedim(-1, 1)

    def _bounded(self, vectors: Tensor) -> Tensor:
        """[…, D] → […, dimensions], each within its levels (the paper's f, §3)."""
        levels = self._levels(vectors.device)
        half = (levels - 1) * (1 + ROUND_IN) / 2
        offset = torch.where(levels % 2 == 0, 0.5, 0.0)
        return torch.tanh(self.project_in(vectors) + torch.atanh(offset / half)) * half - offset

    def _index(self, bounded: Tensor) -> Tensor:
        digits = bounded.round().long() + self._levels(bounded.device) // 2
        return (digits * self._places(bounded.device)).sum(-1)

    def _code(self, tokens: Tensor) -> Tensor:
        levels = self._levels(tokens.device)
        half = levels // 2
        digits = tokens[..., None] // self._places(tokens.device) % levels
        return (digits - half) / half

    def _levels(self, device: torch.device) -> Tensor:
        return torch.tensor(self.levels, device=device)

    def _places(self, device: torch.device) -> Tensor:
        """What one step of each dimension adds to the index."""
        return torch.tensor([math.prod(self.levels[:i]) for i in range(len(self.levels))], device=device)
