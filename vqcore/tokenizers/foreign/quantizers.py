"""What other people's tokenizers put between encoder and decoder, for use alone: they were trained elsewhere."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.quantizers.vq import nearest_codes

MOST_CODES = 1 << 18
ROUND_IN = 1e-3  # lucidrains' FSQ stretches each range by this share, so that tanh never rounds beyond its ends


class Codebook(nn.Module):
    """A table of K codes of D dimensions; a vector becomes the nearest."""

    def __init__(self, codebook_size: int, code_dim: int):
        super().__init__()
        if not 1 <= codebook_size <= MOST_CODES or not 1 <= code_dim <= 4096:
            raise ValueError(f"it has {codebook_size} codes of {code_dim} dimensions; up to {MOST_CODES:,} of 4096 are read")
        self.embedding = nn.Embedding(codebook_size, code_dim)

    @property
    def codebook(self) -> Tensor:
        """float32 [K, D]."""
        return self.embedding.weight.detach()

    def encode(self, z_e: Tensor) -> Tensor:
        """float [B, D, H', W'] → tokens int64 [B, H', W']."""
        vectors = z_e.movedim(1, -1)
        return nearest_codes(vectors.flatten(0, -2), self.codebook).view(vectors.shape[:-1])

    def decode(self, tokens: Tensor) -> Tensor:
        """tokens int64 [B, H', W'] → float32 [B, D, H', W']."""
        return F.embedding(tokens, self.codebook).movedim(-1, 1)


class FSQ(nn.Module):
    """Finite scalar quantization (Mentzer et al. 2023, 2309.15505): each of a few dimensions rounded to a few levels.

    There is no table: the codes are all combinations of the levels, K = ∏ L_i of them, the first dimension running
    fastest (§3). Conventions are those of vector-quantize-pytorch; where the networks' width isn't the number of
    dimensions, a linear layer leads in and another out.
    """

    def __init__(self, levels: tuple[int, ...], width: int):
        super().__init__()
        if not levels or any(type(n) is not int or not 2 <= n <= 4096 for n in levels) or math.prod(levels) > MOST_CODES:
            raise ValueError(f"its FSQ levels {levels} are not whole numbers from 2 on with a product of {MOST_CODES:,} at most")
        self.levels, dims = levels, len(levels)
        self.project_in = nn.Identity() if width == dims else nn.Linear(width, dims)
        self.project_out = nn.Identity() if width == dims else nn.Linear(dims, width)

    @property
    def codebook(self) -> Tensor:
        """All codes, float32 [K, D], each dimension from −1 on in even steps."""
        return self._code(torch.arange(math.prod(self.levels)))

    def encode(self, z_e: Tensor) -> Tensor:
        """float [B, width, H', W'] → tokens int64 [B, H', W']."""
        z = self.project_in(z_e.movedim(1, -1))
        levels = torch.tensor(self.levels)
        half = (levels - 1) * (1 + ROUND_IN) / 2
        offset = torch.where(levels % 2 == 0, 0.5, 0.0)
        bounded = torch.tanh(z + torch.atanh(offset / half)) * half - offset
        digits = bounded.round().long() + levels // 2
        return (digits * self._places()).sum(-1)

    def decode(self, tokens: Tensor) -> Tensor:
        """tokens int64 [B, H', W'] → float32 [B, width, H', W']."""
        return self.project_out(self._code(tokens)).movedim(-1, 1)

    def _code(self, tokens: Tensor) -> Tensor:
        levels = torch.tensor(self.levels)
        digits = tokens[..., None] // self._places() % levels
        half = levels // 2
        return (digits - half) / half

    def _places(self) -> Tensor:
        """What one step of each dimension adds to the index."""
        return torch.tensor([math.prod(self.levels[:i]) for i in range(len(self.levels))])
