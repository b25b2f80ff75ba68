"""The pictures that a contrastive model was shown, kept to find the nearest of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vqcore.files import read_json, read_tensors, write_json, write_tensors

KNOWN, NAMES = "known.safetensors", "known.json"


@dataclass(frozen=True)
class Known:
    """Pictures that a model was shown, to find the nearest of: their texts, embeddings float32 [N, width], and tokens int64 [N, *S']."""

    texts: list[str]
    embeddings: Tensor
    tokens: Tensor


def save_known(known: Known, folder: Path) -> None:
    """Write known.safetensors and known.json beside a model."""
    kind = torch.int16 if known.tokens.max() < 1 << 15 else torch.int32
    write_tensors(folder / KNOWN, {"embeddings": known.embeddings.half(), "tokens": known.tokens.to(kind)})
    write_json(folder / NAMES, known.texts)


def load_known(folder: Path) -> Known | None:
    """What `save_known` wrote, or None where there is nothing. ValueError where it is damaged."""
    if not (folder / KNOWN).is_file():
        return None
    tensors, texts = read_tensors(folder / KNOWN), read_json(folder / NAMES)
    if not {"embeddings", "tokens"} <= tensors.keys() or not len(texts) == len(tensors["embeddings"]) == len(tensors["tokens"]):
        raise ValueError(f"{folder / KNOWN} and {NAMES} don't fit together. Copy the checkpoint again.")
    return Known(texts, tensors["embeddings"].float(), tensors["tokens"].long())
