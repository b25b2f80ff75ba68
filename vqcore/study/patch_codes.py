"""A codebook of raw patches: quantization without an encoder, to stand beside PCA at the same number of numbers.

A patch is cut into n' equal pieces, and each is named by the nearest of K codes: n' integers where PCA has n' weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vqcore.quantizers.vq import VectorQuantizer, nearest_codes
from vqcore.study.pca import cut_patches, join_patches

FITTED_ON, ROUNDS = 4096, 6
"""The most pieces that codes are fitted on, and how often they are."""


@dataclass(frozen=True)
class PatchCodes:
    """patch: (height, width) in pixels;  piece: (channels, height, width), a part of a patch;  channels: C of the images;
    codebook: K codes, float32 [K, channels·height·width of a piece], darkest first.
    """

    patch: tuple[int, int]
    piece: tuple[int, int, int]
    channels: int
    codebook: Tensor

    @property
    def numbers(self) -> int:
        """n', the pieces and so the integers of a patch."""
        return self.channels * math.prod(self.patch) // math.prod(self.piece)

    def encode(self, images: Tensor) -> Tensor:
        """images [B, C, H, W] → k, int64 [B, H/height, W/width, n']."""
        pieces = cut_pieces(images, self.patch, self.piece)
        return nearest_codes(pieces.flatten(0, 3), self.codebook).view(pieces.shape[:4])

    def decode(self, tokens: Tensor) -> Tensor:
        """int64 [B, h, w, n'] → images [B, C, h·height, w·width]."""
        return join_pieces(self.codebook[tokens], self.patch, self.piece, self.channels)


@torch.no_grad()
def fit_patch_codes(images: Tensor, patch: tuple[int, int], piece: tuple[int, int, int], size: int, seed: int = 0) -> PatchCodes:
    """K = `size` codes for the pieces of these images' patches, by k-means.

    That is what a codebook of moving averages does when the averages forget everything and the batch is always the same.
    """
    pieces = cut_pieces(images, patch, piece).flatten(0, 3)
    pieces = pieces[torch.randperm(len(pieces), generator=torch.Generator().manual_seed(seed))[:FITTED_ON]]
    quantizer = VectorQuantizer(size, pieces.shape[1], ema_decay=0.0, revive_below=0.05)
    for _ in range(ROUNDS):
        quantizer(pieces)
    codebook = quantizer.codebook[quantizer.codebook.mean(1).argsort()]
    return PatchCodes(patch, piece, images.shape[1], codebook)


def cut_pieces(images: Tensor, patch: tuple[int, int], piece: tuple[int, int, int]) -> Tensor:
    """[B, C, H, W] → [B, H/height, W/width, n', n/n'], a patch's pieces in the order channels, rows, columns."""
    channels, height, width = piece
    if images.shape[1] % channels or patch[0] % height or patch[1] % width:
        raise ValueError(f"Pieces of {piece} don't tile patches of {(images.shape[1], *patch)} values. Choose divisors.")
    patches = cut_patches(images, patch).unflatten(3, (images.shape[1], *patch))
    tiles = patches.unflatten(5, (-1, width)).unflatten(4, (-1, height)).unflatten(3, (-1, channels))
    return tiles.permute(0, 1, 2, 3, 5, 7, 4, 6, 8).flatten(6).flatten(3, 5)


def join_pieces(pieces: Tensor, patch: tuple[int, int], piece: tuple[int, int, int], channels: int) -> Tensor:
    """The inverse of `cut_pieces`."""
    counts = (channels // piece[0], patch[0] // piece[1], patch[1] // piece[2])
    tiles = pieces.unflatten(4, piece).unflatten(3, counts)
    return join_patches(tiles.permute(0, 1, 2, 3, 6, 4, 7, 5, 8).flatten(3), patch, channels)
