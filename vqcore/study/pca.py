"""Principal Components Analysis as an autoencoder: the linear one, whose codebook are the components.

    z = (x − x̄) V_{1:n'},   x̃ = x̄ + z V_{1:n'}ᵀ        (the notes' x̂ = z 𝕍ᵀ, around the mean x̄)

Where a tokenizer names one of K codes, PCA gives a weight to each of the first n' components.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vqcore.files import shown


@dataclass(frozen=True)
class PCA:
    """Components of patches, or of whole pictures where a patch is one.

    patch: (height, width) in pixels;  channels: C;  mean: x̄, float32 [n] with n = C·height·width;
    components: Vᵀ, float32 [n, n], a row a component, the widest variance first;  variances: float32 [n];
    ranges: the least and the greatest weight of each among the patches that it was fitted on, float32 [2, n].
    """

    patch: tuple[int, int]
    channels: int
    mean: Tensor
    components: Tensor
    variances: Tensor
    ranges: Tensor

    @property
    def size(self) -> int:
        """n, the values of a patch and the number of components."""
        return len(self.mean)

    def encode(self, images: Tensor, weights: int | None = None) -> Tensor:
        """images [B, C, H, W] → z, the first n' = `weights` weights of each patch, [B, n', H/height, W/width]."""
        kept = self._kept(weights)
        x = cut_patches(images, self.patch)
        return ((x - self.mean) @ self.components[:kept].T).movedim(-1, 1)

    def decode(self, z: Tensor) -> Tensor:
        """z [B, n', h, w] → x̃, images [B, C, h·height, w·width]. What n' is, z says."""
        kept = self._kept(z.shape[1])
        x = self.mean + z.movedim(1, -1) @ self.components[:kept]
        return join_patches(x, self.patch, self.channels)

    def rounded(self, z: Tensor, bits: int) -> Tensor:
        """z with each weight rounded to one of 2^bits equal steps of its component's range, bits 1 … 32: what n'·bits bits can say."""
        if type(bits) is not int or not 1 <= bits <= 32:
            raise ValueError(f"Round each weight to 1 bit at least and 32 at most, a whole number, not {shown(bits)}.")
        low, high = self.ranges[:, : self._kept(z.shape[1]), None, None]
        step = (high - low).clamp_min(1e-6) / (2**bits - 1)
        return low + ((z - low) / step).round().clamp(0, 2**bits - 1) * step

    def reconstruct(self, images: Tensor, weights: int | None = None) -> Tensor:
        """images → what their first n' weights decode to."""
        return self.decode(self.encode(images, weights))

    def _kept(self, weights: int | None) -> int:
        kept = self.size if weights is None else weights
        if type(kept) is not int or not 0 <= kept <= self.size:
            raise ValueError(f"n' is a number of components, 0 … {self.size}, not {shown(kept)}.")
        return kept


def fit_pca(images: Tensor, patch: tuple[int, int] | None = None) -> PCA:
    """The components of these images [B, C, H, W]: of their patches, or with `patch=None` of the whole pictures.

    The sign of a component is such that its largest entry is positive, as scikit-learn has it.
    """
    patch = patch or (images.shape[2], images.shape[3])
    x = cut_patches(images, patch).flatten(0, 2).double()
    if len(x) < 2:
        raise ValueError(f"Components are directions in which patches differ: fit on two patches or more, not {len(x)}.")
    mean, components, variances = principal_components(x)
    weights = (x - mean) @ components.T
    return PCA(
        patch, images.shape[1], mean.float(), components.float(), variances.float(),
        torch.stack([weights.amin(0), weights.amax(0)]).float(),
    )


def principal_components(vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of vectors [N, n]: their mean [n], the components [n, n], a row a component, the widest variance first, and the variances
    [n], all float64. Each component's largest entry is positive."""
    x = vectors.double()
    mean = x.mean(0)
    variances, axes = torch.linalg.eigh((x - mean).T @ (x - mean) / max(1, len(x) - 1))
    components = axes.flip(1).T
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    return mean, components * largest.sign(), variances.flip(0).clamp_min(0)


def cut_patches(images: Tensor, patch: tuple[int, int]) -> Tensor:
    """[B, C, H, W] → [B, H/height, W/width, C·height·width]."""
    height, width = patch
    if images.ndim != 4 or images.shape[2] % height or images.shape[3] % width or 0 in images.shape[1:]:
        raise ValueError(f"Patches of {height} × {width} pixels don't tile images of shape {list(images.shape)}. Crop them first.")
    tiles = images.unflatten(3, (-1, width)).unflatten(2, (-1, height))
    return tiles.permute(0, 2, 4, 1, 3, 5).flatten(3)


def join_patches(patches: Tensor, patch: tuple[int, int], channels: int) -> Tensor:
    """The inverse of `cut_patches`: [B, h, w, C·height·width] → [B, C, h·height, w·width]."""
    height, width = patch
    if patches.shape[-1] != math.prod((channels, height, width)):
        raise ValueError(f"A patch of {channels} × {height} × {width} values isn't {patches.shape[-1]} long.")
    tiles = patches.unflatten(3, (channels, height, width)).permute(0, 3, 1, 4, 2, 5)
    return tiles.flatten(4, 5).flatten(2, 3)
