"""Sampling from priors."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from tests.benchmarks.measure import Row, bytes_a_second, flops_a_second, interleaved
from vqcore.priors.base import Prior
from vqcore.priors.choice import Choice
from vqcore.priors.pixelcnn import PixelCNN, PixelCNNConfig
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.transformer import Transformer, TransformerConfig

LAYERS, WIDTH, HEADS, CODES = 8, 256, 8, 1024


RUNS = ((1, 8, torch.float32), (1, 8, torch.int8), (16, 8, torch.float32), (16, 8, torch.bfloat16), (16, 16, torch.bfloat16))


def rows() -> Iterator[Row]:
    peaks, bandwidth = {dtype: flops_a_second(dtype) for dtype in (torch.float32, torch.bfloat16)}, bytes_a_second()
    for batch, side, arithmetic in RUNS:
        yield transformer_row(batch, side, arithmetic, peaks.get(arithmetic, peaks[torch.bfloat16]), bandwidth)
    yield pixelcnn_row()


def layout(side: int) -> Layout:
    return Layout(Words.of([]), 0, (Grid(CODES, (side, side)),))


def transformer_row(batch: int, side: int, arithmetic: torch.dtype, peak: float, bandwidth: float) -> Row:
    """A transformer of 6.6 M parameters beside GPT-2 of the same shape and of as many words, in float32."""
    from transformers import GPT2Config, GPT2LMHeadModel

    length = side * side
    ours = Transformer(layout(side), TransformerConfig(LAYERS, WIDTH, HEADS)).eval()
    ours.arithmetic = arithmetic
    peer = GPT2LMHeadModel(GPT2Config(
        vocab_size=CODES + 2, n_positions=length + 1, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, bos_token_id=0, eos_token_id=None,
    )).eval()
    start = torch.zeros(batch, 1, dtype=torch.int64)
    times = interleaved({
        "ours": lambda: ours.sample(batch),
        "peer": lambda: peer.generate(
            start, attention_mask=torch.ones_like(start), do_sample=True, max_new_tokens=length, min_new_tokens=length,
            use_cache=True, pad_token_id=0, top_k=0,
        ),
    }, 7)
    weights = sum(p.numel() for p in ours.blocks.parameters()) + CODES * WIDTH
    limit = max(length * weights * arithmetic.itemsize / bandwidth, 2 * weights * length * batch / peak)
    size = sum(p.numel() for p in ours.parameters()) / 1e6
    return Row(
        f"sample {batch} × {length} tokens, {size:.1f} M parameters, {str(arithmetic).removeprefix('torch.')}",
        times["ours"], times["peer"], "Hugging Face GPT-2 with cache", limit, "reading the weights, or their FLOPs",
    )


def pixelcnn_row() -> Row:
    """A PixelCNN that keeps the rows above, beside one that computes the grid anew for each token."""
    model = PixelCNN(layout(8), PixelCNNConfig(layers=8, width=96)).eval()
    times = interleaved({"ours": lambda: model.sample(16), "peer": lambda: sample_plainly(model, 16)}, 3)
    return Row("sample 16 × 64 tokens, PixelCNN", times["ours"], times["peer"], "without cached rows")


@torch.inference_mode()
def sample_plainly(model: Prior, batch: int) -> torch.Tensor:
    prefix = model.layout.prefix([None] * batch)
    sequence = torch.full((batch, model.layout.length), model.layout.first_code)
    choose = Choice(1.0, None, None)
    for i in range(model.layout.length):
        p = choose.probabilities(model.logits(prefix, sequence)[:, i])
        sequence[:, i] = model.layout.first_code + torch.multinomial(p, 1)[:, 0]
    return sequence
