"""The contract Prior: what is known of how tokens go together, in whatever order they are written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from vqcore.files import shown
from vqcore.priors.choice import Choice, Settings
from vqcore.priors.sequence import Layout

Condition = str | Sequence[str | None] | None


@dataclass(frozen=True)
class Written:
    """A token that has just been drawn, for every sample: the `index`-th of the sequence, at `place` of its level.

    tokens: int64 [n];  probabilities: float32 [n, K] that it was drawn from, after temperature, top-k and top-p;  logits: float32 [n, K]
    before those.
    """

    index: int
    level: int
    place: tuple[int, ...]
    tokens: Tensor
    probabilities: Tensor
    logits: Tensor


OnToken = Callable[[Written], bool | None]


@dataclass(frozen=True)
class Drawing:
    """How grids are drawn: each token by `choice`, the text with the weight `guidance`, by chance as `seed` has it;
    on_token: called after each token, and stops the drawing where it returns True."""

    choice: Choice
    guidance: float
    seed: int
    on_token: OnToken | None


class Prior(nn.Module, ABC):
    """A distribution over the grids of a tokenizer, given a text.

    config: its shape, a frozen dataclass;  layout: its sequence;  tokenizer: the name of the checkpoint whose tokens it
    knows;  decoder: that tokenizer's fingerprint of what decodes (codebook and decoder) in hex, "" where nobody kept it;
    conditions: texts it was trained on, to choose from (none for an unconditional prior);  arithmetic: of the products
    while it samples. float32 is exact; a transformer is faster in bfloat16, where the processor has it, and with a few
    samples at a time in int8, its weights as 8-bit integers;  settings: how it draws best, which `sample` and `complete` take
    where they are told nothing else.
    """

    kind: ClassVar[str]
    """What a config file calls it."""
    any_size: ClassVar[bool] = False
    """Whether it reads and writes grids of any size, or those of its layout alone: see `of_size`."""
    reads_text: ClassVar[bool] = True
    """Whether a text changes what it writes."""
    attends: ClassVar[bool] = False
    """Whether it has attention: see `attention`."""
    hidden: ClassVar[str]
    """What the names of the weights of its hidden layers begin with, which training treats apart."""
    config: Any

    def __init__(self, layout: Layout, tokenizer: str = "", conditions: Sequence[str] = (), name: str = ""):
        super().__init__()
        self.layout, self.tokenizer, self.conditions, self.name = layout, tokenizer, tuple(conditions), name
        self.decoder = ""
        self.arithmetic = torch.float32
        self.settings = Settings()

    def of_size(self, *shapes: Sequence[int]) -> Prior:
        """The same model, with the same weights, for grids of these shapes S', coarse to fine. ValueError, in words, where it knows
        only its own and these are others."""
        own = [grid.shape for grid in self.layout.grids]
        if [tuple(shape) for shape in shapes] != own:
            sizes = [", ".join(" × ".join(map(str, reversed(shape))) for shape in each) for each in (own, shapes)]
            raise ValueError(f"{self.name or 'This prior'} knows grids of {sizes[0]} tokens, and these are {sizes[1]}.")
        return self

    @abstractmethod
    def forward(self, prefix: Tensor, sequence: Tensor, read: Tensor | None = None) -> Tensor:
        """−ln p of each token, float32 [B, length], what training makes small.

        prefix: `text … [SEP]`, int64 [B, prefix_length];  sequence: int64 [B, length], numbers of the vocabulary;
        read: what stands in the place of the sequence where it is only looked at, so that a model learns to mend it.
        """

    def sample(
        self,
        n: int = 1,
        condition: Condition = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        guidance: float | None = None,
        seed: int = 0,
        start: Sequence[Tensor] | None = None,
        kept: int = 0,
        on_token: OnToken | None = None,
    ) -> list[Tensor]:
        """Draw n grids of each level, int64 [n, *S']; the same seed gives the same tokens.

        temperature: logits are divided by it; 0 takes the likeliest token.  top_k: draw among that many of the
        likeliest.  top_p: draw among the fewest that have this probability together (nucleus sampling, 1904.09751).
        guidance: w of classifier-free guidance, logits become u + w·(c − u) with c those given the text and u those
        given none (2207.12598); 1 is plain, 0 ignores the text. Above 1, what stands after a colon or a comma is read
        alone as well and pulls by itself, + (w − 1)·(a − u) (as in 2206.01714), so that "wizard: dark skin tone"
        becomes dark even if no wizard of the training set was.
        Where one of these four is None, the prior's own is taken (see `settings`); a top_p of 1 and a top_k of K leave none out.
        start, kept: begin with the first `kept` tokens of these grids (of one sample, or n).
        on_token: called after each token; when it returns True the drawing stops, and unwritten tokens are −1.
        """
        if not isinstance(n, Integral) or n < 1:
            raise ValueError(f"Ask for at least one sample, a whole number, not {shown(n)}.")
        return self.draw(int(n), condition, self._drawing(temperature, top_k, top_p, guidance, seed, on_token), start, kept)

    @abstractmethod
    def draw(self, n: int, condition: Condition, how: Drawing, start: Sequence[Tensor] | None, kept: int) -> list[Tensor]:
        """What `sample` does, with its settings together."""

    @abstractmethod
    def bits(self, tokens: Sequence[Tensor], condition: Condition = None) -> list[Tensor]:
        """−log₂ p of every token, given the text and whatever the model writes before it: float32 grids shaped as the tokens."""

    def complete(
        self,
        tokens: Sequence[Tensor],
        mask: Sequence[Tensor],
        condition: Condition = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        guidance: float | None = None,
        seed: int = 0,
        particles: int = 32,
        on_token: OnToken | None = None,
    ) -> list[Tensor]:
        """Write the masked tokens (True in `mask`, bool grids shaped as the tokens) anew, given all others (resampling, or
        inpainting). particles: candidates to weigh, for a model that has to write in one order; the rest as in `sample`."""
        return self.redraw(tokens, mask, condition, self._drawing(temperature, top_k, top_p, guidance, seed, on_token), particles)

    @abstractmethod
    def redraw(
        self, tokens: Sequence[Tensor], mask: Sequence[Tensor], condition: Condition, how: Drawing, particles: int
    ) -> list[Tensor]:
        """What `complete` does, with its settings together."""

    def _drawing(
        self, temperature: float | None, top_k: int | None, top_p: float | None, guidance: float | None, seed: int, on_token: OnToken | None
    ) -> Drawing:
        own, first = self.settings, lambda given, its: its if given is None else given
        choice = Choice(first(temperature, own.temperature), first(top_k, own.top_k), first(top_p, own.top_p))
        if not isinstance(seed, Integral) or not -(2**63) <= seed < 2**64:
            raise ValueError(f"The seed is a whole number of 64 bits, not {shown(seed)}.")
        return Drawing(choice, first(guidance, own.guidance), int(seed), on_token)

    def adopt(self, codebooks: Sequence[Tensor]) -> None:
        """Take over what it has to know of the tokenizer before it learns: the codebooks E [K, D], coarse to fine. Most need none."""

    def check_decoder(self, decoder: bytes, name: str) -> None:
        """ValueError where the tokenizer called `name` has another fingerprint of what decodes than this prior learned from."""
        if self.decoder and self.decoder != decoder.hex():
            raise ValueError(
                f"{self.name or 'This prior'} was trained on the tokens of another version of {name or 'its tokenizer'}: that one's "
                "codebook or decoder has changed since, so its numbers mean something else. Take the version that it was trained "
                "with, or train the prior again."
            )


def each(condition: Condition, n: int) -> list[str | None]:
    """One text a sample."""
    if condition is None or isinstance(condition, str):
        return [condition] * n
    if len(condition) != n:
        raise ValueError(f"Give one condition, or one a sample: {n}, not {len(condition)}.")
    return list(condition)
