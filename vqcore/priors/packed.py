"""A transformer's blocks for one new token a sample: the least work between two tokens.

Then every layer is a product of a few rows with a large matrix, and time goes into reading weights and calling
functions. So the weights are laid out once as oneDNN wants them for so few rows, in the model's `arithmetic`, and
bias and activation are done in the same call. Everything between the products stays in float32.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HAS_ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class PackedBlocks:
    """The blocks of a transformer, for `rows` samples at a time; as they are now, so training makes them stale."""

    def __init__(self, blocks: nn.ModuleList, rows: int, dtype: torch.dtype):
        self.steps = [_packed_block(block, rows, dtype) for block in blocks]

    def __call__(self, x: Tensor, turn: Tensor, cache: Tensor, past: int) -> Tensor:
        """x [B, 1, width], turn complex [1, 2, 1, ·], cache float32 [layers, 2, B, heads, N, ·] with `past` places
        read → [B, 1, width]; the new keys and values are written into the cache."""
        x = x[:, 0]
        for step, layer in zip(self.steps, cache):
            x = step(x, turn, layer, past)
        return x[:, None]


def _packed_block(block: nn.Module, rows: int, dtype: torch.dtype) -> Callable[[Tensor, Tensor, Tensor, int], Tensor]:
    qkv, out = packed_linear(block.qkv, rows, dtype), packed_linear(block.out, rows, dtype)
    up, down = packed_linear(block.up, rows, dtype, gelu=True), packed_linear(block.down, rows, dtype)
    attention, dense, heads = block.norm_attention, block.norm_dense, block.heads
    scale = (block.qkv.in_features // heads) ** -0.5

    def step(x: Tensor, turn: Tensor, cache: Tensor, past: int) -> Tensor:
        batch = len(x)
        h = F.layer_norm(x, attention.normalized_shape, attention.weight, attention.bias, attention.eps)
        three = qkv(h.to(dtype)).float().view(batch, 3, heads, -1)
        pairs = torch.view_as_complex(three[:, :2].unflatten(-1, (-1, 2)))
        turned = torch.view_as_real(pairs * turn).flatten(-2)
        cache[0, :, :, past], cache[1, :, :, past] = turned[:, 1], three[:, 2]
        keys, values = cache.flatten(1, 2)[:, :, : past + 1]
        q = turned[:, 0].reshape(batch * heads, 1, -1) * scale
        y = torch.bmm(torch.bmm(q, keys.mT).softmax(-1), values)
        x = x + out(y.view(batch, -1).to(dtype))
        h = F.layer_norm(x, dense.normalized_shape, dense.weight, dense.bias, dense.eps)
        return x + down(up(h.to(dtype)))

    return step


def packed_linear(linear: nn.Linear, rows: int, dtype: torch.dtype, gelu: bool = False) -> Callable[[Tensor], Tensor]:
    """x [rows, in] → [rows, out], both in `dtype`: the layer, and GELU behind it where that is asked for."""
    weight, bias = linear.weight.detach().to(dtype), linear.bias.detach().to(dtype)
    if HAS_ONEDNN:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
        activation, algorithm = ("gelu", "none") if gelu else ("none", "")
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, packed, bias, activation, [], algorithm)
    if gelu:
        return lambda x: F.gelu(F.linear(x, weight, bias))
    return lambda x: F.linear(x, weight, bias)
