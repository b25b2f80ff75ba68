"""Data sets of the Hugging Face Hub, by their names, where the package `datasets` is installed."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vqcore.data.lists import TEXTS
from vqcore.hub import is_id

log = logging.getLogger(__name__)
VALIDATION = ("val", "validation", "valid", "dev", "test")  # what this split is called, the first that there is


def is_name(source: str | os.PathLike) -> bool:
    """Whether this is `owner/name` of a data set, and no path here."""
    return is_id(source) and not Path(source).exists() and not Path(source).parent.exists()


def read_dataset(name: str, split: str) -> tuple[Sequence[bytes], list[str]]:
    """The pictures of a split, as the bytes of their files, and a text each; only what is asked for is read from disk."""
    try:
        datasets = importlib.import_module("datasets")
    except ImportError:
        raise ValueError(
            f"There is no folder {name}. To read the data set of that name from the Hub: pip install datasets"
        ) from None
    try:
        splits = datasets.get_dataset_split_names(name)
        wanted = next(s for s in (("train",) if split == "train" else VALIDATION) if s in splits)
        data = datasets.load_dataset(name, split=wanted)
    except StopIteration:
        raise ValueError(f"The data set {name} has no split for {split}; it has: {', '.join(splits)}.") from None
    except Exception as error:  # whatever the Hub, the network and the data set's own files may do
        raise ValueError(f"The data set {name} can't be read ({error}). Check its name and your connection.") from None
    column = next((key for key, kind in data.features.items() if isinstance(kind, datasets.Image)), None)
    if column is None:
        raise ValueError(f"The data set {name} has no column of pictures; it has: {', '.join(data.features)}.")
    return Encoded(data.cast_column(column, datasets.Image(decode=False)), column), _texts(data)


class Encoded(Sequence):
    """A column of picture files, read when asked for."""

    def __init__(self, data: Any, column: str):
        self.data, self.column = data, column

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> bytes:
        picture = self.data[index][self.column]
        return picture["bytes"] if picture["bytes"] is not None else Path(picture["path"]).read_bytes()


def _texts(data: Any) -> list[str]:
    column = next((name for name in TEXTS if name in data.features), None)
    if column is None:
        log.warning("the data set has no column called %s: its pictures have no texts.", " or ".join(TEXTS))
        return [""] * len(data)
    names = getattr(data.features[column], "names", None)
    return [names[value] if names else str(value or "") for value in data[column]]
