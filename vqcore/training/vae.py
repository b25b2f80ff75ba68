"""Training the variational autoencoder of Fashion-MNIST: two minutes on one processor."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

import torch
from torch import nn

from vqcore.data.idx import read_idx
from vqcore.files import write_json
from vqcore.study.vae import VAE, save_vae
from vqcore.tokenizers.pixels import to_tensor
from vqcore.training.budget import Budget

log = logging.getLogger(__name__)
BATCH, RATE, LONGEST_GRADIENT = 128, 2e-3, 0.1
SEEN = 800
"""Pictures of the validation split whose latents are kept with the weights."""


def train_vae(data: Path, out: Path, budget: Budget) -> VAE:
    """Train on the `train` split of the idx files in `data`, measure on `val`, and write the checkpoint.

    budget: its minutes are of the processor, not of the clock, so that a busy machine trains as far as an idle one.
    """
    pictures = torch.from_numpy(read_idx(data, "train")[0].copy()).movedim(-1, 1)
    unseen = to_tensor(read_idx(data, "val")[0])
    torch.manual_seed(0)
    model = VAE(name=out.name)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-4)
    start, step, share = time.process_time(), 0, 0.0
    while share < 1:
        batch = pictures[torch.randint(len(pictures), (BATCH,))].float() / 127.5 - 1
        for group in optimizer.param_groups:
            group["lr"] = RATE * (0.02 + 0.49 * (1 + math.cos(math.pi * share)))
        bound = model(batch)
        optimizer.zero_grad()
        bound.loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), LONGEST_GRADIENT)  # one batch with a large σ² would end it in NaN
        optimizer.step()
        step += 1
        share = budget.spent(step, time.process_time() - start) / budget.total
        if step % 500 == 0:
            log.info("step %d: %.4f bits a pixel", step, bound.loss / math.log(2))
    model.eval().requires_grad_(False)
    bound = model(unseen)
    model.seen = model.encode(unseen[:SEEN])[0]
    save_vae(model, out)
    write_json(out / "metrics.json", {
        "checkpoint": out.name, "data": "Fashion-MNIST, test split", "pictures": len(unseen), "steps": step,
        "bits_per_pixel_bound": float(bound.loss) / math.log(2),
        "reconstruction_bits_per_pixel": float(bound.reconstruction) / math.log(2),
        "divergence_bits_per_picture": float(bound.divergence) * unseen[0].numel() / math.log(2),
    })  # fmt: skip
    log.info("%.4f bits a pixel on %d pictures that it didn't see", bound.loss / math.log(2), len(unseen))
    return model
