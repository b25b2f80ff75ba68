"""The sequence that every prior reads and writes: words, [SEP], then the tokens of the grids.

    text text … [SEP] token token …        one vocabulary: [words | blank | SEP | level 0 | level 1 | …]

Grids are flattened in raster order (the last axis runs fastest), the coarse level before the fine one; a grid may have
any number of spatial dimensions. A text that is shorter than the longest is filled up on its left with the blank
token, which the model learns like any other (as in DALL·E, 2102.12092, §2.2); an empty text is all blank.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vqcore.files import LARGEST, MOST_ENTRIES, settings_of, shown
from vqcore.priors.text import Text

MOST_BITS = 40  # log₂ of the codes of a grid times its places


@dataclass(frozen=True)
class Words:
    """The text side of a vocabulary: whole words, each one token. Capitals and punctuation don't count."""

    words: tuple[str, ...]

    @staticmethod
    def of(texts: Iterable[str]) -> Words:
        """The words of these texts, in alphabetical order."""
        return Words(tuple(sorted({word for text in texts for word in _split(text)})))

    @property
    def size(self) -> int:
        return len(self.words)

    def encode(self, text: str) -> list[int]:
        """The text's words as integers 0 … size − 1; a ValueError names the words that there are for one that isn't."""
        return [token for _, tokens in self.read(text) for token in tokens]

    def read(self, text: str) -> list[tuple[str, list[int]]]:
        """The words of a text, and the one token of each."""
        known = {word: index for index, word in enumerate(self.words)}
        split = _split(text)
        for word in split:
            if word not in known:
                words = ", ".join(self.words[:60]) or "none: this model takes no condition"
                raise ValueError(f"This model doesn't know the word {shown(word)!r}. It knows: {words}.")
        return [(word, [known[word]]) for word in split]

    def decode(self, tokens: Sequence[int]) -> list[str]:
        """What each token stands for, in letters."""
        return [self.words[token] for token in tokens]


def _split(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


@dataclass(frozen=True)
class Grid:
    """One level's grid of tokens: its codebook's size K, and its shape S'."""

    codebook_size: int
    shape: tuple[int, ...]

    @property
    def length(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Layout:
    """How texts and grids become one sequence of integers, and back.

    text: whatever turns a string into integers below its `size`;  text_length: the most text tokens a sequence has;
    grids: the levels' grids, coarse to fine.
    """

    text: Words | Text
    text_length: int
    grids: tuple[Grid, ...]

    def __post_init__(self):
        if not self.grids or any(g.codebook_size < 1 or not g.shape or min(g.shape) < 1 for g in self.grids):
            raise ValueError(f"A sequence needs at least one grid, with codes and places in it, not {self.grids}.")
        if len({len(g.shape) for g in self.grids}) > 1:
            raise ValueError("All levels of a sequence have the same number of spatial dimensions.")

    @property
    def blank(self) -> int:
        return self.text.size

    @property
    def sep(self) -> int:
        return self.text.size + 1

    @property
    def first_code(self) -> int:
        """Where the codes begin in the vocabulary."""
        return self.text.size + 2

    @property
    def codes(self) -> int:
        """Codes of all levels together."""
        return sum(g.codebook_size for g in self.grids)

    @property
    def vocabulary_size(self) -> int:
        return self.first_code + self.codes

    @property
    def prefix_length(self) -> int:
        """Tokens before the first grid token: the text and [SEP]."""
        return self.text_length + 1

    @property
    def length(self) -> int:
        """Grid tokens of one sequence."""
        return sum(g.length for g in self.grids)

    @property
    def spatial_dims(self) -> int:
        return len(self.grids[0].shape)

    def starts(self) -> list[int]:
        """The first code of each level, counted from `first_code`."""
        return [sum(g.codebook_size for g in self.grids[:level]) for level in range(len(self.grids))]

    def levels(self) -> Tensor:
        """The level of each grid token, int64 [length]."""
        return torch.cat([torch.full((g.length,), level) for level, g in enumerate(self.grids)])

    def places(self) -> Tensor:
        """The coordinates of each grid token in its own grid, int64 [length, spatial_dims]."""
        each = [torch.cartesian_prod(*map(torch.arange, g.shape)).view(g.length, -1) for g in self.grids]
        return torch.cat(each)

    def shortened(self, text: str) -> str:
        """The first words of a text, as many as a sequence has room for."""
        words = text.split()
        while words and len(self.text.encode(" ".join(words))) > self.text_length:
            words.pop()
        return " ".join(words)

    def prefix(self, conditions: Sequence[str | None]) -> Tensor:
        """Texts → `text … [SEP]`, int64 [B, prefix_length]; None and "" are the empty text."""
        rows = []
        for condition in conditions:
            tokens = self.text.encode(condition or "")
            if len(tokens) > self.text_length:
                raise ValueError(f"This text has {len(tokens)} tokens, and the model reads {self.text_length} at most. Shorten it.")
            rows.append([self.blank] * (self.text_length - len(tokens)) + tokens + [self.sep])
        return torch.tensor(rows, dtype=torch.int64).view(-1, self.prefix_length)

    def flatten(self, tokens: Sequence[Tensor]) -> Tensor:
        """Grids int64 [B, *S'] of each level, coarse to fine → int64 [B, length], with numbers of the vocabulary."""
        self.check(tokens)
        parts = [self.first_code + start + grid.reshape(len(grid), -1).long() for start, grid in zip(self.starts(), tokens)]
        return torch.cat(parts, 1)

    def unflatten(self, sequence: Tensor) -> list[Tensor]:
        """The inverse of `flatten`: int64 [B, length] → grids."""
        parts = sequence.split([g.length for g in self.grids], 1)
        return [
            (part - self.first_code - start).reshape(-1, *g.shape) for part, start, g in zip(parts, self.starts(), self.grids)
        ]

    def cut(self, values: Tensor) -> list[Tensor]:
        """Any values [B, length] along the sequence → [B, *S'] of each level."""
        return [part.reshape(-1, *g.shape) for part, g in zip(values.split([g.length for g in self.grids], 1), self.grids)]

    def check(self, tokens: Sequence[Tensor]) -> None:
        """A ValueError if these are not grids of this layout."""
        if isinstance(tokens, Tensor) or [tuple(g.shape[1:]) for g in tokens] != [g.shape for g in self.grids]:
            wanted = ", ".join(f"[B, {', '.join(map(str, g.shape))}]" for g in self.grids)
            one = isinstance(tokens, Tensor)
            got = f"one tensor {list(tokens.shape)}" if one else ", ".join(str(list(g.shape)) for g in tokens)
            raise ValueError(f"This prior is for a list of grids {wanted}, coarse to fine, but got {got}.")
        for level, (grid, g) in enumerate(zip(tokens, self.grids)):
            if grid.is_floating_point() or grid.dtype == torch.bool:
                raise ValueError(f"Tokens are integers, but level {level} is {grid.dtype}.")
            if grid.numel() and not 0 <= int(grid.min()) <= int(grid.max()) < g.codebook_size:
                raise ValueError(
                    f"Tokens of level {level} lie in 0 … {g.codebook_size - 1}, but got {int(grid.min())} … {int(grid.max())}."
                )

    def to_json(self) -> dict[str, Any]:
        return {
            "text": {"words": list(self.text.words)} | ({"bytes": True} if isinstance(self.text, Text) else {}),
            "text_length": self.text_length,
            "grids": [{"codebook_size": g.codebook_size, "shape": list(g.shape)} for g in self.grids],
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> Layout:
        """ValueError, TypeError or KeyError for what describes none."""
        if len(value["grids"]) > MOST_ENTRIES:
            raise ValueError(f"it has {len(value['grids'])} grids, and {MOST_ENTRIES} are the most")
        grids, length, words = tuple(settings_of(Grid, g) for g in value["grids"]), value["text_length"], value["text"]["words"]
        if type(length) is not int or not 0 <= length <= LARGEST or any(type(word) is not str for word in words):
            raise ValueError(f"its texts have {shown(length)} tokens of the words {shown(words)}")
        if sum(math.log2(side) for grid in grids for side in (grid.codebook_size, *grid.shape) if side > 0) > MOST_BITS * len(grids):
            raise ValueError(f"its grids are {shown(value['grids'])}, and no picture has so many tokens")
        return Layout((Text if value["text"].get("bytes") else Words)(tuple(words)), length, grids)
