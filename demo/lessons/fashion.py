"""The models of the last two lessons: a prior with its tokenizer, and the variational autoencoder beside them."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from demo import models
from demo.kit.images import to_rgb
from vqcore.checkpoints import load_vae
from vqcore.priors.base import Prior
from vqcore.study.vae import VAE
from vqcore.tokenizers.pixels import to_pixels

PRIOR, AUTOENCODER = "fashion-prior", "fashion-vae"


def prior() -> Prior:
    """Fashion-MNIST's prior, or the first of one level where this page has others only. ValueError where it has none."""
    flat = [each for each in models.priors().values() if len(each.layout.grids) == 1]
    for each in sorted(flat, key=lambda each: each.name != PRIOR):
        return each
    raise ValueError(f"There is no {PRIOR} in checkpoints/. Train it: python -m vqcore.train fashion --help")


@lru_cache(maxsize=1)
def autoencoder() -> VAE:
    """The variational autoencoder. ValueError, for the person, where this page has none."""
    try:
        return load_vae(AUTOENCODER)
    except ValueError:
        raise ValueError(f"There is no {AUTOENCODER} in checkpoints/. Train it: python -m vqcore.train vae --help") from None


def pictures_of(prior: Prior, tokens: Tensor) -> np.ndarray:
    """Grids int64 [n, h, w] of the prior's tokenizer → its pictures side by side, uint8 [H, n·W, 3]."""
    with torch.inference_mode():
        return strip(models.tokenizer_of(prior).decode([tokens]))


def strip(images: Tensor) -> np.ndarray:
    """Pictures [n, C, H, W] in [-1, 1] side by side, uint8 [H, n·W, 3]."""
    pixels = to_rgb(to_pixels(images))
    return pixels.swapaxes(0, 1).reshape(pixels.shape[1], -1, 3)
