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
        answer = [str(classes[label]) if classes is not None else str(label) for label in labels.ravel().tolist()]
    else:
        answer = [""] * len(images)
    if len(answer) != len(images):
        raise ValueError(f"{file} has {len(images)} pictures and {len(answer)} texts. Save one text for each picture.")
    return images, answer
