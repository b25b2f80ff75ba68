"""A prior of any size: a gated PixelCNN (van den Oord et al. 2016, 1606.05328) that looks at a token's neighbourhood alone.

Two stacks of convolutions as in the paper, both with residuals: the vertical one sees the rows above, the horizontal one
the same row to the left and what the vertical one says. No place in the grid is marked, so that a grid may have any
size, and nothing is seen beyond the receptive field of `layers` tokens: texture, sky and grass go on, a face doesn't.
Codes are read as their vectors e_k and written by a likeness to vectors that are made of e_k, so that codes which look
alike are alike to it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.priors.autoregressive import AutoregressivePrior
from vqcore.priors.base import Condition, Drawing, OnToken
from vqcore.priors.rows import Flat, RowReader, Weights, gate
from vqcore.priors.sequence import Grid, Layout

READ_AT_ONCE = 2048  # tokens
AHEAD = 4
"""Rows after a hole by which candidates are weighed. With 9 × 9 tokens of a photograph drawn eight times, the log-likelihoods of the rows
below had variances of 27, 1.0, 0.3, 0.5, 0.2, 0.1 nats² and less and less."""


@dataclass(frozen=True)
class LocalPixelCNNConfig:
    """layers, which are also the receptive field in tokens;  width: channels of each stack;  readout: dimensions in which
    a code is compared;  code_dim: D of the codebook;  dropout: of what the layers hand to the readout, in training."""

    layers: int = 13
    width: int = 160
    readout: int = 256
    code_dim: int = 32
    dropout: float = 0.0

    def __post_init__(self):
        if min(self.layers, self.width, self.readout, self.code_dim) < 1:
            raise ValueError(
                f"layers, width, readout and code_dim are at least 1, not {self.layers}, {self.width}, {self.readout}, {self.code_dim}."
            )


class Layer(nn.Module):
    """One layer of both stacks: gated units tanh · σ (eq. 2 of the paper). The first leaves its own place out (mask A)."""

    def __init__(self, width: int, first: bool):
        super().__init__()
        self.own = 0 if first else 1  # whether a place sees its own input
        self.rows = nn.Conv2d(width, 2 * width, (1 + self.own, 3))
        self.row = nn.Conv2d(width, 2 * width, (1, 1 + self.own))
        self.link = nn.Conv2d(2 * width, 2 * width, 1)
        self.out_rows, self.out, self.skip = (nn.Conv2d(width, width, 1) for _ in range(3))

    def forward(self, vertical: Tensor, horizontal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Both stacks [B, width, H, W] → the stacks after the layer, and what goes to the readout."""
        above = self.rows(F.pad(vertical, (1, 1, 1, self.own - 1)))
        left = self.row(F.pad(horizontal, (1, self.own - 1))) + self.link(above)
        gated = gate(left)
        after = self.out_rows(gate(above)), self.out(gated)
        return (*(new + self.own * old for new, old in zip(after, (vertical, horizontal))), self.skip(gated))

    def flat(self) -> Flat:
        """The weights as `RowReader` multiplies by them."""
        taps = self.rows.weight.permute(2, 3, 1, 0).flatten(1, 2).contiguous()
        row = self.row.weight[:, :, 0].permute(2, 1, 0).contiguous()
        (link, said), out_rows, *after = map(_flat, (self.link, self.out_rows, self.out, self.skip))
        both = torch.cat([weight for weight, _ in after], 1), torch.cat([bias for _, bias in after])
        return Flat(
            taps[0] if self.own else None, taps[-1], _bias(self.rows), (link, said + _bias(self.row)), out_rows,
            row[0], row[1] if self.own else None, both,
        )


def _flat(conv: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """A pointwise layer as [in, out] and its bias."""
    return conv.weight[:, :, 0, 0].T.contiguous(), _bias(conv)


def _bias(conv: nn.Conv2d) -> Tensor:
    return cast("Tensor", conv.bias)


class LocalPixelCNN(AutoregressivePrior):
    """p(z_i | the tokens above and to the left, `layers` far) over grids of any size of one level, without a text.

    The layout's grid is what `sample` draws where nothing says another size.
    """

    kind = "local-pixelcnn"
    any_size = True
    reads_text = False
    hidden = "layers."
    codebook: Tensor

    def __init__(
        self, layout: Layout, config: LocalPixelCNNConfig = LocalPixelCNNConfig(),
        tokenizer: str = "", conditions: Sequence[str] = (), name: str = "",
    ):
        super().__init__(layout, tokenizer, conditions, name)
        if len(layout.grids) != 1 or layout.spatial_dims != 2:
            raise ValueError("A local PixelCNN is for pictures of one level of tokens. Use a transformer for others.")
        c, w = config, config.width
        self.config = config
        self.register_buffer("codebook", torch.zeros(layout.codes, c.code_dim))
        self.embed = nn.Sequential(nn.Linear(c.code_dim, 2 * w), nn.GELU(), nn.Linear(2 * w, w))
        self.layers = cast("Sequence[Layer]", nn.ModuleList(Layer(w, first=i == 0) for i in range(c.layers)))
        self.head, self.write = nn.Conv2d(w, 2 * w, 1), nn.Conv2d(2 * w, c.readout, 1)
        self.codes = nn.Sequential(nn.Linear(c.code_dim, c.readout), nn.GELU(), nn.Linear(c.readout, c.readout))
        self.bias = nn.Parameter(torch.zeros(layout.codes))
        self.dropout = nn.Dropout(c.dropout)
        self._ready: list[Weights] = []  # shared by those of other sizes

    def adopt(self, codebooks: Sequence[Tensor]) -> None:
        """The vectors e_k, scaled to a deviation of one."""
        (codebook,) = codebooks
        if codebook.shape != self.codebook.shape:
            own, other = (list(x.shape) for x in (self.codebook, codebook))
            raise ValueError(f"This prior is for codes {own}, not {other}. Set code_dim to the tokenizer's D.")
        self.codebook.copy_(codebook / codebook.std())

    def of_size(self, *shapes: Sequence[int]) -> LocalPixelCNN:
        """As every prior: for a grid of any shape (H, W)."""
        if len(shapes) != 1:
            raise ValueError(f"{self.name or 'This prior'} writes one level of tokens, and these are {len(shapes)}.")
        (shape,) = shapes
        if tuple(shape) == self.layout.grids[0].shape:
            return self
        other = copy.copy(self)
        other.follow(Layout(self.layout.text, self.layout.text_length, (Grid(self.layout.codes, tuple(shape)),)))
        return other

    def logits(self, prefix: Tensor, sequence: Tensor) -> Tensor:
        return self._says(sequence) @ self.codes(self.codebook).T + self.bias

    def _says(self, sequence: Tensor) -> Tensor:
        """int64 [B, length] → what each token's likeness to the codes is taken of, [B, length, readout]."""
        codes = (sequence - self.layout.first_code).view(-1, *self.layout.grids[0].shape)
        x = F.embedding(codes, self.embed(self.codebook)).movedim(-1, 1).contiguous(memory_format=torch.channels_last)
        vertical, horizontal, total = x, x, torch.zeros_like(x)
        for layer in self.layers:
            vertical, horizontal, skipped = layer(vertical, horizontal)
            total = total + self.dropout(skipped)
        return self.write(F.relu(self.head(F.relu(total)))).flatten(2).mT

    def reader(self, prefix: Tensor) -> RowReader:
        return RowReader(self.for_reading(), len(prefix), self.layout.grids[0].shape[1])

    def for_reading(self) -> Weights:
        """What a reader multiplies by, worked out once where nothing is trained any more."""
        if self._ready:
            return self._ready[0]
        head, write = ((conv.weight[:, :, 0, 0], _bias(conv)) for conv in (self.head, self.write))
        vectors, codes = self.embed(self.codebook), self.codes(self.codebook).T
        weights = Weights([layer.flat() for layer in self.layers], vectors, head, write, codes, self.bias)
        if not self.training and not any(weight.requires_grad for weight in self.parameters()):
            self._ready.append(weights)
        return weights

    def draw(self, n: int, condition: Condition, how: Drawing, start: Sequence[Tensor] | None, kept: int) -> list[Tensor]:
        """As every prior; the grids have the size of `start` where it is given, of which nothing need be kept. Of what is kept, the
        rows within the receptive field are read."""
        _no_text(condition)
        model, how = self if start is None else self.of_size(start[0].shape[1:]), replace(how, guidance=1.0)
        columns = model.layout.grids[0].shape[1]
        above = max(0, kept // columns - self.config.layers)
        if start is None or not above or kept > model.layout.length:
            return super(LocalPixelCNN, model).draw(n, None, how, start, kept)
        part = start[0][:, above:]
        how = replace(how, on_token=_farther_down(how.on_token, above, columns))
        drawn = super(LocalPixelCNN, self.of_size(part.shape[1:])).draw(n, None, how, [part], kept - above * columns)
        return [torch.cat([start[0][:, :above].expand(n, -1, -1), drawn[0]], 1)]

    @torch.inference_mode()
    def bits(self, tokens: Sequence[Tensor], condition: Condition = None) -> list[Tensor]:
        _no_text(condition)
        model, codes = self.of_size(tokens[0].shape[1:]), self.codes(self.codebook).T
        sequences = model.layout.flatten(tokens)
        nats = [
            F.cross_entropy(says @ codes + self.bias, target, reduction="none")
            for sequence in sequences
            for says, target in zip(*(x.split(READ_AT_ONCE) for x in (model._says(sequence[None])[0], sequence - self.layout.first_code)))
        ]
        return model.layout.cut((torch.cat(nats) if nats else torch.empty(0)).view(sequences.shape) / math.log(2))

    def redraw(
        self, tokens: Sequence[Tensor], mask: Sequence[Tensor], condition: Condition, how: Drawing, particles: int
    ) -> list[Tensor]:
        """As every prior. Looked at is what the tokens of the hole look at, a receptive field above and to each side, and by what
        comes after the hole candidates are weighed `AHEAD` rows far, so that the cost grows with the hole and not with the picture.
        `on_token` tells places in that window."""
        _no_text(condition)
        hole = mask[0].reshape(-1, *mask[0].shape[-2:]).any(0)
        window = self._around(hole) if hole.any() else (slice(None), slice(None))
        part, part_mask = ([grids[0][(..., *window)]] for grids in (tokens, mask))
        model = self.of_size(part[0].shape[1:])
        written = super(LocalPixelCNN, model).redraw(part, part_mask, None, replace(how, guidance=1.0), particles)
        whole = tokens[0].clone()
        whole[(..., *window)] = written[0]
        return [whole]

    def _around(self, hole: Tensor) -> tuple[slice, slice]:
        reach = self.config.layers
        rows, columns = (hole.any(1 - axis).nonzero()[:, 0] for axis in (0, 1))
        top, left = max(0, int(rows[0]) - reach), max(0, int(columns[0]) - reach)
        return slice(top, int(rows[-1]) + AHEAD + 1), slice(left, int(columns[-1]) + reach + 1)


def _farther_down(on_token: OnToken | None, rows: int, columns: int) -> OnToken | None:
    """Told of tokens of a grid that has so many rows fewer at its top."""
    if on_token is None:
        return None
    return lambda token: on_token(
        replace(token, index=token.index + rows * columns, place=(token.place[0] + rows, token.place[1]))
    )


def _no_text(condition: Condition) -> None:
    texts = [condition] if condition is None or isinstance(condition, str) else condition
    if any(texts):
        raise ValueError("This prior knows no words: it goes on from the tokens around. Leave the text out.")
