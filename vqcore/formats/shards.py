"""Shards: the tokens of any number of pictures, as files that priors train from without loading them whole.

The folder gets index.json, which says what the tokens are of, and a safetensors file for every `shard_size` pictures:

    level0, level1, …   tokens of each level, coarse to fine, int16 (int32 where K needs it) [n, views, *S']
    texts               which of the index's texts each picture has, int32 [n]; as many as there are for none
    pictures            which picture of the data it is, int64 [n]

`tokenize`, called again, goes on where it was stopped; several ranks share the shards out.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vqcore import distributed
from vqcore.data.colors import in_channels
from vqcore.data.labelled import Labelled, views
from vqcore.files import read_tensors, write_json, write_tensors
from vqcore.tokenizers.base import Tokenizer, fingerprint
from vqcore.tokenizers.pixels import to_tensor

INDEX = "index.json"
SHARD_SIZE = 4096  # pictures
ENCODED_AT_ONCE = 64  # squares


@dataclass(frozen=True)
class Shards:
    """The tokens in a folder, as they lie on the disk: only what is looked at is read.

    index: what index.json says;  levels: the tokens of each level in each shard;  texts: int64 [N];  starts: the number
    of each shard's first picture.
    """

    index: dict[str, Any]
    levels: list[list[Tensor]]
    texts: Tensor
    starts: Tensor

    def __len__(self) -> int:
        return len(self.texts)

    def grids(self, rows: Tensor, view: Tensor) -> list[Tensor]:
        """The tokens of these pictures and views, int64 [B] both → int64 [B, *S'] a level."""
        shard = torch.searchsorted(self.starts, rows, right=True) - 1
        grids = [torch.empty(len(rows), *grid["shape"], dtype=torch.int64) for grid in self.index["grids"]]
        for number in shard.unique().tolist():
            here = shard == number
            for grid, level in zip(grids, self.levels[number]):
                grid[here] = level[rows[here] - self.starts[number], view[here]].long()
        return grids


def tokenize(tokenizer: Tokenizer, data: Labelled, out: Path, side: int, count: int = 1, shard_size: int = SHARD_SIZE) -> None:
    """The tokens of `count` squares of `side` pixels of every picture (see data.labelled.views), in a folder of shards.

    Shards that are there are left alone; ValueError if the folder has those of something else.
    """
    classes = data.classes
    if distributed.is_first():
        coarsest = tokenizer.levels[0].downsampling
        padded = -(-side // coarsest) * coarsest
        index = {
            "version": 1, "kind": "tokens", "tokenizer": tokenizer.name, "fingerprint": fingerprint(tokenizer).hex(),
            "made_of": data.digest(), "side": side, "views": count,
            "grids": [{"codebook_size": level.codebook_size, "shape": [padded // level.downsampling] * 2} for level in tokenizer.levels],
            "pictures": len(data.labels), "shard_size": shard_size, "texts": classes,
        }
        if data.variants:
            index["variants"] = [data.variants.get(text, []) for text in classes]
        if holds_tokens(out) and read_index(out) != index:
            raise ValueError(f"{out} has the tokens of other pictures, or of another tokenizer or other settings. Give another --out.")
        write_json(out / INDEX, index)
    distributed.wait_for_all()
    index = read_index(out)
    numbers = {text: i for i, text in enumerate(classes)}
    texts = [numbers.get(label, len(classes)) for label in data.labels]
    kinds = [torch.int16 if grid["codebook_size"] <= 1 << 15 else torch.int32 for grid in index["grids"]]
    counter = Counter(len(texts))
    tokenizer = tokenizer.to(distributed.device())
    for number in range(distributed.rank(), _shard_count(index), distributed.count()):
        if shard_file(out, number).is_file():
            continue
        chosen = range(number * shard_size, min((number + 1) * shard_size, len(texts)))
        levels, pictures = _encode(tokenizer, data, side, count, chosen, counter)
        write_tensors(shard_file(out, number), {
            **{f"level{i}": level.to(kind) for i, (level, kind) in enumerate(zip(levels, kinds))},
            "texts": torch.tensor([texts[i] for i in pictures], dtype=torch.int32), "pictures": torch.tensor(pictures, dtype=torch.int64),
        })
    counter.close()
    distributed.wait_for_all()


def encode_all(tokenizer: Tokenizer, data: Labelled, side: int) -> list[Tensor]:
    """The tokens of the middle square of every picture, in memory: int64 [N, *S'] a level."""
    counter = Counter(len(data.labels))
    levels, pictures = _encode(tokenizer, data, side, 1, range(len(data.labels)), counter)
    counter.close()
    if len(pictures) < len(data.labels):
        raise ValueError(f"{len(data.labels) - len(pictures)} of these pictures can't be read. Take them out of the data.")
    return [level[:, 0] for level in levels]


def _encode(tokenizer: Tokenizer, data: Labelled, side: int, count: int, chosen: range, counter: Counter) -> tuple[list[Tensor], list[int]]:
    """The tokens of some pictures, int64 [n, count, *S'] a level, and which of them could be read."""
    parts: list[list[Tensor]] = [[] for _ in tokenizer.levels]
    waiting: list[np.ndarray] = []
    pictures: list[int] = []
    for i, squares in zip(chosen, views(data, side, count, chosen)):
        if len(squares):
            waiting.append(in_channels(squares, tokenizer.channels))
            pictures.append(i)
        if len(waiting) * count >= ENCODED_AT_ONCE or (i == chosen[-1] and waiting):
            for part, grid in zip(parts, tokenizer.encode(to_tensor(np.concatenate(waiting)).to(tokenizer.device))):
                part.append(grid.view(len(waiting), count, *grid.shape[1:]).cpu())
            waiting = []
        counter.add(1)
    if not pictures:
        raise ValueError("None of these pictures can be read.")
    return [torch.cat(part) for part in parts], pictures


class Counter:
    """A line on the screen: how many pictures are done, and how many it is a second. With ranks, those of the first."""

    def __init__(self, total: int):
        self.total, self.done, self.since, self.shown = total, 0, time.monotonic(), 0.0

    def add(self, pictures: int) -> None:
        self.done += pictures
        if time.monotonic() - self.shown > 0.5:
            self._show("")

    def close(self) -> None:
        self._show("\n")

    def _show(self, end: str) -> None:
        self.shown = time.monotonic()
        rate = self.done / max(1e-9, self.shown - self.since)
        others = f" in the first of {distributed.count()} processes" if distributed.count() > 1 else ""
        if distributed.is_first():
            sys.stderr.write(f"\r{self.done:,} of {self.total:,} pictures encoded, {rate:,.0f} images/s{others}{end}")
            sys.stderr.flush()


def read_index(folder: Path) -> dict[str, Any]:
    try:
        index = json.loads((folder / INDEX).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder / INDEX} can't be read as JSON ({error}).") from None
    if not isinstance(index, dict) or index.get("kind") != "tokens" or index.get("version") != 1:
        raise ValueError(f"{folder / INDEX} is not the index of tokens that this version of the program wrote.")
    return index


def holds_tokens(folder: Path) -> bool:
    return (folder / INDEX).is_file()


def open_shards(folder: Path) -> Shards:
    """The tokens in a folder, once it is sure that all shards are there."""
    index = read_index(folder)
    files = [shard_file(folder, i) for i in range(_shard_count(index))]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ValueError(f"{folder} lacks {len(missing)} of {len(files)} shards ({missing[0]}). Run vqcore.tokenize again: it goes on.")
    shards = [read_tensors(file) for file in files]  # which maps the file into memory
    levels = [[shard[f"level{i}"] for i in range(len(index["grids"]))] for shard in shards]
    expected = [[index["views"], *grid["shape"]] for grid in index["grids"]]
    if any([list(level.shape[1:]) for level in shard] != expected for shard in levels):
        raise ValueError(f"The shards in {folder} don't fit its {INDEX}. Delete the folder and tokenize again.")
    lengths = torch.tensor([0, *(len(shard["texts"]) for shard in shards)])
    return Shards(index, levels, torch.cat([shard["texts"] for shard in shards]).long(), lengths.cumsum(0)[:-1])


def _shard_count(index: dict[str, Any]) -> int:
    return -(-index["pictures"] // index["shard_size"])


def shard_file(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.safetensors"
