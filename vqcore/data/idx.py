"""Fashion-MNIST (Xiao et al. 2017, 1708.07747) as published: four idx.gz files in a folder, as Debian's package
dataset-fashion-mnist puts them into /usr/share/datasets/fashion-mnist.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np

CLASSES = (
    "t-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)
PREFIXES = {"train": "train", "val": "t10k"}


def holds_idx(folder: str | os.PathLike) -> bool:
    """Whether the folder has the training pictures of a data set in this format."""
    return _file(Path(folder), "train", "images-idx3").is_file()


def read_idx(folder: str | os.PathLike, split: str) -> tuple[np.ndarray, list[str]]:
    """The `train` or `val` split: pictures uint8 [N, H, W, 1], and the name of each one's class."""
    pictures = _array(_file(Path(folder), split, "images-idx3"), 3)
    labels = _array(_file(Path(folder), split, "labels-idx1"), 1)
    if len(pictures) != len(labels) or labels.max(initial=0) >= len(CLASSES):
        raise ValueError(f"The {split} pictures and labels in {folder} don't belong together. Fetch all four files anew.")
    return pictures[..., None], [CLASSES[label] for label in labels]


def _file(folder: Path, split: str, kind: str) -> Path:
    return folder / f"{PREFIXES[split]}-{kind}-ubyte.gz"


def _array(path: Path, dims: int) -> np.ndarray:
    """An idx file of bytes: two zeros, 8 for uint8, the number of dimensions, their sizes as big-endian uint32, the data."""
    try:
        data = gzip.decompress(path.read_bytes())
        shape = np.frombuffer(data, ">u4", dims, 4).astype(int)
        if data[:4] != bytes([0, 0, 8, dims]):
            raise ValueError("its header is another format's")
        return np.frombuffer(data, np.uint8, offset=4 + 4 * dims).reshape(shape)
    except (OSError, EOFError, ValueError) as error:
        raise ValueError(f"{path} can't be read as an idx.gz file ({error}). Fetch it anew.") from None
