"""The token file: a picture as a small file that decodes to the same tokens on every machine.

    "VQT" and the version 1                  4 bytes
    the tokenizer's fingerprint              8 bytes
    the tables' fingerprint, 0 where packed  4 bytes
    CRC-32 of all the rest and the tokens    4 bytes
    number of dimensions, then the picture's size along each, in pixels: a byte, then 2 bytes each, little-endian
    the tokens, level after level, coarse to fine, in raster order: range-coded under the tables, or
    each in as many bits as its codebook needs (see vqcore.formats.coding)
"""

from __future__ import annotations

import hashlib
import logging
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcore.data.colors import in_channels
from vqcore.data.folders import find_pictures
from vqcore.data.labelled import open_pixels
from vqcore.files import write_tensors
from vqcore.formats.coding import damaged, decode, encode, pack, unpack
from vqcore.tokenizers.base import Level, Tokenizer, fingerprint
from vqcore.tokenizers.pixels import to_tensor
from vqcore.tokenizers.tables import FILE as TABLES
from vqcore.tokenizers.tables import Tables, make_tables

log = logging.getLogger(__name__)
MAGIC = b"VQT\x01"
FIXED = struct.Struct("<4s8s4sI B")
UNTABLED = bytes(4)
MOST_TOKENS = 1 << 20
"""The most tokens that a file may hold: reading them takes some seconds."""


@dataclass(frozen=True)
class TokenFile:
    """tokens: one int64 grid [1, *S'] a level, coarse to fine;  size: the picture's, in pixels along each dimension."""

    tokens: list[Tensor]
    size: tuple[int, ...]


def write(tokens: Sequence[Tensor], size: Sequence[int], tokenizer: Tokenizer) -> bytes:
    """One picture's tokens, int64 [1, *S'] a level, and its size in pixels, as a file's bytes.

    Under the tokenizer's tables where it has them and they make it smaller. ValueError for grids that aren't the
    integers of one picture of that size.
    """
    if not all(isinstance(side, Integral) and side > 0 for side in size):
        raise ValueError(f"A picture's size is a whole number of pixels along each side, not {' × '.join(map(str, size))}.")
    grids = [np.asarray(grid)[0] for grid in tokens if len(grid) == 1]
    if not all(np.issubdtype(grid.dtype, np.integer) for grid in grids):
        raise ValueError(f"Tokens are integers, but got {', '.join(str(grid.dtype) for grid in grids)}.")
    shapes = _shapes(size, tokenizer.levels)
    if [grid.shape for grid in grids] != shapes:
        raise ValueError(f"A picture of {' × '.join(map(str, size))} pixels has grids of {shapes} tokens, one picture to a file.")
    if sum(grid.size for grid in grids) > MOST_TOKENS or max(size) > 0xFFFF:
        raise ValueError(f"A token file holds {MOST_TOKENS:,} tokens and 65,535 pixels along a side at most. Cut the picture up.")
    if any(grid.min() < 0 or grid.max() >= level.codebook_size for grid, level in zip(grids, tokenizer.levels)):
        raise ValueError("Some tokens are outside the codebook.")
    choices = [(UNTABLED, pack(grids, tokenizer.levels))]
    if tokenizer.tables:
        choices.append((_digest(tokenizer.tables), encode(grids, tokenizer.tables)))
    mark, payload = min(choices, key=lambda choice: len(choice[1]))
    head = (fingerprint(tokenizer), mark)
    sides = struct.pack(f"<{len(size)}H", *size)
    return FIXED.pack(MAGIC, *head, _checksum([*head, sides, payload], grids), len(size)) + sides + payload


def read(data: bytes, tokenizer: Tokenizer) -> TokenFile:
    """The tokens that `write` was given. ValueError, in words for people, for anything but a whole file of this tokenizer."""
    *head, checksum, size, payload = _open(data)
    if head[0] != fingerprint(tokenizer):
        raise ValueError(
            f"This token file was written with another tokenizer than {tokenizer.name or 'this one'}: its numbers mean nothing "
            "here. Open it with the tokenizer that wrote it."
        )
    if len(size) != tokenizer.spatial_dims:
        raise ValueError("This token file is damaged: it has another number of dimensions than its tokenizer. Copy it again.")
    shapes = _shapes(size, tokenizer.levels)
    if sum(map(math.prod, shapes)) > MOST_TOKENS:
        raise ValueError(f"This token file claims more than {MOST_TOKENS:,} tokens, so it is damaged or was made to do harm.")
    if head[1] == UNTABLED:
        grids = unpack(payload, shapes, tokenizer.levels)
    elif tokenizer.tables and head[1] == _digest(tokenizer.tables):
        grids = decode(payload, shapes, tokenizer.tables)
    else:
        raise ValueError(
            f"This token file was coded under other context tables than {tokenizer.name or 'the tokenizer'} has here. "
            "Take the version of the checkpoint that wrote it."
        )
    if checksum != _checksum([*head, struct.pack(f"<{len(size)}H", *size), payload], grids):
        raise damaged()
    return TokenFile([torch.from_numpy(grid.astype(np.int64))[None] for grid in grids], size)


def picture_size(data: bytes) -> tuple[int, ...]:
    """The size in pixels that a token file claims for its picture, before anything is decoded."""
    return _open(data)[3]


def is_written_by(data: bytes, tokenizer: Tokenizer) -> bool:
    """Whether this tokenizer has the fingerprint that the file names."""
    return _open(data)[0] == fingerprint(tokenizer)


def _open(data: bytes) -> tuple[bytes, bytes, int, tuple[int, ...], bytes]:
    """Fingerprint, tables' mark, checksum, size and payload of a file, checked as far as they can be alone."""
    if data[:3] != MAGIC[:3]:
        raise ValueError("This isn't a token file. Open one that was saved as .vqt.")
    if data[3:4] != MAGIC[3:]:
        raise ValueError(
            "This token file is of another version than the one that is read here. Save it again from the program that made it."
        )
    if len(data) < FIXED.size or len(data) < FIXED.size + 2 * data[FIXED.size - 1]:
        raise damaged()
    _, mark, tables, checksum, dims = FIXED.unpack_from(data)
    size = struct.unpack_from(f"<{dims}H", data, FIXED.size)
    if not 1 <= dims <= 3 or min(size) < 1:
        raise damaged()
    return mark, tables, checksum, size, data[FIXED.size + 2 * dims :]


def _shapes(size: Sequence[int], levels: Sequence[Level]) -> list[tuple[int, ...]]:
    """Each level's grid for a picture of that size, which is padded to whole tokens of the coarsest."""
    coarsest = levels[0].downsampling
    return [tuple(-(-side // coarsest) * coarsest // level.downsampling for side in size) for level in levels]


def _digest(tables: Sequence[Tables]) -> bytes:
    digest = hashlib.sha256()
    for level in tables:
        for name in Tables.__dataclass_fields__:
            digest.update(np.ascontiguousarray(getattr(level, name)).tobytes())
    return digest.digest()[:4]


def _checksum(written: Sequence[bytes], grids: Sequence[np.ndarray]) -> int:
    """Of the bytes, which may be damaged, and of the tokens, which a coder of another make might read differently."""
    return zlib.crc32(b"".join([*written, *(grid.astype("<u4").tobytes() for grid in grids)]))


def count_tokens(tokenizer: Tokenizer, folders: Sequence[Path]) -> list[Tables]:
    """Encode every picture below these folders, whole, and make each level's tables of their tokens."""
    grids = [[] for _ in tokenizer.levels]
    for path in (path for folder in folders for path in find_pictures(folder)):
        try:
            pixels = in_channels(open_pixels(path), tokenizer.channels)
        except ValueError as error:
            log.warning("skipped %s: %s", path, error)
            continue
        for level, grid in zip(grids, tokenizer.encode(to_tensor(pixels))):
            level.append(grid[0].numpy())
    if not grids[0]:
        raise ValueError("None of these pictures could be read.")
    return [make_tables(part, level.codebook.numpy()) for part, level in zip(grids, tokenizer.levels)]


def save_tables(tables: Sequence[Tables], tokenizer: Tokenizer, folder: Path) -> Path:
    """Write a checkpoint's tables beside its weights, marked with the fingerprint of the tokenizer they count for."""
    tensors = {f"{i}.{name}": tensor for i, level in enumerate(tables) for name, tensor in level.to_tensors().items()}
    tensors["fingerprint"] = torch.tensor(list(fingerprint(tokenizer)), dtype=torch.uint8)
    write_tensors(folder / TABLES, tensors)
    return folder / TABLES
