"""A decoder-only transformer over sequences of words and tokens, as GPT (Radford et al. 2018) and DALL·E (2102.12092).

Each input is the embedding of a token plus that of the place it has to predict: its level and its coordinate along
each axis. Attention knows places too, by rotary angles along each axis (2104.09864): a query turns by the place to be
predicted, a key by the token's own, in tokens of the finest grid, so that "the one above" is the same turn everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.files import shown
from vqcore.priors.autoregressive import AutoregressivePrior, Reader
from vqcore.priors.packed import Packed
from vqcore.priors.sequence import Layout

LONGEST_PHRASE = 16  # words
LONGEST_WAVE = 100.0  # radians a token of the slowest rotary angle: one over this


@dataclass(frozen=True)
class TransformerConfig:
    """layers, width and heads; dropout: the share of each block's output that is dropped in training; phrase: each word of the
    text is read with as many before it as make so many (a convolution along the sentence, as in 2109.08668, §3), so that `red`
    is the cube's from the first layer on, and attention needn't learn it place by place."""

    layers: int = 6
    width: int = 256
    heads: int = 8
    dropout: float = 0.0
    phrase: int = 1

    def __post_init__(self):
        if not 1 <= self.phrase <= LONGEST_PHRASE:
            raise ValueError(f"A phrase has 1 to {LONGEST_PHRASE} words, not {shown(self.phrase)}.")
        if min(self.layers, self.width, self.heads) < 1 or self.width % (2 * self.heads):
            raise ValueError(f"The width is a multiple of twice the heads, not {self.width} with {self.heads} heads.")


class Block(nn.Module):
    """x + attention, then x + two layers at each place, both after a norm."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        c = config
        self.heads, self.dropout = c.heads, nn.Dropout(c.dropout)
        self.norm_attention, self.norm_dense = nn.LayerNorm(c.width), nn.LayerNorm(c.width)
        self.qkv, self.out = nn.Linear(c.width, 3 * c.width), nn.Linear(c.width, c.width)
        self.up, self.down = nn.Linear(c.width, 4 * c.width), nn.Linear(4 * c.width, c.width)

    def forward(self, x: Tensor, turn: Tensor, cache: Tensor | None = None, past: int = 0) -> Tensor:
        """x [B, n, width], turn complex [n, 2, 1, width/heads/2] (queries', keys') → [B, n, width].

        cache: float32 [2, B, heads, N, width/heads], whose first `past` places are read; n more are written.
        """
        batch, n, width = x.shape
        q, k, v = self._projected(x, turn)
        mask = None
        if cache is not None:
            cache[0, :, :, past : past + n], cache[1, :, :, past : past + n] = k, v
            k, v = cache[0, :, :, : past + n], cache[1, :, :, : past + n]
            if past and n > 1:
                mask = torch.ones(n, past + n, dtype=torch.bool).tril(past)
        y = _attention(q, k, v, mask, n > 1 and mask is None)
        x = x + self.dropout(self.out(y.transpose(1, 2).reshape(batch, n, width)))
        return x + self.dropout(self.down(F.gelu(self.up(self.norm_dense(x)))))

    def attention(self, x: Tensor, turn: Tensor) -> Tensor:
        """softmax(q·k / √d) of the last place with every place, by which `forward` weighs their values: [B, heads, n]."""
        q, k, _ = self._projected(x, turn)
        return (q[:, :, -1:] @ k.mT / q.shape[-1] ** 0.5).softmax(-1)[:, :, 0]

    def _projected(self, x: Tensor, turn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, [B, heads, n, width/heads] each."""
        batch, n, _ = x.shape
        q, k, v = self.qkv(self.norm_attention(x)).view(batch, n, 3, self.heads, -1).unbind(2)
        return _turned(q, turn[:, 0]).transpose(1, 2), _turned(k, turn[:, 1]).transpose(1, 2), _wide(v).transpose(1, 2)


@torch.autocast("cpu", enabled=False)
def _attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, is_causal: bool) -> Tensor:
    """In float32 (or float64) whatever autocast says: with short sequences its bfloat16 backward pass takes four times as long."""
    return F.scaled_dot_product_attention(q, k, v, mask, is_causal=is_causal)


def _turned(x: Tensor, turn: Tensor) -> Tensor:
    """Rotate pairs of values: x [B, n, heads, d], turn complex [n, 1, d/2] → float32, of float64 float64."""
    pairs = torch.view_as_complex(_wide(x).unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turn).flatten(-2)


def _wide(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


class Transformer(AutoregressivePrior):
    """p(z_i | text, z_1 … z_{i−1}) by attention. One embedding table for words and codes, which also reads the codes out."""

    kind, hidden, attends = "transformer", "blocks.", True
    turn: Tensor
    closed: Tensor | None

    def __init__(
        self, layout: Layout, config: TransformerConfig = TransformerConfig(),
        tokenizer: str = "", conditions: Sequence[str] = (), name: str = "",
    ):
        super().__init__(layout, tokenizer, conditions, name)
        self.config = config
        self.embedding = nn.Embedding(layout.vocabulary_size, config.width)
        self.text_places = nn.Embedding(layout.prefix_length, config.width)
        self.phrases = nn.Conv1d(config.width, config.width, config.phrase, bias=False) if config.phrase > 1 else None
        self.levels = nn.Embedding(len(layout.grids), config.width)
        axes = nn.ModuleList(nn.ModuleList(nn.Embedding(size, config.width) for size in grid.shape) for grid in layout.grids)
        self.axes = cast("Sequence[Sequence[nn.Embedding]]", axes)
        self.blocks = cast("Sequence[Block]", nn.ModuleList(Block(config) for _ in range(config.layers)))
        self.norm = nn.LayerNorm(config.width)
        self.bias = nn.Parameter(torch.zeros(layout.codes))
        self._packed: tuple[tuple, Packed] | None = None
        self.register_buffer("turn", _turns(layout, config.width // config.heads), persistent=False)
        closed = torch.full((layout.length, layout.codes), -torch.inf)
        for i, (level, start) in enumerate(zip(self._levels, self._starts)):
            closed[i, start : start + layout.grids[level].codebook_size] = 0
        self.register_buffer("closed", closed if len(layout.grids) > 1 else None, persistent=False)
        for name, weight in self.named_parameters():
            if weight.ndim > 1:
                nn.init.normal_(weight, std=0.02 / (2 * config.layers) ** 0.5 if name.endswith(("out.weight", "down.weight")) else 0.02)
        if self.phrases is not None:
            nn.init.zeros_(self.phrases.weight)

    def places(self) -> Tensor:
        """What is added to each input for the place that it predicts, [prefix_length − 1 + length, width]."""
        grids = []
        for level, (grid, axes) in enumerate(zip(self.layout.grids, self.axes)):
            total = self.levels.weight[level]
            for d, axis in enumerate(axes):
                total = total + axis.weight.view(*[-1 if d == other else 1 for other in range(len(grid.shape))], self.config.width)
            grids.append(total.reshape(grid.length, -1))
        return torch.cat([self.text_places.weight[: self.layout.text_length], *grids])

    def words(self, prefix: Tensor) -> Tensor:
        """The vectors of `text … [SEP]`, int64 [B, n] → [B, n, width], each with what the phrase that it ends adds to it."""
        x = self.embedding(prefix)
        return x if self.phrases is None else x + self.phrases(F.pad(x.mT, (self.config.phrase - 1, 0))).mT

    def logits(self, prefix: Tensor, sequence: Tensor) -> Tensor:
        x = torch.cat([self.words(prefix), self.embedding(sequence[:, :-1])], 1) + self.places()
        for block in self.blocks:
            x = block(x, self.turn)
        return self._out(x[:, self.layout.text_length :], slice(None))

    @torch.inference_mode()
    def attention(self, prefix: Tensor, sequence: Tensor, index: int) -> Tensor:
        x = torch.cat([self.words(prefix), self.embedding(sequence[:, :index])], 1)
        x, turn, layers = x + self.places()[: x.shape[1]], self.turn[: x.shape[1]], []
        for block in self.blocks:
            layers.append(block.attention(x, turn))
            x = block(x, turn)
        return torch.stack(layers, 1)

    def reader(self, prefix: Tensor) -> CachedReader:
        return CachedReader(self, prefix)

    def packed(self, rows: int) -> Packed:
        """Blocks and readout laid out for `rows` samples, kept until they are asked for otherwise or the weights change."""
        state = (rows, self.arithmetic, *(0 if p.is_inference() else p._version for p in self.parameters()))
        packed = self._packed
        if packed is None or packed[0] != state:
            packed = self._packed = state, Packed(self.blocks, self._code_vectors(), self.bias, rows, self.arithmetic)
        return packed[1]

    def _code_vectors(self) -> Tensor:
        return self.embedding.weight[self.layout.first_code :]

    def _out(self, x: Tensor, places: slice) -> Tensor:
        """The last block's output at these grid places → logits."""
        logits = F.linear(self.norm(x), self._code_vectors(), self.bias)
        return logits if self.closed is None else logits + self.closed[places]


class CachedReader(Reader):
    """The KV cache: keys and values of what was read are kept, so that each token is computed once."""

    def __init__(self, model: Transformer, prefix: Tensor):
        c, self.model, self.batch = model.config, model, len(prefix)
        self.places, self.past = model.places(), 0
        total = len(self.places)
        self._packed: Packed | None = None
        self.cache = torch.empty(c.layers, 2, self.batch, c.heads, total, c.width // c.heads, dtype=_wide(self.places).dtype)
        self.last = self._run(model.words(prefix))[:, -1:]

    def next(self) -> Tensor:
        logits = self.packed.readout(self.model.norm(self.last[:, 0])).float()
        return logits if self.model.closed is None else logits + self.model.closed[self.past - self.model.layout.prefix_length]

    def feed(self, token: Tensor) -> None:
        self.last = self._run(self._vectors(token[:, None]))

    def read(self, tokens: Tensor) -> Tensor:
        i, n = self.past - self.model.layout.prefix_length, tokens.shape[1]
        x = self.last
        rest = tokens[:, : self.model.layout.length - 1 - i]
        if rest.shape[1]:
            after = self._run(self._vectors(rest))
            x, self.last = torch.cat([x, after], 1)[:, :n], after[:, -1:]
        return self.model._out(x, slice(i, i + n))

    def select(self, rows: Tensor) -> None:
        self.batch, self._packed = len(rows), None
        self.cache, self.last = self.cache[:, :, rows], self.last[rows]

    @property
    def packed(self) -> Packed:
        if self._packed is None:
            self._packed = self.model.packed(self.batch)
        return self._packed

    def _vectors(self, tokens: Tensor) -> Tensor:
        return self.model.embedding(tokens + self.model.layout.first_code)

    def _run(self, inputs: Tensor) -> Tensor:
        past, stop = self.past, self.past + inputs.shape[1]
        x = inputs + self.places[past:stop]
        turn = self.model.turn[past:stop]
        if inputs.shape[1] == 1 and not self.model.training:
            x = self.packed(x, turn, self.cache, past)
        else:
            with torch.autocast("cpu", torch.bfloat16, enabled=self.model.arithmetic != torch.float32):
                for block, cache in zip(self.model.blocks, self.cache):
                    x = block(x, turn, cache, past)
        self.past = stop
        return x


def _turns(layout: Layout, head_width: int) -> Tensor:
    """The rotary turns of queries and keys, complex64 [prefix_length − 1 + length, 2, 1, head_width/2].

    The pairs of a head are dealt out to the axes in turn. Words and [SEP] have no place in the grid and don't turn;
    a place in a coarser grid is that of its middle in the finest.
    """
    finest = torch.tensor(layout.grids[-1].shape)
    places = [
        (place + 0.5) * (finest / torch.tensor(g.shape)) - 0.5
        for g, place in zip(layout.grids, layout.places().split([g.length for g in layout.grids]))
    ]
    places = torch.cat(places)
    pairs, dims = head_width // 2, layout.spatial_dims
    axis = torch.arange(pairs) % dims
    speed = LONGEST_WAVE ** -((torch.arange(pairs) // dims) / max(1, -(-pairs // dims) - 1))
    angles = places[:, axis] * speed
    query = torch.cat([torch.zeros(layout.text_length, pairs), angles])
    key = torch.cat([torch.zeros(layout.prefix_length, pairs), angles[:-1]])
    angles = torch.stack([query, key], 1)[:, :, None]
    return torch.polar(torch.ones_like(angles), angles)
