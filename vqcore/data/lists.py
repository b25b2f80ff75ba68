"""Lists of a folder's pictures and their texts: metadata.jsonl or metadata.csv, as the Hub's image folders have them; or a .txt each."""

from __future__ import annotations

import csv
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
NAMES = ("metadata.jsonl", "metadata.csv")
TEXTS = ("text", "caption", "label")  # the columns that a text is taken from, the first that there is
LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class Listed:
    """One picture of a list: path;  text: "" for none;  split: "train" where the list has none;  style, tags: see data.captions;
    line: where it stands in the list."""

    path: Path
    text: str
    split: str
    style: str
    tags: tuple[str, ...]
    line: int


def find_list(folder: Path) -> Path | None:
    """The list in a folder, if it has one."""
    return next((file for name in NAMES if (file := folder / name).is_file()), None)


def read_list(file: Path) -> list[Listed]:
    """All pictures of a list. ValueError, with the line, for what is none, and for a picture that isn't there."""
    rows, folder = [], file.parent
    for line, row in _rows(file):
        try:
            name = row["file_name"]
            path = folder / name
            text = next((str(row[column]) for column in TEXTS if row.get(column) not in (None, "")), "")
            tags = tuple(str(tag) for tag in row.get("tags") or ())
        except (KeyError, TypeError):
            raise ValueError(f'Line {line} of {file} is not like {{"file_name": "a.png", "text": "a cat"}}.') from None
        if not _inside(folder, path) or not path.is_file():
            raise ValueError(f"{file} lists {name!r:.80} in line {line}, and the folder has no such file.")
        rows.append(Listed(path, text, str(row.get("split") or "train"), str(row.get("style") or ""), tags, line))
    if rows and not any(row.text for row in rows):
        log.warning("%s has no column called %s: its pictures have no texts.", file, " or ".join(TEXTS))
    return rows


def text_beside(picture: Path) -> str | None:
    """The text of the .txt file that is called as the picture is; None where there is none."""
    file = picture.with_suffix(".txt")
    return " ".join(_decoded(file).split()) if file.is_file() else None


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    content = _decoded(file)
    if file.suffix == ".csv":
        reader = csv.DictReader(content.splitlines(keepends=True))
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise ValueError(f"Line {reader.line_num} of {file} can't be read as CSV ({error}).") from None
        return
    for number, line in enumerate(content.split("\n"), start=1):  # U+2028 and U+0085 are text, and no ends of lines
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise ValueError(f'Line {number} of {file} is not like {{"file_name": "a.png", "text": "a cat"}}.')
        yield number, row


def _decoded(file: Path) -> str:
    """UTF-8, with a byte order mark or without."""
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"Line {line} of {file} isn't UTF-8. Save the file in that encoding.") from None


def _inside(folder: Path, path: Path) -> bool:
    """Whether a listed name stays in the folder, by its words: the file itself may be a link, as in the Hub's cache."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(folder))
