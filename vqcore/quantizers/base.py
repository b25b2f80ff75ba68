"""The contract Quantizer: from continuous vectors z_e to integers, and back to vectors z_q."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Quantized:
    """What the quantizer made of z_e [B, D, *S'].

    z_q: the chosen codes, with the gradient of the straight-through estimator, [B, D, *S'];  tokens: their indices, int64 [B, *S'];
    codebook_loss: mean ‖sg(z_e) − z_q‖² over elements, sg the stop-gradient (`detach`);  commitment_loss: the commitment
    loss, mean ‖z_e − sg(z_q)‖² over elements;
    loss: what to add to the reconstruction loss;  perplexity: 2 to the entropy of the tokens, in codes, 1 … K.
    """

    z_q: Tensor
    tokens: Tensor
    codebook_loss: Tensor
    commitment_loss: Tensor
    loss: Tensor
    perplexity: Tensor


class Quantizer(nn.Module, ABC):
    """K codes, and the rule by which a vector of `code_dim` values becomes one of them.

    codebook: float32 [K, ·], what tells the codes apart (for a table its D-dimensional codes e_k).
    """

    private: ClassVar[tuple[str, ...]] = ()
    """Tensors that only training needs; a checkpoint has none of them."""
    is_table: ClassVar[bool] = False
    """Whether each code can be had without the others, so that some can be left out."""
    codebook_size: int
    code_dim: int
    codebook: Tensor

    @classmethod
    @abstractmethod
    def of(cls, config: Any, code_dim: int) -> Quantizer:
        """An untrained one as its config says, for vectors of `code_dim` values."""

    @abstractmethod
    def forward(self, z_e: Tensor) -> Quantized:
        """z_e: float [B, D, *S'], any number of spatial dimensions. In training mode a codebook that learns does."""

    @abstractmethod
    def encode(self, z_e: Tensor) -> Tensor:
        """float [B, D, *S'] → tokens int64 [B, *S']."""

    def locate(self, z_e: Tensor) -> Tensor:
        """float [B, D, *S'] → where each vector lies among the codes, [B, ·, *S'] in the space of `codebook`: the nearest is its token."""
        return z_e

    @abstractmethod
    def decode(self, tokens: Tensor) -> Tensor:
        """tokens int64 [B, *S'] → their z_q, float32 [B, D, *S']."""

    def vectors(self) -> Tensor:
        """z_q of every code, float32 [K, D]."""
        return self.decode(torch.arange(self.codebook_size, device=self.codebook.device)[None])[0].T

    def adopt(self, codebook: Tensor, count: float) -> None:
        """Go on learning from a trained codebook [K, ·], as if each code had stood for `count` vectors a step; nothing to do
        where the codes are fixed."""

    def narrowed(self, codes: Tensor) -> Quantizer:
        """One with only these codes, int64 [n]. ValueError where the codes are no table to cut."""
        raise ValueError("The codes of this quantizer follow from a rule, so none of them can be left out.")


def checked_vectors(z_e: Tensor, code_dim: int) -> Tensor:
    """[B, D, *S'] → float32 [N, D] (or the wider type that it has), once it is sure that these are finite vectors of D values."""
    if not z_e.is_floating_point():
        raise ValueError(f"The quantizer takes float vectors, but got {z_e.dtype}. Convert with .float() first.")
    if z_e.ndim < 2 or z_e.shape[1] != code_dim:
        raise ValueError(f"The quantizer takes [B, D, *S'] with D = {code_dim}, but got a tensor of shape {list(z_e.shape)}.")
    if not torch.isfinite(z_e).all():
        raise ValueError(
            f"The quantizer takes finite vectors, but {int((~torch.isfinite(z_e)).sum())} of {z_e.numel()} values "
            "are NaN or infinite. In training this means that it diverged: lower the learning rate."
        )
    return z_e.movedim(1, -1).reshape(-1, code_dim).to(torch.promote_types(z_e.dtype, torch.float32))


def as_grid(vectors: Tensor, like: Tensor) -> Tensor:
    """[N, D] → [B, D, *S'], the shape of `like` in all but D."""
    return vectors.view(like.shape[0], *like.shape[2:], vectors.shape[1]).movedim(-1, 1)
