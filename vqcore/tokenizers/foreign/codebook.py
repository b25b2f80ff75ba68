"""The table that other people's tokenizers have between encoder and decoder, for use alone: it was trained elsewhere."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.quantizers.fsq import MOST_CODES
from vqcore.quantizers.vq import nearest_codes


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

    def locate(self, z_e: Tensor) -> Tensor:
        """Where vectors lie among the codes: where they are."""
        return z_e

    def decode(self, tokens: Tensor) -> Tensor:
        """tokens int64 [B, H', W'] → float32 [B, D, H', W']."""
        return F.embedding(tokens, self.codebook).movedim(-1, 1)
