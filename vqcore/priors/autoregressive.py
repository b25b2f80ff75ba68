"""Priors that write one token after another: sample, complete, and tell the bits of tokens, by one loop for all of them.

A model gives p(z_i | text, z_1 … z_{i−1}) in two ways: `logits` for whole sequences at once, and a `Reader` that is
fed token by token and remembers. Logits are over the codes of all levels; those of other levels are −∞.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore.priors.base import Condition, Drawing, Prior, Written, each
from vqcore.priors.choice import pick
from vqcore.priors.sequence import Layout
from vqcore.priors.text import said_after

BITS_AT_ONCE = 64  # sequences
MOST_GUIDANCE = 100


class Reader(ABC):
    """One reading of a batch of sequences, from the text on."""

    batch: int

    @abstractmethod
    def next(self) -> Tensor:
        """Logits of the token that comes next, float32 [B, codes]."""

    @abstractmethod
    def feed(self, token: Tensor) -> None:
        """Go on by one token a row, int64 [B], codes of all levels counted from 0."""

    def read(self, tokens: Tensor) -> Tensor:
        """Go on by int64 [B, n ≥ 1] → the logits that each of these tokens had, [B, n, codes]."""
        logits = []
        for token in tokens.T:
            logits.append(self.next())
            self.feed(token)
        return torch.stack(logits, 1)

    def skim(self, tokens: Tensor) -> None:
        """Go on by int64 [B, n] whose logits nobody asks for."""
        if tokens.shape[1]:
            self.read(tokens)

    @abstractmethod
    def select(self, rows: Tensor) -> None:
        """Make the batch these of its rows, int64 [B']; a row may come more than once, or not at all."""


class AutoregressivePrior(Prior):
    """A prior that writes one token after another, in the order of the sequence."""

    def __init__(self, layout: Layout, tokenizer: str = "", conditions: Sequence[str] = (), name: str = ""):
        super().__init__(layout, tokenizer, conditions, name)
        self.follow(layout)

    def follow(self, layout: Layout) -> None:
        """Write sequences of this layout from now on."""
        self.layout = layout
        self._levels, self._places = layout.levels().tolist(), [tuple(place) for place in layout.places().tolist()]
        self._starts = [layout.starts()[level] for level in self._levels]

    @abstractmethod
    def logits(self, prefix: Tensor, sequence: Tensor) -> Tensor:
        """prefix int64 [B, prefix_length], sequence int64 [B, length] → [B, length, codes].

        Those at i depend on the prefix and the tokens before i only.
        """

    @abstractmethod
    def reader(self, prefix: Tensor) -> Reader:
        """Begin to read: `text … [SEP]` int64 [B, prefix_length]."""

    def attention(self, prefix: Tensor, sequence: Tensor, index: int) -> Tensor:
        """How much each head, to predict token `index`, takes of each input before it: float32 [B, layers, heads, prefix_length + index],
        1 together. ValueError for a model without attention."""
        raise ValueError(f"{self.name or 'This prior'} has no attention: it sees a fixed part of what is around. Measure effects instead.")

    def forward(self, prefix: Tensor, sequence: Tensor, read: Tensor | None = None) -> Tensor:
        logits = self.logits(prefix, sequence if read is None else read)
        targets = sequence - self.layout.first_code
        return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none").view_as(targets)

    @torch.inference_mode()
    def draw(self, n: int, condition: Condition, how: Drawing, start: Sequence[Tensor] | None, kept: int) -> list[Tensor]:
        if not 0 <= kept <= self.layout.length or (kept and start is None):
            raise ValueError(f"kept is a number of tokens of `start`, 0 … {self.layout.length}, not {kept}.")
        codes = torch.full((n, self.layout.length), -1, dtype=torch.int64)
        if kept and start is not None:
            first = self._codes(start)
            if len(first) not in (1, n):
                raise ValueError(f"`start` has {len(first)} samples: give one for all, or as many as are drawn ({n}).")
            codes[:, :kept] = first[:, :kept]
        draws = torch.rand(n, self.layout.length, generator=torch.Generator().manual_seed(how.seed))
        reader = self._reader(each(condition, n), how.guidance)
        if kept:
            reader.skim(codes[:, :kept])
        self._write(reader, codes, range(kept, self.layout.length), draws, how)
        return self._grids(codes)

    @torch.inference_mode()
    def bits(self, tokens: Sequence[Tensor], condition: Condition = None) -> list[Tensor]:
        sequence = self.layout.flatten(tokens)
        prefix = self.layout.prefix(each(condition, len(sequence)))
        parts = [self(p, s) for p, s in zip(prefix.split(BITS_AT_ONCE), sequence.split(BITS_AT_ONCE))]
        return self.layout.cut(torch.cat(parts) / math.log(2)) if parts else self.layout.cut(torch.empty(sequence.shape))

    @torch.inference_mode()
    def redraw(
        self, tokens: Sequence[Tensor], mask: Sequence[Tensor], condition: Condition, how: Drawing, particles: int
    ) -> list[Tensor]:
        """The masked tokens given all others, those that come after them too.

        By sequential Monte Carlo (Doucet & Johansen 2009, "A tutorial on particle filtering", §4; for language
        models 2306.03081): `particles` candidates are written from left to right; wherever kept tokens follow,
        each candidate's weight is multiplied by the probability that it gives them, and when the weights
        have become uneven (an effective number below half) candidates are drawn anew by weight (resampling). One is
        drawn at the end. With many particles this is the distribution of the masked tokens given the others; with one it
        is plain left-to-right writing, which is exact, and used, where nothing is kept after the hole. Temperature, top-k,
        top-p and guidance shape how candidates are written, not how they are weighed.
        """
        if particles < 1:
            raise ValueError(f"particles is at least 1, not {particles}.")
        codes = self._codes(tokens)
        hole = self._hole(mask, len(codes))
        if not hole.any() or not len(codes):
            return self._grids(codes)
        first, last = hole.nonzero()[[0, -1], 0].tolist()
        if last == self.layout.length - 1 and hole[first:].all():
            particles = 1
        batch = len(codes)
        generator = torch.Generator().manual_seed(how.seed)
        draws = torch.rand(batch * particles, self.layout.length, generator=generator)
        reader = self._reader(each(condition, batch), how.guidance)
        if first:
            reader.skim(codes[:, :first])
        codes = codes.repeat_interleave(particles, 0)
        codes[:, hole] = -1
        given = self._codes(tokens).repeat_interleave(particles, 0)
        reader.select(torch.arange(batch).repeat_interleave(particles))
        weights = torch.zeros(batch, particles, dtype=torch.float64)
        for run in _runs(hole.tolist(), first):
            if hole[run.start]:
                if not self._write(reader, codes, run, draws, how):
                    break
                continue
            kept = given[:, run.start : run.stop]
            nats = F.cross_entropy(reader.read(kept).flatten(0, 1), kept.flatten(), reduction="none")
            weights -= nats.double().view(batch, particles, -1).sum(2)
            if run.stop <= last:
                rows = _resampled(weights, generator)
                reader.select(rows)
                codes = codes[rows]
        chosen = pick(weights.softmax(1), torch.rand(batch, generator=generator, dtype=torch.float64))
        return self._grids(codes.view(batch, particles, -1)[torch.arange(batch), chosen])

    def _write(self, reader: Reader, codes: Tensor, run: range, draws: Tensor, how: Drawing) -> bool:
        """Draw the tokens of a run and put them into `codes`; False when the callback stopped it."""
        for i in run:
            logits = reader.next()
            p = how.choice.probabilities(logits)
            codes[:, i] = chosen = pick(p, draws[:, i])
            if i + 1 < self.layout.length:
                reader.feed(chosen)
            if how.on_token is not None and how.on_token(self._written(i, chosen, p, logits)):
                return False
        return True

    def _written(self, index: int, chosen: Tensor, probabilities: Tensor, logits: Tensor) -> Written:
        level, start = self._levels[index], self._starts[index]
        here = slice(start, start + self.layout.grids[level].codebook_size)
        return Written(index, level, self._places[index], chosen - start, probabilities[:, here], logits[:, here])

    def _reader(self, conditions: list[str | None], guidance: float) -> Reader:
        if not abs(guidance) <= MOST_GUIDANCE:
            raise ValueError(f"Guidance lies between −{MOST_GUIDANCE} and {MOST_GUIDANCE}, not at {guidance}.")
        prefix = self.layout.prefix(conditions)
        nothing = self.layout.prefix([None] * len(prefix))
        if guidance == 1 or torch.equal(prefix, nothing):
            return self.reader(prefix)
        parts = self.layout.prefix([said_after(text or "") for text in conditions])
        if guidance < 1 or torch.equal(parts, nothing):
            return Guided(self.reader(torch.cat([prefix, nothing])), [guidance, 1 - guidance])
        return Guided(self.reader(torch.cat([prefix, parts, nothing])), [guidance, guidance - 1, 2 - 2 * guidance])

    def _codes(self, tokens: Sequence[Tensor]) -> Tensor:
        """Grids → int64 [B, length], as codes of all levels from 0."""
        return self.layout.flatten(tokens) - self.layout.first_code

    def _grids(self, codes: Tensor) -> list[Tensor]:
        """The inverse; −1, for what is unwritten, stays −1."""
        tokens = torch.where(codes < 0, -1, codes - torch.tensor(self._starts))
        return self.layout.cut(tokens)

    def _hole(self, mask: Sequence[Tensor], batch: int) -> Tensor:
        """The mask along the sequence, bool [length], the same for every sample."""
        shapes = [tuple(m.shape) for m in mask]
        if any(m.dtype != torch.bool for m in mask) or len(mask) != len(self.layout.grids) or any(
            s not in (g.shape, (1, *g.shape), (batch, *g.shape)) for s, g in zip(shapes, self.layout.grids)
        ):
            raise ValueError(f"The mask is a list of bool grids shaped as the tokens, True where to write anew, not {shapes}.")
        flat = torch.cat([m.reshape(-1, g.length) for m, g in zip(mask, self.layout.grids)], 1)
        if bool((flat != flat[:1]).any()):
            raise ValueError("The samples of one call share one mask. Complete those with other masks in calls of their own.")
        return flat[0]


class Guided(Reader):
    """Classifier-free guidance: readings of several texts at once, the text itself first, their logits added up by weight."""

    def __init__(self, readings: Reader, weights: Sequence[float]):
        self.readings, self.weights = readings, torch.tensor(weights)[:, None, None]

    def next(self) -> Tensor:
        logits = self.readings.next().unflatten(0, (len(self.weights), -1))
        return torch.where(logits[0].isinf(), logits[0], (self.weights * logits).sum(0))

    def feed(self, token: Tensor) -> None:
        self.readings.feed(token.repeat(len(self.weights)))

    def read(self, tokens: Tensor) -> Tensor:
        """The logits given the text."""
        return self.readings.read(tokens.repeat(len(self.weights), 1))[: self.batch]

    def skim(self, tokens: Tensor) -> None:
        self.readings.skim(tokens.repeat(len(self.weights), 1))

    def select(self, rows: Tensor) -> None:
        self.readings.select(torch.cat([rows + i * self.batch for i in range(len(self.weights))]))

    @property
    def batch(self) -> int:
        return self.readings.batch // len(self.weights)


def _resampled(weights: Tensor, generator: torch.Generator) -> Tensor:
    """Rows to go on with, int64 [B·particles], by systematic resampling where the weights are uneven; those become even.

    weights: logarithms, [B, particles].
    """
    batch, particles = weights.shape
    shares = weights.softmax(1)
    rows = torch.arange(particles).repeat(batch, 1)
    uneven = 1 / shares.square().sum(1) < particles / 2
    comb = (torch.arange(particles) + torch.rand(batch, 1, generator=generator, dtype=torch.float64)) / particles
    drawn = torch.searchsorted(shares.cumsum(1), comb).clamp_max(particles - 1)
    rows[uneven] = drawn[uneven]
    weights[uneven] = 0
    return (rows + particles * torch.arange(batch)[:, None]).flatten()


def _runs(hole: list[bool], first: int) -> list[range]:
    """Cut first … end into runs that are all hole or all kept."""
    edges = [i for i in range(first, len(hole)) if i == first or hole[i] != hole[i - 1]] + [len(hole)]
    return [range(a, b) for a, b in itertools.pairwise(edges)]
