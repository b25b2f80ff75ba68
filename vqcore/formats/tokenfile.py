"""The token file: a picture as a small file that decodes to the same tokens on every machine.

    "VQT" and the version 1                  4 bytes
    the tokenizer's fingerprint              8 bytes
    the tables' fingerprint, 0 where packed  4 bytes
    CRC-32 of all the rest and the tokens    4 bytes
    number of dimensions, then the picture's size along each, in pixels: a byte, then 2 bytes each, little-endian
    the tokens, level after level, coarse to fine, in raster order: range-coded under the tables (vqcore/tables.py),
    or each in as many bits as its codebook needs
"""

from __future__ import annotations

import hashlib
import logging
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import constriction
import numpy as np
import torch
from torch import Tensor

from vqcore.data.colors import in_channels
from vqcore.data.folders import find_pictures
from vqcore.data.images import open_picture
from vqcore.files import write_tensors
from vqcore.tokenizers.base import Level, Tokenizer, fingerprint
from vqcore.tokenizers.pixels import to_tensor
from vqcore.tokenizers.tables import FILE as TABLES
from vqcore.tokenizers.tables import Tables, make_tables, neighbours

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

    Under the tokenizer's tables where it has them and they make it smaller. ValueError for grids that aren't those of
    one picture of that size.
    """
    grids = [np.asarray(grid)[0] for grid in tokens if len(grid) == 1]
    shapes = _shapes(size, tokenizer.levels)
    if [grid.shape for grid in grids] != shapes:
        raise ValueError(f"A picture of {' × '.join(map(str, size))} pixels has grids of {shapes} tokens, one picture to a file.")
    if sum(grid.size for grid in grids) > MOST_TOKENS or max(size) > 0xFFFF:
        raise ValueError(f"A token file holds {MOST_TOKENS:,} tokens and 65,535 pixels along a side at most. Cut the picture up.")
    if any(grid.min() < 0 or grid.max() >= level.codebook_size for grid, level in zip(grids, tokenizer.levels)):
        raise ValueError("Some tokens are outside the codebook.")
    choices = [(UNTABLED, _pack(grids, tokenizer.levels))]
    if tokenizer.tables:
        choices.append((_digest(tokenizer.tables), _encode(grids, tokenizer.tables)))
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
        grids = _unpack(payload, shapes, tokenizer.levels)
    elif tokenizer.tables and head[1] == _digest(tokenizer.tables):
        grids = _decode(payload, shapes, tokenizer.tables)
    else:
        raise ValueError(
            f"This token file was coded under other context tables than {tokenizer.name or 'the tokenizer'} has here. "
            "Take the version of the checkpoint that wrote it."
        )
    if checksum != _checksum([*head, struct.pack(f"<{len(size)}H", *size), payload], grids):
        raise _damaged()
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
        raise _damaged()
    _, mark, tables, checksum, dims = FIXED.unpack_from(data)
    size = struct.unpack_from(f"<{dims}H", data, FIXED.size)
    if not 1 <= dims <= 3 or min(size) < 1:
        raise _damaged()
    return mark, tables, checksum, size, data[FIXED.size + 2 * dims :]


def _damaged() -> ValueError:
    return ValueError("This token file is cut short or damaged. Copy it again from where it came from.")


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


def _width(level: Level) -> int:
    """Bits that hold any of its codes."""
    return (level.codebook_size - 1).bit_length()


def _pack(grids: Sequence[np.ndarray], levels: Sequence[Level]) -> bytes:
    bits = [(grid.reshape(-1, 1) >> np.arange(_width(level))[::-1] & 1).ravel() for grid, level in zip(grids, levels)]
    return np.packbits(np.concatenate(bits).astype(np.uint8)).tobytes()


def _unpack(payload: bytes, shapes: Sequence[tuple[int, ...]], levels: Sequence[Level]) -> list[np.ndarray]:
    lengths = [math.prod(shape) * _width(level) for shape, level in zip(shapes, levels)]
    if len(payload) != -(-sum(lengths) // 8):
        raise _damaged()
    bits = np.unpackbits(np.frombuffer(payload, np.uint8))
    grids = []
    for part, shape, level in zip(np.split(bits, np.cumsum(lengths)), shapes, levels):
        grid = part.reshape(*shape, _width(level)) @ (1 << np.arange(_width(level))[::-1])
        if grid.max(initial=0) >= level.codebook_size:
            raise _damaged()
        grids.append(grid)
    return grids


def _encode(grids: Sequence[np.ndarray], tables: Sequence[Tables]) -> bytes:
    coder = constriction.stream.queue.RangeEncoder()
    for grid, level in zip(grids, tables):
        models, place = Models(level), np.argsort(level.order)
        tokens = grid.ravel()
        left, above = neighbours(grid.shape)
        groups = np.append(level.group[tokens], len(level.ward)).astype(np.int64)
        members = place[tokens] - level.starts[groups[:-1]]
        for group, member, a, b in zip(groups[:-1].tolist(), members.tolist(), groups[left].tolist(), groups[above].tolist()):
            coder.encode(group, models.of_group(a, b))
            coder.encode(member, models.of_member(a, b, group))
    return coder.get_compressed().astype("<u4").tobytes()


def _decode(payload: bytes, shapes: Sequence[tuple[int, ...]], tables: Sequence[Tables]) -> list[np.ndarray]:
    if len(payload) % 4:
        raise _damaged()
    coder = constriction.stream.queue.RangeDecoder(np.frombuffer(payload, "<u4").astype(np.uint32))
    grids = []
    for shape, level in zip(shapes, tables):
        models, starts = Models(level), level.starts.tolist()
        left, above = (part.tolist() for part in neighbours(shape))
        groups, places = [len(level.ward)] * (len(left) + 1), np.empty(len(left), np.int64)
        try:
            for i in range(len(left)):
                a, b = groups[left[i]], groups[above[i]]
                groups[i] = coder.decode(models.of_group(a, b))
                places[i] = starts[groups[i]] + coder.decode(models.of_member(a, b, groups[i]))
            grids.append(level.order[places].reshape(shape))
        except (AssertionError, ValueError, IndexError):  # the coder has met words that no encoder writes
            raise _damaged() from None
    return grids


class Models:
    """The coder's models of one level, made when their context is first met."""

    def __init__(self, tables: Tables):
        self.groups, self.members = tables.groups.astype(np.float32), tables.members.astype(np.float32)
        self.wards, self.starts = [*tables.ward.tolist(), tables.members.shape[0] - 1], tables.starts.tolist()
        self.made = {}

    def of_group(self, left: int, above: int):
        """Over all groups, beside these two."""
        key = left, above
        if key not in self.made:
            self.made[key] = _model(self.groups[left, above])
        return self.made[key]

    def of_member(self, left: int, above: int, group: int):
        """Over the members of a group, beside codes of these two."""
        key = self.wards[left], self.wards[above], group
        if key not in self.made:
            self.made[key] = _model(self.members[key[0], key[1], self.starts[group] : self.starts[group + 1]])
        return self.made[key]


def _model(weights: np.ndarray):
    """Weights are whole numbers that add up to about 2¹⁶: exact in float32, so that every machine makes the same model."""
    if len(weights) == 1:
        weights = np.append(weights, weights)  # the coder wants two; the second is never written
    return constriction.stream.model.Categorical(weights, perfect=False)


def count_tokens(tokenizer: Tokenizer, folders: Sequence[Path]) -> list[Tables]:
    """Encode every picture below these folders, whole, and make each level's tables of their tokens."""
    grids = [[] for _ in tokenizer.levels]
    for path in (path for folder in folders for path in find_pictures(folder)):
        try:
            pixels = in_channels(open_picture(path).pixels, tokenizer.channels)
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
