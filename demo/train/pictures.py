"""A visitor's pictures: a zip, a folder's files or single files, checked and laid out in a folder of ours.

A zip is judged by its directory before anything in it is opened, and then held to what its directory said.
"""

import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from vqcore.data.images import suffixes
from vqcore.data.lists import NAMES

MOST_PICTURES = 70_000
MOST_BYTES = 1 << 30
MOST_BYTES_EACH = 32 << 20
MOST_TIMES_SMALLER = 100
"""How many times smaller than its contents a zip may be: pictures hardly shrink, bombs do."""
PASSED_OVER = {".DS_Store", "Thumbs.db", "desktop.ini"}
CHUNK = 1 << 20


def uploaded(path: str | os.PathLike) -> Path:
    """A file that was uploaded to this page, and no other file of this machine."""
    place, home = Path(path).resolve(), Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio").resolve()
    if not place.is_relative_to(home) or not place.is_file():
        raise ValueError("The upload is no longer here. Choose the pictures again.")
    return place


def unpack(archive: Path, folder: Path) -> int:
    """The pictures in a zip as files below `folder`; answers how many. ValueError says what is wrong with it."""
    try:
        with zipfile.ZipFile(archive) as file:
            wanted = [(member, place) for member in file.infolist() if (place := _place(member))]
            _check_zip(archive, [member for member, _ in wanted])
            for member, place in wanted:
                _extract(file, member, folder / place)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as problem:
        raise ValueError(f"This zip is damaged or can't be read ({problem}). Pack it again.") from None
    return _count(folder)


def lay_out(files: Sequence[tuple[str, Path]], folder: Path) -> int:
    """The same for uploaded files: (the name that each had in the visitor's folder, where it is now)."""
    if len(files) > MOST_PICTURES or sum(path.stat().st_size for _, path in files) > MOST_BYTES:
        raise ValueError(f"Take at most {MOST_PICTURES:,} pictures and {MOST_BYTES >> 30} GB.")
    for name, path in files:
        place = _safe(name)
        if not _is_wanted(place):
            raise ValueError(f"“{name[-80:]}” is no picture. Take JPEG, PNG, WebP, GIF, BMP or TIFF files only.")
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / place)
    return _count(folder)


def _place(member: zipfile.ZipInfo) -> PurePosixPath | None:
    """Where a member belongs; None for folders and for what file managers leave behind."""
    place = _safe(member.filename)
    if member.is_dir() or place.name in PASSED_OVER or "__MACOSX" in place.parts:
        return None
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ValueError(f"The zip has a link in it, “{member.filename[-80:]}”. Pack the pictures themselves.")
    if member.flag_bits & 1:
        raise ValueError("The zip has a password. Pack it without one.")
    if not _is_wanted(place):
        raise ValueError(f"“{member.filename[-80:]}” in the zip is no picture. Pack JPEG, PNG, WebP, GIF, BMP or TIFF files only.")
    return place


def _safe(name: str) -> PurePosixPath:
    """A name that stays inside the folder it is put into."""
    place = PurePosixPath(name)
    if not name or "\\" in name or ":" in name or "\0" in name or place.is_absolute() or ".." in place.parts or len(name) > 500:
        raise ValueError(f"“{name[-80:]}” is no name that is safe to unpack. Pack plain folders and files.")
    return place


def _is_wanted(place: PurePosixPath) -> bool:
    return place.suffix.lower() in suffixes() or place.name in NAMES


def _check_zip(archive: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    total, largest = sum(m.file_size for m in members), max((m.file_size for m in members), default=0)
    if len(members) > MOST_PICTURES:
        raise ValueError(f"The zip has {len(members):,} files; {MOST_PICTURES:,} is the most. Take fewer pictures.")
    if total > MOST_BYTES or largest > MOST_BYTES_EACH:
        raise ValueError(
            f"The zip would unpack to {total >> 20:,} MB, its largest file to {largest >> 20} MB; {MOST_BYTES >> 20:,} and "
            f"{MOST_BYTES_EACH >> 20} MB are the most. Take fewer or smaller pictures."
        )
    if total > MOST_TIMES_SMALLER * archive.stat().st_size:
        raise ValueError(f"The zip would unpack to more than {MOST_TIMES_SMALLER} times its size, which no pictures do.")


def _extract(file: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with file.open(member) as source, open(path, "wb") as out:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ValueError(f"“{member.filename[-80:]}” in the zip is larger than the zip says.")
            out.write(chunk)


def _count(folder: Path) -> int:
    """How many pictures there are."""
    paths = [path for path in folder.rglob("*") if path.suffix.lower() in suffixes()]
    if len(paths) < 2:
        raise ValueError(f"Training needs two pictures at least, and there {'is one' if paths else 'are none'} here.")
    return len(paths)


def home_of(folder: Path) -> Path:
    """The folder that the pictures are in: a zip often has one folder at its top, and all else within."""
    inside = list(folder.iterdir())
    while len(inside) == 1 and inside[0].is_dir():
        folder = inside[0]
        inside = list(folder.iterdir())
    return folder
