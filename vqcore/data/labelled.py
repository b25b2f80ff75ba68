"""Pictures with a text each, from wherever they are: one function for folders, arrays and Hub data sets."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from vqcore.data.arrays import read_arrays
from vqcore.data.captions import caption, variants
from vqcore.data.datasets import is_name, read_dataset
from vqcore.data.idx import holds_idx, read_idx
from vqcore.data.images import find_pictures, open_picture
from vqcore.data.scenes import Renders, is_scenes, read_scenes

log = logging.getLogger(__name__)
METADATA = "metadata.jsonl"
LARGER_VIEW = 1.15  # how much larger than the crop a picture is scaled for the views that are moved about
READ_AHEAD = 256  # pictures


@dataclass(frozen=True)
class Labelled:
    """pictures: uint8 [H, W, C] each, or a file's path, or its bytes;  labels: a text each, "" for none;
    variants: other texts for each label, where there are any."""

    pictures: Sequence[np.ndarray | Path | bytes]
    labels: list[str]
    variants: dict[str, list[str]] = field(default_factory=dict)

    @property
    def classes(self) -> list[str]:
        return sorted({label for label in self.labels if label})

    def digest(self) -> str:
        """What tells these pictures and labels from others: of files, their paths; of scenes, what they are rendered from."""
        digest = hashlib.sha256(json.dumps(self.labels).encode())
        if isinstance(self.pictures, Renders):
            digest.update(str(self.pictures).encode())
            return digest.hexdigest()
        for picture in self.pictures:
            digest.update(str(picture).encode() if isinstance(picture, Path) else bytes(picture))
        return digest.hexdigest()


def read_labelled(source: str | os.PathLike, split: str) -> Labelled:
    """The `train` or `val` split of a data set. ValueError, saying what to do, for what is none.

    source is one of these; those that have no splits are all for training.
    - A folder with `train` and `val` in it, each of them like the next two.
    - A folder of folders, one for each class, named as the class; or of pictures without a text.
    - A folder with a metadata.jsonl: a line {"file_name": …, "text": …} a picture, and "split" if it has any
      (`train` is for training; all others are `val`), "style" and "tags" (see data.captions).
    - An .npz file (see data.arrays), or the folder of Fashion-MNIST's idx.gz files (see data.idx).
    - `scenes:COUNT`, rendered on the spot (see data.scenes), with a caption each.
    - The name of a data set on the Hub, where the package `datasets` is installed (see data.datasets).
    """
    if is_scenes(source):
        pictures = read_scenes(source, split)
        return Labelled(pictures, [pictures.caption(i) for i in range(len(pictures))])
    folder = Path(source)
    if folder.suffix == ".npz":
        return Labelled(*read_arrays(folder, split))
    if is_name(source):
        return Labelled(*read_dataset(str(source), split))
    if holds_idx(folder):
        return Labelled(*read_idx(folder, split))
    if (folder / METADATA).is_file():
        return _read_metadata(folder, split)
    if (folder / split).is_dir():
        folder = folder / split
    elif split != "train":
        raise ValueError(f"There is no folder {folder / split}. Give a folder with `train` and `{split}` in it.")
    if (folder / METADATA).is_file():
        return _read_metadata(folder, None)
    paths = find_pictures(folder)
    labels = [path.relative_to(folder).parts[0].replace("_", " ") if path.parent != folder else "" for path in paths]
    return Labelled(paths, labels)


def _read_metadata(folder: Path, split: str | None) -> Labelled:
    """The pictures that metadata.jsonl lists, in its order: those of one split, or all."""
    paths, labels, others, home = [], [], {}, folder.resolve()
    for number, line in enumerate((folder / METADATA).read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            path, name, its_split = folder / row["file_name"], str(row.get("text") or ""), row.get("split", "train")
            style, tags = str(row.get("style") or ""), [str(tag) for tag in row.get("tags") or ()]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f'Line {number} of {folder / METADATA} is not like {{"file_name": "a.png", "text": "a cat"}}.') from None
        if not path.resolve().is_relative_to(home) or not path.is_file():
            raise ValueError(f"{folder / METADATA} lists {row['file_name']!r} in line {number}, and the folder has no such file.")
        if split is None or (its_split == "train") == (split == "train"):
            label = caption(name, style)
            paths.append(path)
            labels.append(label)
            if style or tags:
                others[label] = variants(name, style, tags, np.random.default_rng(number))
    if not paths:
        raise ValueError(f"{folder / METADATA} lists no picture for {split or 'training'}.")
    return Labelled(paths, labels, others)


def open_pixels(picture: np.ndarray | Path | bytes, longest_side: int | None = None) -> np.ndarray:
    """uint8 [H, W, C] of a picture in any of the forms that `Labelled` has; a file is scaled down to `longest_side`."""
    return picture if isinstance(picture, np.ndarray) else open_picture(picture, longest_side).pixels


def views(data: Labelled, side: int, count: int, chosen: range | None = None) -> Iterator[np.ndarray]:
    """Of each picture, `count` squares: uint8 [count, side, side, C]; the same ones each time. Of a file that can't be
    read there are none, uint8 [0, side, side, 3], and its name is printed.

    The first is the middle of the picture, scaled so that its shorter side fits. The others are cut where chance has it
    from the picture a little larger, every other one mirrored. chosen: which of the pictures, all if not given.
    """

    def cut(index: int) -> np.ndarray:
        try:
            pixels = open_pixels(data.pictures[index])
        except (ValueError, OSError) as error:
            name = data.pictures[index] if isinstance(data.pictures[index], Path) else f"picture {index}"
            log.warning("skipped %s: %s", name, error)
            return np.empty((0, side, side, 3), np.uint8)
        draw = np.random.default_rng(index)
        return np.stack([_square(pixels, side, view, draw) for view in range(count)])

    chosen = range(len(data.pictures)) if chosen is None else chosen
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(chosen), READ_AHEAD):
            yield from pool.map(cut, chosen[start : start + READ_AHEAD])


def _square(pixels: np.ndarray, side: int, view: int, draw: np.random.Generator) -> np.ndarray:
    height, width, channels = pixels.shape
    short = side if view == 0 else round(side * LARGER_VIEW)
    scale = short / min(height, width)
    size = [max(short, round(width * scale)), max(short, round(height * scale))]
    if (width, height) != tuple(size):
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        pixels = np.asarray(image.resize(size, Image.Resampling.LANCZOS)).reshape(size[1], size[0], channels)
    spare = [size[1] - side, size[0] - side]
    top, left = (s // 2 if view == 0 else draw.integers(s + 1) for s in spare)
    square = pixels[top : top + side, left : left + side]
    return square[:, ::-1] if view % 2 else square


def unseen_pictures(folder: str | os.PathLike) -> Iterator[tuple[str, np.ndarray]]:
    """The name and pixels of every picture below a folder; of those held out where a metadata.jsonl lists them, of the
    test pictures of Fashion-MNIST's idx.gz files, and of scenes that nothing is trained on."""
    if is_scenes(folder):
        yield from ((str(i), pixels) for i, pixels in enumerate(read_scenes(folder, "val")))
        return
    if holds_idx(folder):
        yield from ((str(i), pixels) for i, pixels in enumerate(read_idx(folder, "val")[0]))
        return
    paths = read_labelled(folder, "val").pictures if (folder / METADATA).is_file() else find_pictures(folder)
    for path in paths:
        try:
            yield path.name, open_picture(path).pixels
        except ValueError as error:
            log.warning("skipped %s: %s", path, error)
