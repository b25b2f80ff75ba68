"""t-SNE: a flat map on which neighbours stay neighbours (van der Maaten and Hinton 2008, "Visualizing Data using t-SNE").

Attraction is summed over each vector's nearest neighbours only, as in Barnes-Hut-SNE (1301.3342); repulsion over all
pairs, some rows at a time, so that memory grows with N and not with N².
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vqcore.study.pca import principal_components

EXAGGERATION, EXAGGERATED_STEPS = 12.0, 250
ROWS_AT_ONCE = 256
SMALLEST_GAIN = 0.01


@torch.inference_mode()
def neighbourhood_map(vectors: Tensor, perplexity: float = 30.0, steps: int = 750) -> Tensor:
    """float [N, D] → places float32 [N, 2], around 0. The same vectors give the same map.

    perplexity: about how many neighbours each vector minds, above 0; a third of those that there are, where they are few.
    ValueError for what are no finite vectors.
    """
    if vectors.ndim != 2 or not vectors.shape[1] or not vectors.isfinite().all():
        raise ValueError(f"A map is of vectors [N, D] of finite numbers, and {list(vectors.shape)} here aren't so.")
    if not 0 < perplexity < math.inf:
        raise ValueError(f"The perplexity is a number of neighbours above 0, not {perplexity}.")
    count = len(vectors)
    if not count:
        return torch.zeros(0, 2)
    start = principal_map(vectors)[0]
    if count < 4:
        return start
    i, j, p = _affinities(vectors.float(), min(perplexity, (count - 1) / 3))
    places = 1e-4 * start / start[:, 0].std().clamp_min(1e-12)
    rate = max(count / EXAGGERATION / 4, 50.0)
    speed, gains = torch.zeros_like(places), torch.ones_like(places)
    for step in range(steps):
        early = step < EXAGGERATED_STEPS
        gradient = _gradient(places, i, j, p * EXAGGERATION if early else p)
        gains = torch.where(speed * gradient < 0, gains + 0.2, gains * 0.8).clamp_min(SMALLEST_GAIN)
        speed = (0.5 if early else 0.8) * speed - rate * gains * gradient
        places = places + speed
        places -= places.mean(0)
    return places


def principal_map(vectors: Tensor) -> tuple[Tensor, float]:
    """The plane in which vectors [N, D] spread most: places float32 [N, 2], and the share of their variance in it."""
    mean, components, variances = principal_components(vectors)
    places = torch.zeros(len(vectors), 2, dtype=torch.float64)
    places[:, : len(components[:2])] = (vectors - mean) @ components[:2].T
    # The sign of a principal direction is free: turn it so that the farthest vector lies on the positive side.
    places *= places.gather(0, places.abs().argmax(0)[None]).sign()
    return places.float(), float(variances[:2].sum() / variances.sum().clamp_min(1e-30))


def _affinities(vectors: Tensor, perplexity: float) -> tuple[Tensor, Tensor, Tensor]:
    """Pairs (i, j) of near vectors and the share p of each: eq. 1 of the paper, made symmetric; 2 Σ p = 1."""
    near = min(len(vectors) - 1, round(3 * perplexity))
    centred = vectors - vectors.mean(0)
    distances, j = [], []
    for rows in torch.arange(len(vectors)).split(ROWS_AT_ONCE):
        apart = torch.cdist(centred[rows], centred, compute_mode="donot_use_mm_for_euclid_dist").square()
        apart[torch.arange(len(rows)), rows] = torch.inf
        nearest = apart.topk(near, largest=False)
        distances.append(nearest.values)
        j.append(nearest.indices)
    distances, j = torch.cat(distances), torch.cat(j)
    distances = (distances - distances[:, :1]) / distances.mean().clamp_min(1e-30)

    low, high = torch.full((len(vectors), 1), -20.0), torch.full((len(vectors), 1), 20.0)
    for _ in range(40):  # a bisection for the logarithm of each vector's precision 1 / 2σ²
        middle = (low + high) / 2
        p = torch.softmax(-middle.exp() * distances, 1)
        wide = torch.special.entr(p).sum(1, keepdim=True) > math.log(perplexity)
        low, high = torch.where(wide, middle, low), torch.where(wide, high, middle)
    i = torch.arange(len(vectors))[:, None].expand_as(j)
    return i.flatten(), j.flatten(), p.flatten() / (2 * len(vectors))


def _gradient(places: Tensor, i: Tensor, j: Tensor, p: Tensor) -> Tensor:
    """4 Σ_j (p_ij − q_ij) (y_i − y_j) / (1 + ‖y_i − y_j‖²), eq. 5 of the paper, for places y [N, 2]."""
    apart = places[i] - places[j]
    pull = (p / (1 + apart.square().sum(1)))[:, None] * apart
    attraction = torch.zeros_like(places).index_add_(0, i, pull).index_add_(0, j, -pull)

    norms = places.square().sum(1)
    total, repulsion = 0.0, torch.empty_like(places)
    for rows in torch.arange(len(places)).split(ROWS_AT_ONCE):
        distances = torch.addmm(norms, places[rows], places.T, alpha=-2).add_(norms[rows, None]).clamp_min_(0)
        kernel = distances.add_(1).reciprocal_()
        total += float(kernel.sum()) - len(rows)
        kernel.square_()
        repulsion[rows] = kernel.sum(1, keepdim=True) * places[rows] - kernel @ places
    return 4 * (attraction - repulsion / total)
