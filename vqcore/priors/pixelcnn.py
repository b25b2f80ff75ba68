"""A gated PixelCNN over a grid of tokens (van den Oord et al. 2016, 1606.05328), in any number of dimensions.

One stack of convolutions for each axis: stack d sees, among the places that agree with its own in the axes before d,
those that lie before it in axis d, wherever they are in the axes after. In two dimensions stack 0 is the paper's
vertical stack (the rows above) and stack 1 its horizontal one (the same row, to the left), without a blind spot. The
first layer leaves its own place out (mask A), later layers take it in (mask B): by then it holds only what came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.priors.autoregressive import AutoregressivePrior, Reader
from vqcore.priors.sequence import Layout
from vqcore.tokenizers.networks import CONVOLUTIONS


@dataclass(frozen=True)
class PixelCNNConfig:
    """layers; width: channels of each stack; reach: places that a layer sees to each side; dropout in training."""

    layers: int = 8
    width: int = 96
    reach: int = 1
    dropout: float = 0.0

    def __post_init__(self):
        if min(self.layers, self.width, self.reach) < 1:
            raise ValueError(f"layers, width and reach are at least 1, not {self.layers}, {self.width}, {self.reach}.")


class MaskedConvolution(nn.Module):
    """Sees offset 0 in the axes before `axis`, those up to −1 (mask A) or 0 (mask B) in it, both sides after it."""

    def __init__(self, dims: int, axis: int, width: int, reach: int, include_self: bool):
        super().__init__()
        kernel = [1] * axis + [reach + include_self] + [2 * reach + 1] * (dims - axis - 1)
        self.convolution = CONVOLUTIONS[dims](width, 2 * width, kernel)
        sides = [(0, 0)] * axis + [(reach, 0 if include_self else -1)] + [(reach, reach)] * (dims - axis - 1)
        self.padding = [amount for side in reversed(sides) for amount in side]

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(F.pad(x, self.padding))


class Layer(nn.Module):
    """One layer of every stack: gated units tanh · σ (eq. 2 of the paper), each stack fed by the one before it.

    The text's vector is added inside both halves of the gate (eq. 4). The last stack has the residual connection and
    hands on to the output through `skip`.
    """

    def __init__(self, dims: int, config: PixelCNNConfig, first: bool):
        super().__init__()
        w = config.width
        self.first, pointwise = first, CONVOLUTIONS[dims]
        masked = nn.ModuleList(MaskedConvolution(dims, d, w, config.reach, not first) for d in range(dims))
        self.masked = cast("Sequence[MaskedConvolution]", masked)
        self.text = nn.Linear(w, 2 * w * dims, bias=False)
        self.links = nn.ModuleList(pointwise(2 * w, 2 * w, 1) for _ in range(dims - 1))
        self.out, self.skip = pointwise(w, w, 1), pointwise(w, w, 1)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, stacks: list[Tensor], text: Tensor) -> tuple[list[Tensor], Tensor]:
        """stacks: [B, width, *S'] for each axis; text [B, width] → the stacks after the layer, and what is skipped on."""
        dims = len(stacks)
        texts = self.text(text).view(len(text), dims, -1, *[1] * dims).unbind(1)
        after, before = [], None
        for d, (x, masked) in enumerate(zip(stacks, self.masked)):
            values = masked(x)
            if before is not None:
                values = values + self.links[d - 1](before)
            before = values
            a, b = (values + texts[d]).chunk(2, 1)
            after.append(torch.tanh(a) * torch.sigmoid(b))
        gated = self.dropout(after[-1])
        after[-1] = self.out(gated) if self.first else stacks[-1] + self.out(gated)
        return after, self.skip(gated)


class PixelCNN(AutoregressivePrior):
    """p(z_i | text, z_1 … z_{i−1}) by masked convolutions over a one-level grid; the text is the mean of its words."""

    kind, hidden = "pixelcnn", "layers."

    def __init__(
        self, layout: Layout, config: PixelCNNConfig = PixelCNNConfig(),
        tokenizer: str = "", conditions: Sequence[str] = (), name: str = "",
    ):
        super().__init__(layout, tokenizer, conditions, name)
        if len(layout.grids) != 1:
            raise ValueError(f"A PixelCNN is for one level of tokens, not {len(layout.grids)}. Use a transformer for more.")
        dims, w = layout.spatial_dims, config.width
        self.config = config
        self.embedding = nn.Embedding(layout.codes, w)
        self.words = nn.Embedding(layout.first_code, w)  # the blank and [SEP] are never read
        self.place = nn.Parameter(torch.zeros(w, *layout.grids[0].shape))
        self.layers = cast("Sequence[Layer]", nn.ModuleList(Layer(dims, config, first=i == 0) for i in range(config.layers)))
        self.head = CONVOLUTIONS[dims](w, 2 * w, 1)
        self.write = CONVOLUTIONS[dims](2 * w, layout.codes, 1)

    def text(self, prefix: Tensor) -> Tensor:
        """The mean of the words' embeddings, zero for no words: [B, width]."""
        is_word = (prefix < self.layout.blank).unsqueeze(-1)
        return (self.words(prefix) * is_word).sum(1) / is_word.sum(1).clamp_min(1)

    def logits(self, prefix: Tensor, sequence: Tensor) -> Tensor:
        grid = self.layout.grids[0]
        codes = (sequence - self.layout.first_code).view(-1, *grid.shape)
        x = self.embedding(codes).movedim(-1, 1)
        stacks, text, total = [x] * len(grid.shape), self.text(prefix), self.place
        for layer in self.layers:
            stacks, skipped = layer(stacks, text)
            total = total + skipped
        return self.write(F.relu(self.head(F.relu(total)))).flatten(2).mT

    def reader(self, prefix: Tensor) -> PixelCNNReader:
        return PixelCNNReader(self, prefix)


class PixelCNNReader(Reader):
    """Each stack is computed once for each place, and kept: a stack whose axis comes before the last one for a whole
    row (or plane) at a time, when the first token of that row is due.

    inputs[i][d] is what layer i reads in stack d, with `reach` zeros around; values[i][d] what it handed to stack d + 1.
    """

    def __init__(self, model: PixelCNN, prefix: Tensor):
        c, shape = model.config, model.layout.grids[0].shape
        self.model, self.batch, self.past, self.dims = model, len(prefix), 0, len(shape)
        text = model.text(prefix)
        self.texts = [layer.text(text).view(self.batch, self.dims, -1, *[1] * self.dims) for layer in model.layers]
        padded = [size + 2 * c.reach for size in shape]
        first = torch.zeros(self.batch, c.width, *padded)
        self.inputs = [[first] * self.dims]
        self.inputs += [[torch.zeros_like(first) for _ in shape] for _ in model.layers]
        self.values = [[torch.empty(self.batch, 2 * c.width, *shape) for _ in shape[1:]] for _ in model.layers]

    def next(self) -> Tensor:
        place, reach = self.model._places[self.past], self.model.config.reach
        here = (..., *(slice(p, p + 1) for p in place))
        total = self.model.place[here]
        for i, layer in enumerate(self.model.layers):
            for d in range(self.dims):
                if any(place[d + 1 :]):
                    continue
                slab = (..., *(slice(p, p + 1) for p in place[: d + 1]), *[slice(None)] * (self.dims - d - 1))
                inside = (..., *(slice(p + reach, p + reach + 1) for p in place[: d + 1]), *[slice(reach, -reach)] * (self.dims - d - 1))
                window = slice(place[d], place[d] + reach + (not layer.first))
                seen = (..., *inside[1 : d + 1], window, *[slice(None)] * (self.dims - d - 1))
                values = layer.masked[d].convolution(self.inputs[i][d][seen])
                if d > 0:
                    values = values + layer.links[d - 1](self.values[i][d - 1][slab])
                a, b = (values + self.texts[i][:, d]).chunk(2, 1)
                gated = torch.tanh(a) * torch.sigmoid(b)
                if d < self.dims - 1:
                    self.values[i][d][slab] = values
                    self.inputs[i + 1][d][inside] = gated
                else:
                    out = layer.out(gated)
                    self.inputs[i + 1][d][inside] = out if layer.first else self.inputs[i][d][inside] + out
                    total = total + layer.skip(gated)
        return self.model.write(F.relu(self.model.head(F.relu(total)))).flatten(1)

    def feed(self, token: Tensor) -> None:
        reach = self.model.config.reach
        self.inputs[0][0][(..., *(p + reach for p in self.model._places[self.past]))] = self.model.embedding(token)
        self.past += 1

    def select(self, rows: Tensor) -> None:
        self.batch = len(rows)
        self.texts = [text[rows] for text in self.texts]
        first = self.inputs[0][0][rows]
        self.inputs = [[first] * self.dims, *([x[rows] for x in layer] for layer in self.inputs[1:])]
        self.values = [[x[rows] for x in layer] for layer in self.values]
