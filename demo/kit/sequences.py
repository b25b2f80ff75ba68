"""Sequences of tokens as they travel, for everything that priors write: as js/sequences.js.

A sequence is all the tokens of a picture, coarse level first, each level row by row. Many, or the first tokens of each,
are base64 of little-endian integers, as wide as `documents.token_type` says for the largest of the levels' codebooks.
In Python tokens are grids, int64 [n, *S'] a level: they become sequences here and nowhere else.
"""

import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from demo.document import token_type
from demo.kit.bytes import to_base64
from vqcore.priors.base import Prior

MOST_SAMPLES = 16
"""The most sequences that are written, read or judged at a time."""


def pack_grids(grids: Sequence[Tensor], prior: Prior) -> str:
    """Whole sequences: the inverse of `unpack_grids`."""
    return pack(flat(grids), prior)


def unpack_grids(data: str, prior: Prior, written: int | None = None) -> list[Tensor]:
    """The grids of sequences of which the first `written` tokens are given, all where None; the others are 0."""
    length = prior.layout.length
    written = length if written is None else written
    if not 0 <= written <= length:
        raise ValueError(f"A sequence of {prior.name} has {length} tokens.")
    given = unpack(data, written, prior)
    whole = torch.zeros(len(given), length, dtype=torch.int64)
    whole[:, :written] = given
    return prior.layout.cut(whole)


def flat(grids: Sequence[Tensor]) -> Tensor:
    """[n, *S'] of each level → [n, length], in the order of the sequence."""
    return torch.cat([grid.flatten(1) for grid in grids], 1)


def pack(tokens: Tensor, prior: Prior) -> str:
    """Tokens int64 [n, any], of sequences of the prior."""
    return to_base64(tokens.numpy().astype(_type(prior)).tobytes())


def unpack(data: str, count: int, prior: Prior) -> Tensor:
    """`count` tokens of each sequence, int64 [n, count], n from 1 to MOST_SAMPLES. ValueError for what `pack` doesn't write."""
    if not count:
        return torch.empty(1, 0, dtype=torch.int64)
    try:
        flat = np.frombuffer(base64.b64decode(data, validate=True), _type(prior))
        sequences = flat.astype(np.int64).reshape(-1, count)
    except (TypeError, ValueError):
        raise ValueError(f"The page sent no whole sequences of {count} tokens. Reload it.") from None
    if not 1 <= len(sequences) <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} sequences are read at a time.")
    if flat.max() >= _most_codes(prior):
        raise ValueError(f"Token {flat.max()} is out of range of the codebook of {Path(prior.tokenizer).name}.")
    return torch.from_numpy(sequences)


def _type(prior: Prior) -> np.dtype:
    return token_type(_most_codes(prior))


def _most_codes(prior: Prior) -> int:
    return max(grid.codebook_size for grid in prior.layout.grids)
