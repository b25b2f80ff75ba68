"""Better tokens than the encoder chooses, by going downhill on the decoder's error.

The encoder takes for each place the code that is nearest to what it sees there. What a token does to the picture depends on
its neighbours, so another code is often better. The error's gradient with respect to z_q tells which one may be (as HotFlip
exchanges letters, Ebrahimi et al. 2017, 1712.06751, §3): the nearest to z_q − η ∂‖x − x̃‖²/∂z_q. It is tried in the
decoder, and stays where it helped. As tokens reach only a few places, many are tried at a time, and one gradient serves for a
round of trials.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore.tokenizers import windows
from vqcore.tokenizers.base import Tokenizer, Trainable, checked_grid, padded
from vqcore.tokenizers.networks import autocast, memory_format

STEPS = (1.0, 2.0, 3.0, 5.0)  # a round each: how far to go, in half the distances between neighbouring codes
SPACING = 3  # tokens from one that is tried to the next
REACH = 1  # a change is judged by the error of its neighbours this far, in tokens, to each side of it
TOKENS_AT_ONCE = 4_096
COMPARED = 256  # codes whose nearest others tell how far codes lie apart
POOL = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def refine(
    tokenizer: Tokenizer, images: Tensor, tokens: Sequence[Tensor], rounds: Sequence[float] = STEPS,
    on_try: Callable[[], None] = lambda: None,
) -> list[Tensor]:
    """images float [B, C, *S] in [-1, 1] and [tokens int64 [B, *S']], as `tokenizer.encode(images)` gives them → tokens that
    decode to something nearer to the images by squared error, or as near.

    A round costs about as much as twelve decodes; `on_try` is called before each of its trials, nine in a picture. ValueError for a
    tokenizer of several levels, or one whose tokens reach everywhere.
    """
    if not can_refine(tokenizer) or tokenizer.halo is None:
        raise ValueError("Only tokens of one level, each of which reaches a few places, can be refined.")
    dims, level = tokenizer.spatial_dims, tokenizer.levels[0]
    f, x = level.downsampling, padded(images, tokenizer.channels, dims, level.downsampling)
    grid = checked_grid(tokens[0], dims, level.codebook_size)
    if x.shape[2:] != tuple(size * f for size in grid.shape[1:]) or len(x) != len(grid):
        raise ValueError(f"These tokens, {list(grid.shape)}, aren't those of these images, {list(images.shape)}.")
    refined, halo = grid.clone(), tokenizer.halo
    if level.codebook_size == 1:
        return [refined]
    for i in range(len(grid)):
        for tile in windows.tiles(grid.shape[1:], halo, TOKENS_AT_ONCE):
            window = windows.grown(tile, halo, grid.shape[1:])
            part = slice(i, i + 1)
            free = torch.zeros(refined[(part, *window)].shape, dtype=torch.bool, device=grid.device)
            free[(slice(None), *windows.inside(tile, window))] = True
            target = x[(part, slice(None), *windows.scaled(window, f))]
            refined[(part, *window)] = _Search(tokenizer, target).downhill(refined[(part, *window)], free, rounds, on_try)
    return [refined]


def can_refine(tokenizer: Tokenizer) -> TypeGuard[Trainable]:
    """Whether its tokens are of one level, each of which reaches a few places."""
    return len(tokenizer.levels) == 1 and tokenizer.halo is not None


class _Search:
    """The search in one window: x [1, C, *S]."""

    def __init__(self, tokenizer: Trainable, x: Tensor):
        self.decode, self.codebook = tokenizer.decode_vectors, tokenizer.quantizers[0].vectors().detach().float()
        self.x, self.f, self.pool = x, tokenizer.levels[0].downsampling, POOL[tokenizer.spatial_dims]
        some = self.codebook[:: max(1, len(self.codebook) // COMPARED)]
        apart = torch.cdist(some, self.codebook)
        self.apart = float(apart.masked_fill(apart == 0, torch.inf).amin(1).median())

    def downhill(self, grid: Tensor, free: Tensor, rounds: Sequence[float], on_try: Callable[[], None]) -> Tensor:
        """The tokens int64 [1, *S'] after all rounds; those that aren't `free` stay."""
        best, least, scale = grid, torch.inf, None
        for step in rounds:
            z_q, gradient, error = self._slope(grid)
            if error.sum() > least:  # changes that helped one by one, and not together
                grid = best
                z_q, gradient, error = self._slope(grid)
            best, least = grid, error.sum()
            if scale is None:
                scale = 0.5 * self.apart / gradient.norm(dim=-1).mean().clamp_min(1e-12)
            downhill = z_q - step * scale * gradient
            for phase in itertools.product(range(SPACING), repeat=grid.ndim - 1):
                on_try()
                tried = torch.zeros_like(free)
                tried[(slice(None), *(slice(start, None, SPACING) for start in phase))] = True
                tried &= free
                proposal = grid.clone()
                proposal[tried] = self._nearest_other(downhill[tried], grid[tried])
                proposed = self._error(proposal)
                better = tried & (self._about(proposed) < self._about(error))
                grid = torch.where(better, proposal, grid)
                # What all that was taken gives together isn't decoded before the next round: about each it is as it was tried.
                error = torch.where(self._about(better.float()) > 0, proposed, error)
        return grid if self._error(grid).sum() <= least else best

    def _slope(self, grid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """z_q and the gradient of ‖x − x̃‖² with respect to it, float [1, *S', D], and the error of each token.

        The gradient is of x̃ before it is clamped, which beyond the range would have no slope.
        """
        with torch.inference_mode(False), torch.enable_grad():
            z_q = F.embedding(grid.clone(), self.codebook.clone()).requires_grad_()
            x_tilde = self._decoded(z_q)
            (gradient,) = torch.autograd.grad((x_tilde - self.x).square().sum(), z_q)
        return z_q.detach(), gradient, self._squared(x_tilde.detach())

    def _nearest_other(self, vectors: Tensor, codes: Tensor) -> Tensor:
        """The code nearest to each vector, [n, D], that isn't the one it has, int64 [n]."""
        nearness = vectors @ self.codebook.mT - 0.5 * self.codebook.square().sum(1)
        return nearness.scatter_(1, codes[:, None], -torch.inf).argmax(1)

    @torch.no_grad()
    def _error(self, grid: Tensor) -> Tensor:
        return self._squared(self._decoded(F.embedding(grid, self.codebook)))

    def _decoded(self, z_q: Tensor) -> Tensor:
        """z_q [1, *S', D] → x̃, float32 [1, C, *S]."""
        with autocast(z_q.device.type):
            return self.decode(z_q.movedim(-1, 1).contiguous(memory_format=memory_format(z_q.ndim - 2))).float()

    def _squared(self, x_tilde: Tensor) -> Tensor:
        """‖x − x̃‖² of each token's own pixels, as they are shown: x̃ clamped to [-1, 1]. [1, *S']"""
        squares = (x_tilde.clamp(-1, 1) - self.x).square().sum(1, keepdim=True)
        return self.pool(squares, self.f)[:, 0] * self.f ** (squares.ndim - 2)

    def _about(self, error: Tensor) -> Tensor:
        """Of each token and those about it, up to REACH to each side: their error in the mean."""
        return self.pool(error[:, None], 2 * REACH + 1, stride=1, padding=REACH)[:, 0]
