"""Writing with a local PixelCNN row by row, the same values as its convolutions give, from what the next token needs alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore.priors.autoregressive import Reader


def gate(x: Tensor, axis: int = 1) -> Tensor:
    """A gated unit, tanh · σ: the halves of an axis → one."""
    a, b = x.chunk(2, axis)
    return torch.tanh(a) * torch.sigmoid(b)


class Flat(NamedTuple):
    """A layer's weights as the reader multiplies by them, [in, out], with biases that are added together as one. above, here: of the
    vertical stack, three places of a row;  left, own: of the horizontal one;  after: what the gated unit becomes, and what goes to the
    readout."""

    above: Tensor | None
    here: Tensor
    rows: Tensor
    link: tuple[Tensor, Tensor]
    out_rows: tuple[Tensor, Tensor]
    left: Tensor
    own: Tensor | None
    after: tuple[Tensor, Tensor]


class Weights(NamedTuple):
    """All that a reader multiplies by: the layers, each code as it is read [K, width] and as it is written [readout, K] with its bias
    [K], and what stands between the layers and the codes."""

    layers: Sequence[Flat]
    vectors: Tensor
    head: tuple[Tensor, Tensor]
    write: tuple[Tensor, Tensor]
    codes: Tensor
    bias: Tensor


class RowReader(Reader):
    """Reads row by row, and keeps what the next token needs alone: of each layer one row of the vertical stack, which is
    worked out for a whole row when its first token is due, and one place of the horizontal one.

    above[i]: what the row before adds to layer i's vertical stack, [B, W, 2·width];  said[i]: what that stack hands to the horizontal
    one in this row, [B, W, 2·width];  left[i], here[i]: what the horizontal one reads in the place before and in this one, [B, width].
    """

    def __init__(self, weights: Weights, batch: int, across: int):
        self.weights, self.batch, self.across, self.past = weights, batch, across, 0
        self.above = [layer.rows.expand(batch, across, -1) for layer in weights.layers]
        self.row = torch.zeros(batch, across, weights.vectors.shape[1])
        self.said: list[Tensor] = []
        self.left: list[Tensor] = []
        self.here: list[Tensor] = []

    def next(self) -> Tensor:
        column = self.past % self.across
        if column == 0:
            self._begin_row()
        h, total = self.left[0], torch.zeros_like(self.left[0])
        self.here = []
        for layer, left, said in zip(self.weights.layers, self.left, self.said):
            self.here.append(h)
            values = torch.addmm(said[:, column], left, layer.left)
            if layer.own is not None:
                values = torch.addmm(values, h, layer.own)
            out, skipped = torch.addmm(layer.after[1], gate(values), layer.after[0]).chunk(2, 1)
            h = out if layer.own is None else h + out
            total = total + skipped
        return self._answer(total)

    def _answer(self, total: Tensor) -> Tensor:
        _, _, head, write, codes, bias = self.weights
        y = F.linear(F.relu(F.linear(F.relu(total), *head)), *write)
        return y @ codes + bias

    def feed(self, token: Tensor) -> None:
        vector = self.weights.vectors[token]
        self.row[:, self.past % self.across] = vector
        self.left = [vector, *self.here[1:]]
        self.past += 1

    def read(self, tokens: Tensor) -> Tensor:
        parts = [self._answer(total) for total in self._rows(tokens)]
        return torch.cat(parts, 1)

    def skim(self, tokens: Tensor) -> None:
        for _ in self._rows(tokens):
            pass

    def _rows(self, tokens: Tensor) -> Iterator[Tensor]:
        """Go on by int64 [B, n], as much of a row at once as is given: what the layers say to the readout, [B, some, width]."""
        while tokens.shape[1]:
            column = self.past % self.across
            if column == 0:
                self._begin_row()
            some = min(self.across - column, tokens.shape[1])
            yield self._go_along(self.weights.vectors[tokens[:, :some]], column)
            tokens = tokens[:, some:]

    def _go_along(self, vectors: Tensor, column: int) -> Tensor:
        """The tokens of a row from `column` on, [B, n, width]: the horizontal stack of all of them, layer by layer."""
        n = vectors.shape[1]
        h, total, left = vectors, torch.zeros_like(vectors), [vectors[:, -1]]
        for i, (layer, said) in enumerate(zip(self.weights.layers, self.said)):
            before = torch.cat([self.left[i][:, None], h[:, :-1]], 1)
            values = before @ layer.left + said[:, column : column + n]
            if layer.own is not None:
                values = values + h @ layer.own
                left.append(h[:, -1])
            out, skipped = (gate(values, -1) @ layer.after[0] + layer.after[1]).chunk(2, -1)
            h = out if layer.own is None else h + out
            total = total + skipped
        self.row[:, column : column + n] = vectors
        self.left = left
        self.past += n
        return total

    def select(self, rows: Tensor) -> None:
        self.batch, self.row = len(rows), self.row[rows]
        self.above, self.said, self.left, self.here = (
            [x[rows] for x in each] for each in (self.above, self.said, self.left, self.here)
        )

    def _begin_row(self) -> None:
        """The vertical stack of the row that begins; the horizontal one has nothing to its left yet."""
        x, self.said = self.row, []
        for i, layer in enumerate(self.weights.layers):
            beside = F.pad(x, (0, 0, 1, 1))
            taps = torch.cat([beside[:, :-2], x, beside[:, 2:]], 2)
            values = taps @ layer.here + self.above[i]
            if layer.above is not None:
                self.above[i] = taps @ layer.above + layer.rows
            self.said.append(values @ layer.link[0] + layer.link[1])
            out = gate(values, -1) @ layer.out_rows[0] + layer.out_rows[1]
            x = out if layer.above is None else x + out
        self.left = [torch.zeros_like(self.row[:, 0]) for _ in self.weights.layers]
        self.row = torch.zeros_like(self.row)
