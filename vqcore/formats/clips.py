"""The tokens of clips of sound, in a folder as priors train from (see vqcore.formats.shards)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcore.data.sounds import Clips, fitted
from vqcore.files import write_json, write_tensors
from vqcore.formats.shards import INDEX, holds_tokens, read_index, shard_file
from vqcore.tokenizers.base import Tokenizer, fingerprint

ENCODED_AT_ONCE = 256  # clips


def tokenize_sounds(tokenizer: Tokenizer, clips: Clips, out: Path, length: int, count: int) -> None:
    """The tokens of every clip in a folder as `vqcore.tokenize` writes it, each `count` times: from its beginning, and
    after a silence of any length that leaves room for it. length: of a sequence, in samples."""
    classes, levels = sorted({label for label in clips.labels if label}), tokenizer.levels
    index = {
        "version": 1, "kind": "tokens", "tokenizer": tokenizer.name, "fingerprint": fingerprint(tokenizer).hex(),
        "made_of": clips.digest(), "side": length, "views": count,
        "grids": [{"codebook_size": level.codebook_size, "shape": [-(-length // level.downsampling)]} for level in levels],
        "pictures": len(clips.labels), "shard_size": len(clips.labels), "texts": classes,
    }
    if holds_tokens(out) and read_index(out) == index and shard_file(out, 0).is_file():
        return
    draw = np.random.default_rng(0)
    placed = [
        fitted(clip, length, 0 if view == 0 else int(draw.integers(max(0, length - len(clip)) + 1)))
        for clip in clips.samples for view in range(count)
    ]
    grids = [grid.view(len(clips.samples), count, -1) for grid in encode_fitted(tokenizer, np.stack(placed))]
    texts = [classes.index(label) if label else len(classes) for label in clips.labels]
    write_json(out / INDEX, index)
    write_tensors(shard_file(out, 0), {
        **{f"level{i}": g.to(torch.int16 if k.codebook_size <= 1 << 15 else torch.int32) for i, (g, k) in enumerate(zip(grids, levels))},
        "texts": torch.tensor(texts, dtype=torch.int32), "pictures": torch.arange(len(texts)),
    })


def encode_fitted(tokenizer: Tokenizer, samples: np.ndarray) -> list[Tensor]:
    """float32 [N, T] → tokens int64 [N, T/f] of each level, T/f rounded up."""
    parts = torch.from_numpy(samples)[:, None].split(ENCODED_AT_ONCE)
    encoded = [[grid.cpu() for grid in tokenizer.encode(part.to(tokenizer.device))] for part in parts]
    return [torch.cat(level) for level in zip(*encoded)]
