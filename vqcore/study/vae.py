"""A small variational autoencoder (Kingma & Welling 2013, 1312.6114): the latent is *assumed* to be Normal.

    q(z|x) = N(μ(x), σ²(x)),   p(z) = N(0, I),   loss = −E_q ln p(x|z) + KL(q(z|x) ‖ p(z))        (eq. 10)

Two latent numbers, so that all of them fit on a screen. Beside a tokenizer and its prior, which learn the distribution
of the latents instead, it shows what the assumption costs.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.files import CONFIG, WEIGHTS, check_sizes, load_weights, read_tensors, settings_of, write_json, write_tensors


@dataclass(frozen=True)
class VAEConfig:
    """side: of its square grey pictures, in pixels;  latent: numbers in z;  widths: of the hidden layers, outer first."""

    side: int = 28
    latent: int = 2
    widths: tuple[int, ...] = (192, 128)


@dataclass(frozen=True)
class Bound:
    """The two terms of the loss in nats a pixel: −ln p(x|z), with pixels as Bernoulli means, and the divergence."""

    reconstruction: Tensor
    divergence: Tensor

    @property
    def loss(self) -> Tensor:
        return self.reconstruction + self.divergence


class VAE(nn.Module):
    """Grey pictures [B, 1, side, side] in [-1, 1] to Normal latents [B, latent], and back."""

    def __init__(self, config: VAEConfig = VAEConfig(), name: str = ""):
        super().__init__()
        self.config, self.name = config, name
        sizes = (config.side**2, *config.widths)
        self.encoder = _layers([*sizes, 2 * config.latent])
        self.decoder = _layers([config.latent, *reversed(sizes)])
        self.seen: Tensor | None = None  # μ(x) of pictures that it didn't train on, [N, latent]

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """images → μ and ln σ², each [B, latent]."""
        return self.encoder(images.flatten(1)).chunk(2, 1)

    def decode(self, z: Tensor) -> Tensor:
        """z [B, latent] → the mean picture, [B, 1, side, side] in [-1, 1]."""
        return self.decoder(z).tanh().view(-1, 1, self.config.side, self.config.side)

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """n pictures from z drawn from N(0, I)."""
        generator = torch.Generator().manual_seed(seed)
        return self.decode(torch.randn(n, self.config.latent, generator=generator))

    def forward(self, images: Tensor) -> Bound:
        """The loss with one z drawn for each picture: z = μ + σ ε (the reparameterization, §2.4)."""
        mean, log_variance = self.encode(images)
        z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        # tanh(l) = 2 sigmoid(2 l) − 1, so 2 l are the logits of the pixel in [0, 1].
        reconstruction = F.binary_cross_entropy_with_logits(2 * self.decoder(z), (images.flatten(1) + 1) / 2)
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2  # appendix B
        return Bound(reconstruction, divergence / images[0].numel())


def save_vae(model: VAE, folder: str | os.PathLike) -> Path:
    """Write config.json and model.safetensors in half precision."""
    folder = Path(folder)
    tensors = {name: tensor.half() for name, tensor in model.state_dict().items()}
    if model.seen is not None:
        tensors["seen"] = model.seen.half()
    write_tensors(folder / WEIGHTS, tensors)
    write_json(folder / CONFIG, {"kind": "vae", "version": 1, "network": dataclasses.asdict(model.config)})
    return folder


def read_vae(folder: Path, config: Mapping[str, Any], name: str) -> VAE:
    """The autoencoder in a folder whose config is this. ValueError says what is wrong with it."""
    tensors = read_tensors(folder / WEIGHTS)
    try:
        described = settings_of(VAEConfig, config["network"])
        check_sizes((described.side**2, described.latent, *described.widths), tensors)
        model = VAE(described, name)
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{folder / CONFIG} doesn't describe a model that this version knows: {error}.") from None
    seen = tensors.pop("seen", None)
    load_weights(model, tensors, folder)
    model.seen = None if seen is None else seen.float()
    return model.eval().requires_grad_(False)


def _layers(sizes: list[int]) -> nn.Sequential:
    """Linear layers of these sizes with SiLU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.SiLU()]
    return nn.Sequential(*layers[:-1])
