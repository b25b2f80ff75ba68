"""Which files of a folder are data: one list of what is passed over, for everything that looks through a folder."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path, PurePath

from vqcore.data.images import NAMED, suffixes

log = logging.getLogger(__name__)
MOST_NAMED = 6  # kinds of what is passed over
MACHINE_MADE = {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found", "thumbnails", "__pycache__"}
"""Folders that systems and programs make beside people's own; those that begin with a dot are passed over too."""


def is_hidden(path: PurePath) -> bool:
    """Whether a path, relative to the folder that was given, is hidden or made by a machine: any of its parts is."""
    return any(part.startswith((".", "~$")) or part.lower() in MACHINE_MADE for part in path.parts)


def find_files(folder: str | os.PathLike, endings: Collection[str]) -> list[Path]:
    """All files below a folder whose names end so (in small letters, with the dot), in a fixed order.

    Links are followed, loops of them are not. Of what is passed over, the log says in one line how much.
    """
    found, others = [], Counter[str]()
    for path in _walk(Path(folder)):
        if path.suffix.lower() in endings:
            found.append(path)
        else:
            others[path.suffix.lower() or path.name] += 1
    if others:
        log.info("passed over in %s: %s", folder, counted(others))
    return sorted(found)


def counted(others: Counter[str]) -> str:
    """How many files were passed over of each kind, in a line: `2 × .txt, 1 × LICENSE`; of all but the commonest, how many."""
    first = others.most_common(MOST_NAMED)
    rest = others.total() - sum(count for _, count in first)
    return ", ".join([*(f"{count} × {name:.20}" for name, count in first), *([f"{rest} more"] if rest else [])])


def find_pictures(folder: str | os.PathLike) -> list[Path]:
    """All picture files below a folder, in a fixed order; ValueError where there are none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder. Give a folder of pictures.")
    paths = find_files(folder, suffixes())
    if not paths:
        raise ValueError(f"There is no picture in {folder} ({NAMED}).")
    return paths


def _walk(folder: Path, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    """The files below a folder but hidden ones. above: the real folders on the way to it, which a link isn't followed into again."""
    real = os.path.realpath(folder)
    if real in above:
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if is_hidden(PurePath(entry.name)):
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), above | {real})
        elif entry.is_file():
            yield Path(entry.path)
