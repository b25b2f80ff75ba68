"""The folder of uploads: how much lies in it, what may come in, and what is swept out of it.

Gradio writes each file under a name of its own and gives it a place by its contents when it has all of it; one that broke off stays
where it was. What is read from an upload is read within minutes of its coming.
"""

import os
import shutil
import time
from collections import deque
from pathlib import Path
from threading import Lock

from gradio.utils import get_upload_folder

from demo.visitors import Visitor
from demo.workers import Busy

MOST_BYTES = 4 << 30
"""In the folder. A visitor sends at most as much in KEPT_SECONDS as is then free."""
KEPT_SECONDS = 15 * 60
"""For which an upload stays, even if the folder is full; none takes longer to come."""
UNFINISHED = "tmp*"  # as Python's tempfile calls them

_sent: deque[tuple[float, str, int]] = deque()
_lock = Lock()


def admit(visitor: Visitor, size: int) -> None:
    """Count an upload of `size` bytes, and make room for it. `Busy` where it is more than the visitor's share of what is free."""
    with _lock:
        now = time.time()
        while _sent and _sent[0][0] < now - KEPT_SECONDS:
            _sent.popleft()
        free = MOST_BYTES - _swept(now, size)
        if size + sum(each for _, address, each in _sent if address == visitor.address) > free:
            raise Busy
        _sent.append((now, visitor.address, size))


def sweep_unfinished(others: bool) -> None:
    """Remove what uploads that broke off have left: while there are `others`, only what is older than any of them can be."""
    for path in folder().glob(UNFINISHED):
        if path.is_file() and (not others or _age(path, time.time()) > KEPT_SECONDS):
            path.unlink(missing_ok=True)


def folder() -> Path:
    return Path(get_upload_folder())


def _swept(now: float, size: int) -> int:
    """Bytes in the folder, once there is room for `size` more or nothing left that may go: the oldest goes first."""
    places = [path for path in folder().glob("*") if not path.is_symlink()]
    ages = {path: (_age(path, now), _size(path)) for path in places}
    total = sum(size for _, size in ages.values())
    for path, (age, its) in sorted(ages.items(), key=lambda each: -each[1][0]):
        if total + size <= MOST_BYTES or age < KEPT_SECONDS:
            break
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        total -= its
    return total


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(_size(Path(each.path)) for each in os.scandir(path))
        return path.lstat().st_size
    except OSError:  # gone meanwhile
        return 0


def _age(path: Path, now: float) -> float:
    """Seconds since it was last written to."""
    try:
        return now - path.lstat().st_mtime
    except OSError:
        return 0

