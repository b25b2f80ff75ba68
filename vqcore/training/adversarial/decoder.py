"""Training a second decoder for a tokenizer's codes, one that makes texture up where the squared error would blur it.

Encoder and codebook are frozen. A squared error asks for the mean of all pictures that a token could mean; a discriminator asks for
one of them (VQGAN, 2012.09841).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vqcore import distributed
from vqcore.checkpoints import home_name, load
from vqcore.files import write_picture
from vqcore.metrics import laplacian_energy, pattern_energy, psnr
from vqcore.tokenizers.appearance import appearances
from vqcore.tokenizers.base import Trainable
from vqcore.tokenizers.networks import Decoder
from vqcore.tokenizers.pixels import to_pixels
from vqcore.tokenizers.second_decoder import save_second_decoder, second_decoder
from vqcore.training.adversarial.discriminator import Discriminator, DiscriminatorConfig, brightness
from vqcore.training.adversarial.losses import balanced, detail_gap, hinge, shifted, visible_error
from vqcore.training.budget import Budget
from vqcore.training.material.pictures import Pictures, TokenizerRecipe, side_by_side
from vqcore.training.optimizer import Optimizer
from vqcore.training.run import Job, train
from vqcore.training.tokenizer import autocast

log = logging.getLogger(__name__)
VALIDATIONS = 20  # in a run
SHOWN = 8  # held-out pictures in reconstructions.png
MOMENTUM = 0.5  # of the discriminator's steps, shorter than others': what it aims at moves


@dataclass(frozen=True)
class DecoderRecipe:
    """How to train a second decoder.

    crop, batch, mirrored, longest_side, variance: as of a tokenizer;  rate: the decoder's peak learning rate;
    discriminator_rate: the other's;  adversarial: how large the gradient of what the discriminator says is, as a share of the
    error's;  detail: that of how much fine detail is missing;  grid: in the error, the weight of what repeats from token to token,
    which no picture does;  averaging: how much of the averaged decoder, which is the one that is kept, each step leaves as it is.
    """

    model: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    crop: int = 128
    batch: int = 12
    rate: float = 2e-4
    discriminator_rate: float = 1e-3
    mirrored: bool = True
    longest_side: int = 512
    variance: float = 0.05
    adversarial: float = 0.8
    detail: float = 0.5
    grid: float = 10.0
    averaging: float = 0.995

    def __post_init__(self):
        if self.batch < 1 or self.crop < 32:
            raise ValueError(f"A step takes at least one crop of at least 32 pixels, not {self.batch} of {self.crop}.")


class Rivals(nn.Module):
    """All that is trained or kept up: the decoder, what judges it, and the decoder's running average."""

    def __init__(self, decoder: Decoder, discriminator: Discriminator):
        super().__init__()
        self.decoder, self.discriminator, self.average = decoder, discriminator, deepcopy(decoder).requires_grad_(False)


class TwoOptimizers:
    """One for each of the rivals, whose gradients are clipped apart and whose rates keep their ratio."""

    def __init__(self, decoder: Optimizer, discriminator: Optimizer, ratio: float):
        self.decoder, self.discriminator, self.ratio = decoder, discriminator, ratio

    def step(self, rate: float) -> float:
        self.discriminator.step(rate * self.ratio)
        return self.decoder.step(rate)

    def state(self) -> dict[str, Tensor]:
        parts = {"decoder": self.decoder, "discriminator": self.discriminator}
        return {f"{name}.{key}": tensor for name, part in parts.items() for key, tensor in part.state().items()}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        for name, part in (("decoder", self.decoder), ("discriminator", self.discriminator)):
            part.load_state({key.removeprefix(f"{name}."): tensor for key, tensor in tensors.items() if key.startswith(f"{name}.")})


def train_decoder(
    recipe: DecoderRecipe, tokenizer_name: str, sources: Sequence[str | Path], out: Path, budget: Budget, seed: int = 0,
    start: str | None = None,
) -> None:
    """Train until the budget is used up and leave the decoder in `out`; goes on where an earlier call stopped.

    start: a second decoder of the same tokenizer, whose weights to begin with instead of the tokenizer's own.
    """
    torch.manual_seed(seed)
    home = home_name(tokenizer_name)
    model = second_decoder(load(tokenizer_name), out.name).to(distributed.device())
    if start is not None:
        begun = load(start)
        if not isinstance(begun, Trainable) or begun.tokens_of != model.tokens_of:
            raise ValueError(f"{start} is no second decoder of {tokenizer_name}. Start from one, or from none.")
        model.decoder.load_state_dict(begun.decoder.state_dict())
    pictures = Pictures.read(sources, TokenizerRecipe(
        model.config, crop=recipe.crop, mirrored=recipe.mirrored, longest_side=recipe.longest_side
    ))
    model.requires_grad_(False).eval().decoder.requires_grad_(True)
    train(decoder_job(model, recipe, pictures, home, out), out, budget, VALIDATIONS)
    if distributed.is_first():
        finished = load(out)
        assert isinstance(finished, Trainable)
        finished.appearances = appearances(finished)
        save_second_decoder(finished, home, out)
        log.info("%s is ready.", out)


def decoder_job(model: Trainable, recipe: DecoderRecipe, pictures: Pictures, home: str, out: Path) -> Job:
    """Decoder and discriminator, one step each at a time; every validation's averaged decoder is kept, the last one in the end."""
    rivals = Rivals(model.decoder, Discriminator(recipe.model).to(model.device))
    discriminator, f = rivals.discriminator, model.levels[0].downsampling

    def step() -> dict[str, float]:
        x = pictures.draw(distributed.share(recipe.batch)).to(model.device)
        with autocast():
            decoded, _ = model(x)
        x_tilde = decoded.detach().float().requires_grad_()
        real, grey = brightness(x), brightness(x_tilde)
        pattern, gap = pattern_energy((grey - real)[:, 0], f).mean(), detail_gap(real, grey)
        error = visible_error(x, x_tilde, real) + recipe.grid * pattern
        discriminator.requires_grad_(False)
        judged = shifted((real, grey), f)
        with autocast():
            verdict = -discriminator(judged[1]).float().mean()
        gradient = balanced(x_tilde, error / recipe.variance, ((verdict, recipe.adversarial), (gap, recipe.detail)))
        decoded.backward(gradient.to(decoded.dtype))
        discriminator.requires_grad_(True)
        with autocast():
            loss = hinge(discriminator(judged[0]).float(), discriminator(judged[1].detach()).float())
        loss.backward()
        with torch.no_grad():
            for kept, new in zip(rivals.average.parameters(), model.decoder.parameters()):
                kept.lerp_(new, 1 - recipe.averaging)
        return {
            "mse": (x_tilde.detach() - x).square().mean().item(), "grid": pattern.item(), "detail": gap.item(), "verdict": verdict.item(),
            "hinge": loss.item(),
        }

    def validate() -> dict[str, float]:
        with averaged(model, rivals):
            quality, sharp, shown = [], [], []
            for one in pictures.held_out:
                decoded = to_pixels(model.decode(model.encode(pictures.tensor(one).to(model.device))))[0, : one.shape[0], : one.shape[1]]
                quality.append(psnr(one, decoded))
                sharp.append(laplacian_energy(decoded) / max(1e-9, laplacian_energy(one)))
                shown.append([one, decoded])
        write_picture(out / "run" / "reconstructions.png", side_by_side(shown[:SHOWN]))
        return {"psnr": float(np.mean(quality)), "laplacian_energy": float(np.mean(sharp))}

    def publish() -> None:
        with averaged(model, rivals):
            save_second_decoder(model, home, out)

    first_and_last = {id(model.decoder.read.weight), id(model.decoder.write.weight)}
    hidden = [p for p in model.decoder.parameters() if p.ndim > 2 and id(p) not in first_and_last]
    other = [p for p in model.decoder.parameters() if all(p is not h for h in hidden)]
    optimizer = TwoOptimizers(
        Optimizer(hidden, other), Optimizer([], discriminator.parameters(), 0.0, momentum=MOMENTUM), recipe.discriminator_rate / recipe.rate
    )
    return Job(rivals, optimizer, recipe.rate, step, validate, lambda _: 0.0, publish)


@contextmanager
def averaged(model: Trainable, rivals: Rivals) -> Iterator[None]:
    """The model decodes with the averaged decoder meanwhile."""
    model.decoder = rivals.average
    try:
        yield
    finally:
        model.decoder = rivals.decoder
