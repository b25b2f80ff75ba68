"""A visitor's pictures: a zip, a folder's files or single files, checked and laid out in a folder of ours.

Pictures, their lists and their captions are taken, and what else lies beside them is passed over and counted. A zip is judged by
its directory before anything in it is opened, and then held to what its directory said.
"""

import os
import shutil
import stat
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from vqcore.data.folders import counted, find_files, is_hidden
from vqcore.data.images import NAMED, suffixes
from vqcore.data.lists import NAMES
from vqcore.files import shown

MOST_PICTURES = 70_000
MOST_BYTES = 1 << 30
MOST_BYTES_EACH = 32 << 20
MOST_TIMES_SMALLER = 100
"""How many times smaller than its contents a zip of more than SMALL bytes may be: pictures hardly shrink, bombs do."""
SMALL = 64 << 20
"""Up to here a zip may hold drawings of one colour, which shrink a thousandfold."""
CAPTION = ".txt"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Found:
    """The folder that the pictures are in, how many there are, and what was passed over beside them, "" for nothing."""

    folder: Path
    count: int
    passed_over: str = ""


def endings() -> list[str]:
    """What the names end in of the files that are worth sending here, in small letters."""
    return [".zip", CAPTION, *NAMES, *sorted(suffixes())]


def uploaded(path: str | os.PathLike) -> Path:
    """A file that was uploaded to this page, and no other file of this machine."""
    place, home = Path(path).resolve(), Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio").resolve()
    if not place.is_relative_to(home) or not place.is_file():
        raise ValueError("The upload is no longer here. Choose the pictures again.")
    return place


def unpack(archive: Path, folder: Path) -> Found:
    """The pictures in a zip as files below `folder`. ValueError says what is wrong with it."""
    try:
        with zipfile.ZipFile(archive) as file:
            members = {place: member for member in file.infolist() if (place := _place(member.filename))}
            wanted, others = _sorted_out(list(members))
            _check_zip(archive, [members[place] for place in wanted])
            for place in wanted:
                _extract(file, members[place], folder / place)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as problem:
        raise ValueError(f"This zip is damaged or can't be read ({shown(str(problem))}). Pack it again.") from None
    return _found(folder, others)


def lay_out(files: Sequence[tuple[str, Path]], folder: Path) -> Found:
    """The same for uploaded files: (the name that each had in the visitor's folder, where it is now)."""
    paths = {place: path for name, path in files if (place := _place(name))}
    wanted, others = _sorted_out(list(paths))
    if len(wanted) > MOST_PICTURES or sum(paths[place].stat().st_size for place in wanted) > MOST_BYTES:
        raise ValueError(f"Take at most {MOST_PICTURES:,} pictures and {MOST_BYTES >> 30} GB.")
    for place in wanted:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(paths[place], folder / place)
    return _found(folder, others)


def _place(name: str) -> PurePosixPath | None:
    """A name, with separators of either kind, as a place that stays inside the folder it is put into; None for a folder."""
    slashed = name.replace("\\", "/")
    place = PurePosixPath(slashed)
    if not name or ":" in name or "\0" in name or place.is_absolute() or ".." in place.parts or len(name) > 500:
        raise ValueError(f"“{shown(name[-80:])}” is no name that is safe to unpack. Pack plain folders and files.")
    return None if slashed.endswith("/") else place


def _sorted_out(places: Sequence[PurePosixPath]) -> tuple[list[PurePosixPath], Counter[str]]:
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


def _found(folder: Path, others: Counter[str]) -> Found:
    home, passed_over = _home_of(folder), counted(others)
    count = len(find_files(home, suffixes()))
    if count < 2:
        raise ValueError(
            f"Training needs two pictures at least ({NAMED}), and there {'is one' if count else 'are none'} here."
            + (f" Passed over: {passed_over}." if passed_over else "")
        )
    return Found(home, count, passed_over)


def _home_of(folder: Path) -> Path:
    """The folder that the pictures are in: a zip often has one folder at its top, and all else within. One of pictures alone is their
    class, and stays below its home."""
    while len(inside := list(folder.iterdir())) == 1 and inside[0].is_dir() and not _is_class(inside[0]):
        folder = inside[0]
    return folder


def _is_class(folder: Path) -> bool:
    return not is_hidden(PurePath(folder.name)) and not any(path.is_dir() or path.name in NAMES for path in folder.iterdir())
