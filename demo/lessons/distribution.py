"""Lesson 5: a latent that is assumed Normal, beside latents that are uniform, marginal and autoregressive."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from demo import models
from demo.lessons import fashion
from demo.lessons.limits import check_number, check_points
from vqcore.metrics import entropy
from vqcore.priors.base import Prior
from vqcore.study.independent import draw_independent
from vqcore.study.vae import VAE

DRAWN = 8
MOST_SEED = 1_000_000


@dataclass(frozen=True)
class Decoded:
    """A place of the plane of latents: its picture, uint8 [H, W, 3], and N(0, I)'s density there over that at 0."""

    picture: np.ndarray
    density: float


@dataclass(frozen=True)
class Drawn:
    """DRAWN pictures in a strip, uint8 [H, DRAWN·W, 3], and the name of the model that they are by.

    cost: bits that the distribution itself pays for a token on average;  judged: bits that the autoregressive prior pays
    for these tokens. The Normal latent has no tokens, and so no bits.
    """

    pictures: np.ndarray
    by: str
    cost: float | None = None
    judged: float | None = None


def decode_latent(autoencoder: VAE, z: Tensor) -> Decoded:
    """What a place z, float [2], is decoded to."""
    check_points(z[None], 1)
    z = z.float()
    return Decoded(fashion.strip(autoencoder.decode(z[None])), math.exp(-float(z.square().sum()) / 2))


def draw_normal(autoencoder: VAE, seed: int) -> Drawn:
    """From z that are drawn from N(0, I)."""
    check_number(seed, 0, MOST_SEED)
    return Drawn(fashion.strip(autoencoder.sample(DRAWN, seed)), autoencoder.name)


def draw_tokens(prior: Prior, kind: str, seed: int, temperature: float) -> Drawn:
    """From tokens that are "uniform", "marginal" (each drawn by its share in training) or "autoregressive" (the prior's)."""
    check_number(seed, 0, MOST_SEED)
    (grid,) = prior.layout.grids
    shares = torch.ones(grid.codebook_size)
    if kind == "marginal":
        shares = torch.from_numpy(models.usage(models.tokenizer_of(prior).levels[-1]).copy())
    if kind == "autoregressive":
        check_number(temperature, 0, 4)
        tokens = prior.sample(DRAWN, temperature=temperature, seed=seed)[0]
    elif kind in ("uniform", "marginal"):
        tokens = draw_independent(shares, grid.shape, DRAWN, seed)
    else:
        raise ValueError("Draw from the normal, uniform, marginal or autoregressive distribution.")
    judged = float(prior.bits([tokens])[0].mean())
    cost = judged if kind == "autoregressive" else float(entropy(shares))
    return Drawn(fashion.pictures_of(prior, tokens), prior.name, cost, judged)
