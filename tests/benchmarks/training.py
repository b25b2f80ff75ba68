"""One training step of the photographs' tokenizer."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from tests.benchmarks.measure import Row, interleaved
from vqcore.tokenizers.vqvae import VQVAE
from vqcore.training.optimizer import Optimizer
from vqcore.training.tokenizer import autocast

BATCH, SIDE = 32, 64


def rows() -> Iterator[Row]:
    """Ours: bfloat16 where the processor has it, channels last, Muon. Plainly: float32 in torch's own layout, AdamW."""
    x = torch.rand(BATCH, 3, SIDE, SIDE) * 2 - 1
    ours, plain = VQVAE().train(), VQVAE().to(memory_format=torch.contiguous_format).train()
    optimizer = Optimizer([p for p in ours.parameters() if p.ndim > 2], [p for p in ours.parameters() if p.ndim <= 2])
    adam = torch.optim.AdamW(plain.parameters())

    def step() -> None:
        with autocast():
            x_tilde, quantized = ours(x.contiguous(memory_format=torch.channels_last))
        (F.mse_loss(x_tilde.float(), x) + quantized[0].loss).backward()
        optimizer.step(1e-4)

    def plain_step() -> None:
        x_tilde, quantized = plain(x)
        (F.mse_loss(x_tilde, x) + quantized[0].loss).backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        adam.step()
        adam.zero_grad()

    times = interleaved({"ours": step, "peer": plain_step}, 10)
    yield Row(f"a training step on {BATCH} crops of {SIDE}×{SIDE}", times["ours"], times["peer"], "plainly in float32")
