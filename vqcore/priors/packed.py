"""A transformer for one new token a sample: the least work between two tokens.

Then every layer is a product of a few rows with a large matrix, and time goes into reading weights and calling
functions. So the weights are laid out once as they are read best for so few rows, in the model's `arithmetic`; bias
and activation are done in the same call where there is one for it; and what is the same in every block, such as where
the keys lie, is worked out once for all of them. Everything between the products stays in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Neither is a public part of torch: where a version or a processor lacks one, the plain product takes its place.
HAS_ONEDNN = torch.backends.mkldnn.is_available() and all(
    hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight")
)
HAS_BYTES = hasattr(torch.ops.aten, "_weight_int8pack_mm")
FEW_ROWS = 8  # rows up to which products with weights of 8 bits are faster than in bfloat16


class Block(Protocol):
    """What is laid out anew of one of the transformer's blocks."""

    heads: int
    norm_attention: nn.LayerNorm
    norm_dense: nn.LayerNorm
    qkv: nn.Linear
    out: nn.Linear
    up: nn.Linear
    down: nn.Linear


class Packed:
    """Blocks and readout of a transformer, for `rows` samples at a time; as they are now, so training makes them stale."""

    def __init__(self, blocks: Sequence[Block], codes: Tensor, bias: Tensor, rows: int, arithmetic: torch.dtype):
        self.blocks = [_packed_block(block, rows, arithmetic) for block in blocks]
        self.readout = packed_linear(codes, bias, rows, arithmetic)

    def __call__(self, x: Tensor, turn: Tensor, cache: Tensor, past: int) -> Tensor:
        """x [B, 1, width], turn complex [1, 2, 1, ·], cache float32 [layers, 2, B, heads, N, ·] with `past` places
        read → [B, 1, width]; the new keys and values are written into the cache."""
        x = x[:, 0]
        turn = torch.cat([turn, torch.ones_like(turn[:, :1])], 1)  # values don't turn
        news = cache[:, :, :, :, past].transpose(1, 2).unbind()
        keys, values = cache.flatten(2, 3)[:, :, :, : past + 1].unbind(1)
        for block, new, k, v in zip(self.blocks, news, keys.mT.unbind(), values.unbind()):
            x = block(x, turn, new, k, v)
        return x[:, None]


def _packed_block(block: Block, rows: int, arithmetic: torch.dtype) -> Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]:
    """(x [B, width], turn complex [1, 3, 1, ·], where the new key and value go [B, 2, heads, ·], all keys [B·heads, ·, n],
    all values [B·heads, n, ·]) → [B, width]."""
    attention, dense, heads, width = block.norm_attention, block.norm_dense, block.heads, block.qkv.in_features
    scales = torch.ones(3 * width, 1)
    scales[:width] = (width // heads) ** -0.5  # of the queries
    qkv = packed_linear(block.qkv.weight * scales, block.qkv.bias * scales[:, 0], rows, arithmetic)
    out = packed_linear(block.out.weight, block.out.bias, rows, arithmetic)
    up = packed_linear(block.up.weight, block.up.bias, rows, arithmetic, gelu=True)
    down = packed_linear(block.down.weight, block.down.bias, rows, arithmetic)

    def step(x: Tensor, turn: Tensor, new: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        batch = len(x)
        h = torch.layer_norm(x, attention.normalized_shape, attention.weight, attention.bias, attention.eps)
        pairs = torch.view_as_complex(qkv(h).float().view(batch, 3, heads, -1, 2))
        turned = torch.view_as_real(pairs * turn).view(batch, 3, heads, -1)
        new.copy_(turned[:, 1:])
        q = turned[:, 0].reshape(batch * heads, 1, -1).to(keys.dtype)
        y = torch.bmm(torch.bmm(q, keys).softmax(-1), values)
        x = x + out(y.view(batch, -1))
        h = torch.layer_norm(x, dense.normalized_shape, dense.weight, dense.bias, dense.eps)
        return x + down(up(h))

    return step


def packed_linear(weight: Tensor, bias: Tensor, rows: int, arithmetic: torch.dtype, gelu: bool = False) -> Callable[[Tensor], Tensor]:
    """x [rows, in] → [rows, out], and GELU behind it where that is asked for.

    arithmetic: torch.int8 keeps each row of the weight as 8-bit integers times one number, for few rows, and is bfloat16 for more.
    """
    weight, bias = weight.detach(), bias.detach()
    if arithmetic == torch.int8 and rows <= FEW_ROWS and HAS_BYTES:
        whole, factors = rows_in_bytes(weight)
        factors, bias = factors.bfloat16(), bias.bfloat16()
        linear = lambda x: torch.ops.aten._weight_int8pack_mm.default(x.bfloat16(), whole, factors) + bias
        return (lambda x: F.gelu(linear(x))) if gelu else linear
    dtype = torch.float32 if arithmetic == torch.float32 else torch.bfloat16
    weight, bias = weight.to(dtype), bias.to(dtype)
    if HAS_ONEDNN:
        packed, activation = torch.ops.mkldnn._reorder_linear_weight(weight, rows), "gelu" if gelu else "none"
        return lambda x: torch.ops.mkldnn._linear_pointwise.default(x.to(dtype), packed, bias, activation, [], "none")
    linear = lambda x: F.linear(x.to(dtype), weight, bias)
    return (lambda x: F.gelu(linear(x))) if gelu else linear


def rows_in_bytes(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """[rows, …] → integers of the same shape, int8 −127 … 127, and the factor of each row, float32 [rows]."""
    flat = matrix.flatten(1)
    factors = flat.abs().amax(1).clamp_min(1e-9) / 127
    return (flat / factors[:, None]).round().to(torch.int8).view_as(matrix), factors
