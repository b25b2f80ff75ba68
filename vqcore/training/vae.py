"""Training the variational autoencoder of Fashion-MNIST: two minutes on one processor."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import torch

from vqcore import distributed
from vqcore.checkpoints import load_vae
from vqcore.data.idx import read_idx
from vqcore.files import write_json
from vqcore.study.vae import VAE, Bound, VAEConfig, save_vae
from vqcore.tokenizers.pixels import to_tensor
from vqcore.training.budget import Budget
from vqcore.training.optimizer import Optimizer
from vqcore.training.run import Job, train

log = logging.getLogger(__name__)
VALIDATIONS = 4  # in a run
LONGEST_GRADIENT = 0.1  # one batch with a large σ² would end it in NaN
SEEN = 800
"""Pictures of the validation split whose latents are kept with the weights."""


@dataclass(frozen=True)
class VAERecipe:
    """batch: pictures a step, of all ranks together;  rate: the peak learning rate."""

    model: VAEConfig = VAEConfig()
    batch: int = 128
    rate: float = 2e-3


def train_vae(recipe: VAERecipe, data: str | Path, out: Path, budget: Budget, seed: int = 0) -> None:
    """Train on the `train` split of the idx files in `data` until the budget is used up, measure on `val`, and leave the
    checkpoint in `out`; goes on where an earlier call stopped."""
    pictures = torch.from_numpy(read_idx(data, "train")[0].copy()).movedim(-1, 1)
    unseen = to_tensor(read_idx(data, "val")[0])
    torch.manual_seed(seed)
    model = VAE(recipe.model, name=out.name).to(distributed.device())

    def step() -> dict[str, float]:
        rows = torch.randint(len(pictures), (distributed.share(recipe.batch),))
        bound = model(pictures[rows].to(distributed.device()).float() / 127.5 - 1)
        bound.loss.backward()
        return {"bits": bound.loss.item() / math.log(2)}

    def validate() -> dict[str, float]:
        return {"bits": float(model(unseen.to(distributed.device())).loss) / math.log(2)}

    optimizer = Optimizer([], model.parameters(), 1e-4, LONGEST_GRADIENT)
    # The last weights are kept: each validation draws its own z.
    train(Job(model, optimizer, recipe.rate, step, validate, lambda _: 0.0, lambda: save_vae(model, out)), out, budget, VALIDATIONS)
    if distributed.is_first():
        complete(out, unseen)
        log.info("%s is ready.", out)


@torch.inference_mode()
def complete(out: Path, unseen: torch.Tensor) -> None:
    """Keep the latents of some pictures that it never saw with the weights, and its figures on all of them."""
    model = load_vae(out)
    model.seen = model.encode(unseen[:SEEN])[0]
    save_vae(model, out)
    write_json(out / "metrics.json", {
        "checkpoint": out.name, "data": "Fashion-MNIST, test split", "figures": figures(model(unseen), unseen),
    })


def figures(bound: Bound, unseen: torch.Tensor) -> list[dict[str, str | float]]:
    """The bound on the bits that pictures take, and its two terms."""
    values = {
        "pictures": (len(unseen), ""),
        "bits_per_pixel_bound": (float(bound.loss) / math.log(2), "bits"),
        "reconstruction_bits_per_pixel": (float(bound.reconstruction) / math.log(2), "bits"),
        "divergence_bits_per_picture": (float(bound.divergence) * unseen[0].numel() / math.log(2), "bits"),
    }
    return [{"name": name, "value": value, "unit": unit} for name, (value, unit) in values.items()]
