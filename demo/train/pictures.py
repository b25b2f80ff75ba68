"""A visitor's pictures: a zip, a folder's files, single files or one file of arrays, checked and laid out in a folder of ours."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from vqcore.data import folders
from vqcore.data.arrays import read_arrays
from vqcore.data.folders import CAPTION, MOST_BYTES, MOST_PICTURES, Found, found_in, safe_place, sorted_out
from vqcore.data.images import NAMED, suffixes
from vqcore.data.lists import NAMES
from vqcore.files import shown

ARRAYS = ".npz"


def endings() -> list[str]:
    """What the names end in of the files that are worth sending here, in small letters."""
    return [".zip", ARRAYS, CAPTION, *NAMES, *sorted(suffixes())]


def uploaded(path: str | os.PathLike) -> Path:
    """A file that was uploaded to this page, and no other file of this machine."""
    place, home = Path(path).resolve(), Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio").resolve()
    if not place.is_relative_to(home) or not place.is_file():
        raise ValueError("The upload is no longer here. Choose the pictures again.")
    return place


def unpack(archive: Path, folder: Path) -> Found:
    """The pictures in a zip as files below `folder`. ValueError says what is wrong with it."""
    return _enough(folders.unpack(archive, folder))


def lay_out(files: Sequence[tuple[str, Path]], folder: Path) -> Found:
    """The same for uploaded files: (the name that each had in the visitor's folder, where it is now)."""
    paths = {place: path for name, path in files if (place := safe_place(name))}
    wanted, others = sorted_out(list(paths))
    if len(wanted) > MOST_PICTURES or sum(paths[place].stat().st_size for place in wanted) > MOST_BYTES:
        raise ValueError(f"Take at most {MOST_PICTURES:,} pictures and {MOST_BYTES >> 30} GB.")
    for place in wanted:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(paths[place], folder / place)
    return _enough(found_in(folder, others))


def take_arrays(name: str, file: Path, folder: Path) -> Found:
    """An .npz file (see vqcore.data.arrays), looked into before a run begins. ValueError says, of the file's own name, what is wrong."""
    place = Path(shutil.copyfile(file, folder / f"pictures{ARRAYS}"))
    try:
        with zipfile.ZipFile(place) as members:
            if sum(member.file_size for member in members.infolist()) > MOST_BYTES:
                raise ValueError(f"{place} holds more than {MOST_BYTES >> 30} GB. Save fewer or smaller pictures.")
        pictures, _ = read_arrays(place, "train")
    except zipfile.BadZipFile:
        raise ValueError(f"{shown(name)} can't be read as an .npz file. Save it again with numpy.savez.") from None
    except ValueError as problem:
        raise ValueError(str(problem).replace(str(place), shown(name))) from None
    return _enough(Found(place, len(pictures)))


def _enough(found: Found) -> Found:
    if found.count < 2:
        raise ValueError(
            f"Training needs two pictures at least ({NAMED}), and there {'is one' if found.count else 'are none'} here."
            + (f" Passed over: {found.passed_over}." if found.passed_over else "")
        )
    return found
