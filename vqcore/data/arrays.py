"""Pictures in one .npz file: `images` uint8 [N, H, W] or [N, H, W, C] with 1 or 3 channels, and, if there are texts,
`texts`, a string each, or `labels`, a number each with or without `classes`, the names that the numbers stand for.
"""

from __future__ import annotations

import os
import zipfile

import numpy as np


def read_arrays(file: str | os.PathLike, split: str) -> tuple[np.ndarray, list[str]]:
    """The pictures uint8 [N, H, W, C] and a text each. A split but `train` is in arrays named after it: `val_images` …

    ValueError for a file that is something else, an array of Python objects (a pickle) included.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            prefix = "" if split == "train" else f"{split}_"
            wanted = ("images", "texts", "labels")
            images, texts, labels = (arrays.get(prefix + name) for name in wanted)
            classes = arrays.get("classes")
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{file} can't be read as an .npz file of plain arrays ({error}).") from None
    if images is None:
        raise ValueError(f"{file} has no array called {prefix}images: uint8 [N, H, W] or [N, H, W, C].")
    images = images[..., None] if images.ndim == 3 else images
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3) or 0 in images.shape:
        raise ValueError(
            f"`{prefix}images` in {file} is {images.dtype} {list(images.shape)}. Save it as uint8 [N, H, W] or [N, H, W, C], "
            "with 1 or 3 channels."
        )
    if texts is not None:
        answer = [str(text) for text in texts.ravel()]
    elif labels is not None:
        answer = _named(labels.ravel(), classes, f"`{prefix}labels` in {file}")
    else:
        answer = [""] * len(images)
    if len(answer) != len(images):
        raise ValueError(f"{file} has {len(images)} pictures and {len(answer)} texts. Save one text for each picture.")
    return images, answer


def _named(labels: np.ndarray, classes: np.ndarray | None, where: str) -> list[str]:
    """The text that each label stands for: its class, or itself where there are no classes."""
    if classes is None:
        return [label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label) for label in labels.tolist()]
    names = [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in classes.ravel().tolist()]
    if labels.dtype.kind in "SU":
        texts = [label.decode("utf-8", "replace") if isinstance(label, bytes) else label for label in labels.tolist()]
        if unknown := set(texts) - set(names):
            raise ValueError(f"{where} has {min(unknown)!r:.80}, which is none of `classes`. Save numbers from 0, or names of classes.")
        return texts
    if labels.dtype.kind not in "iub" and not (np.isfinite(labels).all() and (labels == np.round(labels)).all()):
        raise ValueError(f"{where} has {labels.dtype} values that are no whole numbers. Save a number from 0 to {len(names) - 1} each.")
    wrong = labels[(labels < 0) | (labels >= len(names))]
    if len(wrong):
        raise ValueError(f"{where} has the label {wrong[0]:g}; `classes` names {len(names)}, numbered from 0 to {len(names) - 1}.")
    return [names[int(label)] for label in labels.tolist()]
