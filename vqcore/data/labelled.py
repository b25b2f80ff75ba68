"""Pictures with a text each, from wherever they are: one function for folders, arrays and Hub data sets."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from vqcore.data.arrays import read_arrays
from vqcore.data.captions import caption, variants
from vqcore.data.colors import in_channels
from vqcore.data.datasets import is_name, read_dataset
from vqcore.data.folders import find_pictures, unpack
from vqcore.data.idx import holds_idx, read_idx
from vqcore.data.images import Picture, open_picture
from vqcore.data.lists import find_list, read_list, text_beside
from vqcore.data.scenes import Renders, is_scenes, read_scenes

log = logging.getLogger(__name__)
LARGER_VIEW = 1.15  # how much larger than the crop a picture is scaled for the views that are moved about
READ_AHEAD = 256  # pictures

opener: Callable[[Path | bytes, int | None], Picture] = open_picture
"""What picture files are read with. A program that reads those of strangers sets one that gives up what takes too long."""


@dataclass(frozen=True)
class Labelled:
    """pictures: uint8 [H, W, C] each, or a file's path, or its bytes;  labels: a text each, "" for none;
    variants: other texts for each label, where there are any."""

    pictures: np.ndarray | Sequence[np.ndarray | Path | bytes]
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
    - A folder of folders, one for each class, named as the class; or of pictures with a .txt file each, or without a text.
    - A folder with a metadata.jsonl: a line {"file_name": …, "text": …} a picture, and "split" if it has any
      (`train` is for training; all others are `val`), "style" and "tags" (see data.captions); or a metadata.csv.
    - A zip of any of these, up to 1 GB.
    - An .npz file (see data.arrays), or the folder of Fashion-MNIST's idx.gz files (see data.idx).
    - `scenes:COUNT`, or of some kinds only, rendered on the spot (see data.scenes.source), with a caption each.
    - The name of a data set on the Hub, where the package `datasets` is installed (see data.datasets).
    """
    if is_scenes(source):
        pictures = read_scenes(source, split)
        return Labelled(pictures, [pictures.caption(i) for i in range(len(pictures))])
    folder = Path(source)
    if folder.suffix == ".npz":
        return Labelled(*read_arrays(folder, split))
    if is_zip(folder):
        with unpacked(folder) as inside:
            data = read_labelled(inside, split)
            return replace(data, pictures=[picture.read_bytes() if isinstance(picture, Path) else picture for picture in data.pictures])
    if is_name(source):
        return Labelled(*read_dataset(str(source), split))
    if holds_idx(folder):
        return Labelled(*read_idx(folder, split))
    if (file := find_list(folder)) is not None:
        return _listed(file, split)
    if (folder / split).is_dir():
        folder = folder / split
    elif split != "train":
        raise ValueError(f"There is no folder {folder / split}. Give a folder with `train` and `{split}` in it.")
    if (file := find_list(folder)) is not None:
        return _listed(file, None)
    paths = find_pictures(folder)
    return Labelled(paths, _texts(paths, folder))


def is_zip(source: Path) -> bool:
    return source.suffix.lower() == ".zip" and source.is_file()


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """The folder that the pictures of a zip are in for the while; ValueError says what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = unpack(archive, Path(folder))
        except ValueError as problem:
            raise ValueError(f"{archive}: {problem} Or unpack it and give the folder.") from None
        if found.passed_over:
            log.info("passed over in %s: %s", archive, found.passed_over)
        yield found.folder


def _listed(file: Path, split: str | None) -> Labelled:
    """The pictures of a list, in its order: those of one split, or all."""
    paths, labels, others = [], [], {}
    for row in read_list(file):
        if split is None or (row.split == "train") == (split == "train"):
            label = caption(row.text, row.style)
            paths.append(row.path)
            labels.append(label)
            if row.style or row.tags:
                others[label] = variants(row.text, row.style, row.tags, np.random.default_rng(row.line))
    if not paths:
        raise ValueError(f"{file} lists no picture for {split or 'training'}.")
    return Labelled(paths, labels, others)


def _texts(paths: Sequence[Path], folder: Path) -> list[str]:
    """Of each picture the text beside it, or else the name of the folder that it is in, "" for the folder itself."""
    classes = [path.relative_to(folder).parts[0].replace("_", " ") if path.parent != folder else "" for path in paths]
    return [name if (text := text_beside(path)) is None else text for path, name in zip(paths, classes)]


def open_pixels(picture: np.ndarray | Path | bytes, longest_side: int | None = None) -> np.ndarray:
    """uint8 [H, W, C] of a picture in any of the forms that `Labelled` has; a file is scaled down to `longest_side`."""
    return picture if isinstance(picture, np.ndarray) else _told(picture, longest_side)


def _told(file: Path | bytes, longest_side: int | None = None) -> np.ndarray:
    """The pixels of a picture file; what was done to it goes to the log."""
    picture = opener(file, longest_side)
    for note in picture.notes:
        log.info("%s: %s", file if isinstance(file, Path) else "a picture", note)
    return picture.pixels


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


def unseen_pictures(folder: str | os.PathLike, channels: int) -> Iterator[tuple[str, np.ndarray]]:
    """The name and pixels uint8 [H, W, channels] of every picture below a folder; of those held out where a list says which, of the
    test pictures of Fashion-MNIST's idx.gz files, and of scenes that nothing is trained on."""
    for name, pixels in _unseen(folder):
        yield name, in_channels(pixels, channels)


def _unseen(folder: str | os.PathLike) -> Iterator[tuple[str, np.ndarray]]:
    if is_scenes(folder):
        yield from ((str(i), pixels) for i, pixels in enumerate(read_scenes(folder, "val")))
        return
    if holds_idx(folder):
        yield from ((str(i), pixels) for i, pixels in enumerate(read_idx(folder, "val")[0]))
        return
    folder = Path(folder)
    if is_zip(folder):
        with unpacked(folder) as inside:
            yield from _unseen(inside)
        return
    for path in [p for p in read_labelled(folder, "val").pictures if isinstance(p, Path)] if find_list(folder) else find_pictures(folder):
        try:
            yield path.name, _told(path)
        except ValueError as error:
            log.warning("skipped %s: %s", path, error)
