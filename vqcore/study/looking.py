"""What a prior looked at when it predicted a token: by its attention, and by what would change if a thing were taken away.

The two differ. Attention tells where a head took values from; not what was in them, nor whether later layers made use of it
("Attention is not explanation", 1902.10186). An effect is measured on the odds themselves, one thing at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore.priors.autoregressive import AutoregressivePrior
from vqcore.priors.base import Prior

ROWS, COLUMNS = 4, 5
"""Above, and to either side: what is tried where the grid may have any size."""
CONTEXT = 14
"""Tokens around that are read then, in each direction."""
AT_ONCE = 16


@dataclass(frozen=True)
class Looked:
    """How much each head took of what came before one token, 1 together.

    words: of the text, as they are read;  text: float32 [layers, heads, words + 1], of each word, and at last of all that carries no
    word: [SEP] and the empty places of a short text, where heads rest that look for nothing;  tokens: float32 [layers, heads, index],
    of each token before it, in the order of the sequence.
    """

    words: tuple[str, ...]
    text: Tensor
    tokens: Tensor


@dataclass(frozen=True)
class Effects:
    """By how many bits what came before one token makes it likelier, below 0 less likely.

    bits: −log₂ p of the token as it is;  words: of the text, as they are read;  of_words: against the text without that word, float32
    [words];  of_tokens: against the likeliest other code in that one's place, float32 [index], in the order of the sequence; NaN where
    that was not tried.
    """

    bits: float
    words: tuple[str, ...]
    of_words: Tensor
    of_tokens: Tensor


def look_back(prior: Prior, tokens: Sequence[Tensor], index: int, condition: str | None = None) -> Looked:
    """tokens: grids int64 [1, *S'] of each level, of which those before token `index` are read. ValueError for a prior without
    attention."""
    prior, layout = _in_order(prior, index), prior.layout
    read = layout.text.read(condition or "")
    weights = prior.attention(layout.prefix([condition]), layout.flatten(tokens), index)[0]
    lengths = [len(pieces) for _, pieces in read]
    empty, *words, sep, looked = weights.split([layout.text_length - sum(lengths), *lengths, 1, index], 2)
    text = [part.sum(2) for part in (*words, torch.cat([empty, sep], 2))]
    return Looked(tuple(word for word, _ in read), torch.stack(text, 2), looked)


@torch.inference_mode()
def measure_effects(
    prior: Prior, tokens: Sequence[Tensor], index: int, condition: str | None = None, between: Callable[[], None] = lambda: None
) -> Effects:
    """tokens: as of `look_back`, and token `index` itself;  between: called now and then. Where the prior takes any size, the tokens
    near by are tried alone."""
    prior, tokens, at, tried, places = _near(_in_order(prior, index), tokens, index)
    words = [word for word, _ in prior.layout.text.read(condition or "")]
    sequence = prior.layout.flatten(tokens)
    codes = sequence[0, tried] - prior.layout.first_code
    logits = prior.logits(prior.layout.prefix([condition]), sequence)[0, tried]
    changed = sequence.repeat(len(tried), 1)
    changed[torch.arange(len(tried)), tried] = prior.layout.first_code + logits.scatter(1, codes[:, None], -torch.inf).argmax(1)
    texts = [condition, *(" ".join(words[:i] + words[i + 1 :]) for i in range(len(words)))]
    bits = [_bits(prior, texts, sequence.expand(len(texts), -1), at)]
    for some in changed.split(AT_ONCE):
        between()
        bits.append(_bits(prior, [condition] * len(some), some, at))
    own, without = torch.cat(bits).tensor_split([1])
    of_tokens = torch.full((index,), math.nan)
    of_tokens[places] = without[len(words) :] - own
    return Effects(own.item(), tuple(words), without[: len(words)] - own, of_tokens)


def _in_order(prior: Prior, index: int) -> AutoregressivePrior:
    if not isinstance(prior, AutoregressivePrior):
        raise ValueError(f"{prior.name} writes in no order, so that no token comes before another.")
    if not 0 <= index < prior.layout.length:
        raise ValueError(f"A sequence of {prior.name} has tokens 0 to {prior.layout.length - 1}, not {index}.")
    return prior


def _near(
    prior: AutoregressivePrior, tokens: Sequence[Tensor], index: int
) -> tuple[AutoregressivePrior, Sequence[Tensor], int, Tensor, Tensor]:
    """The part to read: the prior for it, its tokens, where token `index` is in it; and the tokens to try, by their places in that part
    and in the whole."""
    if not prior.any_size:
        before = torch.arange(index)
        return prior, tokens, index, before, before
    (grid,) = tokens
    rows, columns = prior.layout.places()[:, 0].view(grid.shape[1:]), prior.layout.places()[:, 1].view(grid.shape[1:])
    row, column = divmod(index, grid.shape[2])
    part = slice(max(0, row - CONTEXT), row + 1), slice(max(0, column - CONTEXT), column + CONTEXT + 1)
    rows, columns = rows[part].flatten(), columns[part].flatten()
    numbers = rows * grid.shape[2] + columns
    tried = ((numbers < index) & (row - rows <= ROWS) & ((columns - column).abs() <= COLUMNS)).nonzero()[:, 0]
    window = grid[(slice(None), *part)]
    at = int((numbers == index).nonzero())
    return _in_order(prior.of_size(window.shape[1:]), at), [window], at, tried, numbers[tried]


def _bits(prior: AutoregressivePrior, texts: Sequence[str | None], sequences: Tensor, at: int) -> Tensor:
    """−log₂ p of token `at` of each sequence: float32 [n]."""
    logits = prior.logits(prior.layout.prefix(texts), sequences)[:, at]
    return F.cross_entropy(logits.float(), sequences[:, at] - prior.layout.first_code, reduction="none") / math.log(2)
