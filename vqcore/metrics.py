"""How near two pictures are, and how evenly a codebook is used."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

SSIM_WINDOW = 7


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures of one shape, in dB; infinity where they are equal."""
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return math.inf if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of two uint8 pictures [H, W, C], 1 where they are equal (Wang et al. 2004).

    Uniform 7 × 7 windows with sample variances, the mean over windows and channels, as scikit-image computes it.
    A picture with a side below 7 is compared in one window as large as fits.
    """
    x, y = (torch.from_numpy(np.array(p, np.float64)).movedim(-1, 0)[:, None] for p in (a, b))
    window = [min(SSIM_WINDOW, size) for size in x.shape[2:]]
    samples = window[0] * window[1]
    mean_x, mean_y, xx, yy, xy = (F.avg_pool2d(p, window, stride=1) for p in (x, y, x * x, y * y, x * y))
    unbiased = samples / max(1, samples - 1)
    var_x, var_y, cov = (unbiased * p for p in (xx - mean_x**2, yy - mean_y**2, xy - mean_x * mean_y))
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    scores = (2 * mean_x * mean_y + c1) * (2 * cov + c2) / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    return float(scores.mean())


def perplexity(counts: np.ndarray) -> float:
    """e to the entropy of a histogram of tokens, in codes; 0 where there is no token."""
    counts = np.asarray(counts, np.float64)
    p = counts[counts > 0] / max(1, counts.sum())
    return float(np.exp(-(p * np.log(p)).sum())) if len(p) else 0.0
