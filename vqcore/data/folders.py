"""Which files of a folder or of a zip are data: one list of what is passed over, for everything that looks through one.

A zip is judged by its directory before anything in it is opened, and then held to what its directory said.
"""

from __future__ import annotations

import logging
import os
import stat
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from vqcore.data.images import NAMED, suffixes
from vqcore.data.lists import NAMES
from vqcore.files import shown

log = logging.getLogger(__name__)
MOST_NAMED = 6  # kinds of what is passed over
MACHINE_MADE = {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found", "thumbnails", "__pycache__"}
"""Folders that systems and programs make beside people's own; those that begin with a dot are passed over too."""
MOST_PICTURES = 70_000
MOST_BYTES = 1 << 30
MOST_BYTES_EACH = 32 << 20
MOST_TIMES_SMALLER = 100
"""How many times smaller than its contents a zip of more than SMALL bytes may be: pictures hardly shrink, bombs do."""
SMALL = 64 << 20
"""Up to here a zip may hold drawings of one colour, which shrink a thousandfold."""
CAPTION = ".txt"
CHUNK = 1 << 20


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


@dataclass(frozen=True)
class Found:
    """The folder that the pictures are in, how many there are, and what was passed over beside them, "" for nothing."""

    folder: Path
    count: int
    passed_over: str = ""


def unpack(archive: Path, folder: Path) -> Found:
    """The pictures in a zip as files below `folder`. ValueError says what is wrong with it."""
    try:
        with zipfile.ZipFile(archive) as file:
            members = {place: member for member in file.infolist() if (place := safe_place(member.filename))}
            wanted, others = sorted_out(list(members))
            _check_zip(archive, [members[place] for place in wanted])
            for place in wanted:
                _extract(file, members[place], folder / place)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as problem:
        raise ValueError(f"This zip is damaged or can't be read ({shown(str(problem))}). Pack it again.") from None
    return found_in(folder, others)


def safe_place(name: str) -> PurePosixPath | None:
    """A name, with separators of either kind, as a place that stays inside the folder it is put into; None for a folder."""
    slashed = name.replace("\\", "/")
    place = PurePosixPath(slashed)
    if not name or ":" in name or "\0" in name or place.is_absolute() or ".." in place.parts or len(name) > 500:
        raise ValueError(f"“{shown(name[-80:])}” is no name that is safe to unpack. Pack plain folders and files.")
    return None if slashed.endswith("/") else place


def sorted_out(places: Sequence[PurePosixPath]) -> tuple[list[PurePosixPath], Counter[str]]:
    """(pictures, their lists and their captions; how many others there are of each suffix). Hidden ones are in neither."""
    top = os.path.commonpath([place.parent for place in places]) if places else ""  # what a visitor chose isn't hidden, whatever its name
    seen = [place for place in places if not is_hidden(place.relative_to(top))]
    captions = {place.with_suffix(CAPTION) for place in seen if place.suffix.lower() in suffixes()}
    wanted = [place for place in seen if place.suffix.lower() in suffixes() or place.name in NAMES or place in captions]
    taken = set(wanted)
    return wanted, Counter(place.suffix.lower() or place.name for place in seen if place not in taken)


def _check_zip(archive: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    for member in members:
        if stat.S_ISLNK(member.external_attr >> 16):
            raise ValueError(f"The zip has a link in it, “{shown(member.filename[-80:])}”. Pack the pictures themselves.")
        if member.flag_bits & 1:
            raise ValueError("The zip has a password. Pack it without one.")
    total, largest = sum(m.file_size for m in members), max((m.file_size for m in members), default=0)
    if len(members) > MOST_PICTURES:
        raise ValueError(f"The zip has {len(members):,} files; {MOST_PICTURES:,} is the most. Take fewer pictures.")
    if total > MOST_BYTES or largest > MOST_BYTES_EACH:
        raise ValueError(
            f"The zip would unpack to {total >> 20:,} MB, its largest file to {largest >> 20} MB; {MOST_BYTES >> 20:,} and "
            f"{MOST_BYTES_EACH >> 20} MB are the most. Take fewer or smaller pictures."
        )
    if total > max(SMALL, MOST_TIMES_SMALLER * archive.stat().st_size):
        raise ValueError(f"The zip would unpack to more than {MOST_TIMES_SMALLER} times its size, which no pictures do.")


def _extract(file: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with file.open(member) as source, open(path, "wb") as out:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ValueError(f"“{shown(member.filename[-80:])}” in the zip is larger than the zip says.")
            out.write(chunk)


def found_in(folder: Path, others: Counter[str]) -> Found:
    """What lies below a folder now, where `others` were passed over."""
    home = _home_of(folder)
    return Found(home, len(find_files(home, suffixes())), counted(others))


def _home_of(folder: Path) -> Path:
    """The folder that the pictures are in: a zip often has one folder at its top, and all else within. One of pictures alone is their
    class, and stays below its home."""
    while len(inside := list(folder.iterdir())) == 1 and inside[0].is_dir() and not _is_class(inside[0]):
        folder = inside[0]
    return folder


def _is_class(folder: Path) -> bool:
    return not is_hidden(PurePath(folder.name)) and not any(path.is_dir() or path.name in NAMES for path in folder.iterdir())
