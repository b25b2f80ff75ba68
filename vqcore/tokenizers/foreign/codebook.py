"""The tables that other people's tokenizers have between encoder and decoder, for use alone: they were trained elsewhere."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.quantizers.fsq import MOST_CODES
from vqcore.quantizers.vq import nearest_codes


class Codebook(nn.Module):
    """A table of K codes of D dimensions; a vector becomes the nearest.

    unit: codes and vectors are brought to length 1 first (ViT-VQGAN, 2110.04627, §3.1), so that the angle alone decides: the code
    with the largest cosine is the nearest one on the unit sphere.
    """

    def __init__(self, codebook_size: int, code_dim: int, unit: bool = False):
        super().__init__()
        _check_sizes(codebook_size, code_dim)
        self.embedding, self.unit = nn.Embedding(codebook_size, code_dim), unit

    @property
    def codebook(self) -> Tensor:
        """float32 [K, D], each of length 1 where the angle decides."""
        codes = self.embedding.weight.detach()
        return F.normalize(codes, dim=1) if self.unit else codes

    def encode(self, z_e: Tensor) -> Tensor:
        """float [B, D, H', W'] → tokens int64 [B, H', W']."""
        vectors = self.locate(z_e).movedim(1, -1)
        return nearest_codes(vectors.flatten(0, -2), self.codebook).view(vectors.shape[:-1])

    def locate(self, z_e: Tensor) -> Tensor:
        """Where vectors lie among the codes: where they are, or on the sphere."""
        return F.normalize(z_e, dim=1) if self.unit else z_e

    def decode(self, tokens: Tensor) -> Tensor:
        """tokens int64 [B, H', W'] → float32 [B, D, H', W']."""
        return F.embedding(tokens, self.codebook).movedim(-1, 1)


class GumbelCodebook(nn.Module):
    """A table of K codes of D dimensions, and a pointwise layer that tells how likely each is (Gumbel softmax, 1611.01144).

    A vector becomes the likeliest code. The original draws one by those odds even when it isn't trained; DALL-E, and whoever builds on
    these tokens, takes the likeliest. The names are those of taming-transformers.
    """

    def __init__(self, codebook_size: int, code_dim: int):
        super().__init__()
        _check_sizes(codebook_size, code_dim)
        self.proj, self.embed = nn.Conv2d(code_dim, codebook_size, 1), nn.Embedding(codebook_size, code_dim)

    @property
    def codebook(self) -> Tensor:
        """float32 [K, D]."""
        return self.embed.weight.detach()

    def encode(self, z_e: Tensor) -> Tensor:
        """float [B, D, H', W'] → tokens int64 [B, H', W']."""
        return self.proj(z_e).argmax(1)

    def locate(self, z_e: Tensor) -> Tensor:
        """ValueError: a layer of its own chooses, which looks at no distance."""
        raise ValueError("A layer of its own chooses the codes of a GumbelVQ, not the distance to them: no place among them can be told.")

    def decode(self, tokens: Tensor) -> Tensor:
        """tokens int64 [B, H', W'] → float32 [B, D, H', W']."""
        return F.embedding(tokens, self.codebook).movedim(-1, 1)


def _check_sizes(codebook_size: int, code_dim: int) -> None:
    if not 1 <= codebook_size <= MOST_CODES or not 1 <= code_dim <= 4096:
        raise ValueError(f"it has {codebook_size} codes of {code_dim} dimensions; up to {MOST_CODES:,} of 4096 are read")
