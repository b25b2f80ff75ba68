"""How near two pictures are, how evenly a codebook is used (its perplexity), and what tokens cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

SSIM_WINDOW = 7
PATTERN = 4  # tokens, in each direction, over which what repeats from token to token is looked for
FLAT = 5.0  # grey levels, the standard deviation up to which a place is flat


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures of one shape, in dB; infinity where they are equal. ValueError for others."""
    if a.shape != b.shape or not a.size:
        raise ValueError(f"PSNR compares two pictures of one shape, but got {a.shape} and {b.shape}.")
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return math.inf if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of two uint8 pictures [H, W, C], 1 where they are equal (Wang et al. 2004).

    Uniform 7 × 7 windows with sample variances, the mean over windows and channels, as scikit-image computes it.
    A picture with a side below 7 is compared in one window as large as fits.
    ValueError for what aren't two pictures of one shape.
    """
    if a.ndim != 3 or a.shape != b.shape or not a.size:
        raise ValueError(f"SSIM compares two pictures [H, W, C] of one shape, a grey one as [H, W, 1], but got {a.shape} and {b.shape}.")
    x, y = (torch.from_numpy(np.array(p, np.float64)).movedim(-1, 0)[:, None] for p in (a, b))
    window = [min(SSIM_WINDOW, size) for size in x.shape[2:]]
    samples = window[0] * window[1]
    mean_x, mean_y, xx, yy, xy = (F.avg_pool2d(p, window, stride=1) for p in (x, y, x * x, y * y, x * y))
    unbiased = samples / max(1, samples - 1)
    var_x, var_y, cov = (unbiased * p for p in (xx - mean_x**2, yy - mean_y**2, xy - mean_x * mean_y))
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    scores = (2 * mean_x * mean_y + c1) * (2 * cov + c2) / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    return float(scores.mean())


def laplacian_energy(picture: np.ndarray) -> float:
    """How sharp a picture is: the mean square of the discrete Laplacian of its grey values (mean over channels), uint8 [H, W, C]."""
    grey = picture.astype(np.float64).mean(-1)
    around = grey[1:-1, :-2] + grey[1:-1, 2:] + grey[:-2, 1:-1] + grey[2:, 1:-1]
    return float(np.square(around - 4 * grey[1:-1, 1:-1]).mean())


def grid_energy(picture: np.ndarray, decoded: np.ndarray, f: int) -> float | None:
    """How much of a grid of f pixels (and so of its halves and quarters) a decoder leaves where a picture is flat: the mean
    pattern_energy there, in grey levels². Both uint8 [H, W, C]; None where no place is flat."""
    side = PATTERN * f
    if min(picture.shape[:2]) < side:
        return None
    grey, change = (torch.from_numpy(x.mean(-1))[None] for x in (picture.astype(np.float64), decoded.astype(np.float64) - picture))
    flat = grey.unfold(1, side, side).unfold(2, side, side).std((3, 4), correction=0) <= FLAT
    return float(pattern_energy(change, f)[flat].mean()) if flat.any() else None


def pattern_energy(difference: Tensor, f: int) -> Tensor:
    """What repeats from token to token in a difference of grey pictures [B, H, W]: in each square of PATTERN × PATTERN tokens the mean
    square of the pattern [f, f] that they have in common, about its mean, [B, H // (PATTERN f), W // (PATTERN f)]. Texture has none,
    and the grid that a decoder leaves on flat places is nothing else."""
    n = PATTERN
    rows, columns = (size // (n * f) for size in difference.shape[1:])
    cells = difference[:, : rows * n * f, : columns * n * f].reshape(-1, rows, n, f, columns, n, f)
    pattern = cells.mean((2, 5))
    return (pattern - pattern.mean((2, 4), keepdim=True)).square().mean((2, 4))


def entropy(counts: np.ndarray | Tensor) -> Tensor:
    """−Σ p log₂ p of a histogram of tokens, or of shares: what a token costs where nothing is known of its neighbours, in
    bits, float64 (float32 on a device that has no float64). 0 where there is no token."""
    counts = torch.as_tensor(counts)
    counts = counts.to(finest_type(counts.device))
    total = counts.sum()
    return torch.special.entr(counts / torch.where(total > 0, total, 1)).sum() / math.log(2)


def perplexity(counts: np.ndarray | Tensor) -> Tensor:
    """2 to the entropy of a histogram of tokens, in codes: 1 where one code is used, K where all are alike; 0 where there is
    no token."""
    counts = torch.as_tensor(counts)
    return torch.where(counts.sum() > 0, entropy(counts).exp2(), 0)


def fixed_bits(tokens: Sequence[Tensor | np.ndarray], codebook_sizes: Sequence[int]) -> float:
    """What grids of tokens take at log₂ K bits each, K by level."""
    return sum(math.prod(grid.shape) * math.log2(size) for grid, size in zip(tokens, codebook_sizes, strict=True))


def finest_type(device: torch.device) -> torch.dtype:
    """float64, or float32 on Apple's GPUs, which have no other."""
    return torch.float32 if device.type == "mps" else torch.float64
