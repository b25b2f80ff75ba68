"""Picture files to pixels, in processes beside this one: a file that takes too long is given up, and its process ended.

No thread that runs a decoder can be stopped, and a file of a few kilobytes can keep one busy for minutes. What counts is the time
that the processor gives to it, where the system tells: a good picture on a busy machine has to wait, and isn't given up.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue

import numpy as np

from demo.kit.decoder import ANSWER, QUESTION
from vqcore.data.images import Picture

ROOT = Path(__file__).parent.parent.parent
SECONDS = 10.0
"""Of the processor, for one picture."""
PATIENCE = 30
"""How often that in all, whatever the processor did, and to start."""
HANDS = 2
TOO_SLOW = "This picture takes longer than {:.0f} seconds to read, and was given up. Save it anew, as PNG or JPEG, and try again."
BROKEN = "This picture can't be read: its decoder broke down. Save it anew, as PNG or JPEG, and try again."


def open_picture(source: bytes | Path, max_side: int | None = None, max_pixels: int | None = None) -> Picture:
    """As vqcore.data.images.open_picture. ValueError, too, for a file that takes more than SECONDS."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    hand = _hands.get()
    try:
        return hand.open(data, max_side, max_pixels)
    finally:
        _hands.put(hand)


class Hand:
    """One process, which decodes one picture after the other; it is there from the first on, and again after it was ended."""

    def __init__(self):
        self._process: subprocess.Popen | None = None

    def open(self, data: bytes, max_side: int | None = None, max_pixels: int | None = None) -> Picture:
        process = self._ready()
        with _ending(process, SECONDS) as late:
            try:
                assert process.stdin
                process.stdin.write(QUESTION.pack(max_side or 0, max_pixels or 0, len(data)) + data)
                process.stdin.flush()
                told = json.loads(_read(process, ANSWER.unpack(_read(process, ANSWER.size))[0]))
                if "error" in told:
                    raise ValueError(told["error"])
                height, width, channels = told["pixels"]
                pixels = np.frombuffer(_read(process, height * width * channels), np.uint8).reshape(height, width, channels)
            except OSError:
                self.end()
                raise ValueError(TOO_SLOW.format(SECONDS) if late.is_set() else BROKEN) from None
        return Picture(pixels, tuple(told["source_size"]), tuple(told["notes"]))

    def end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ready(self) -> subprocess.Popen:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "demo.kit.decoder"]
            self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            with _ending(self._process, SECONDS):
                _read(self._process, 1)
        return self._process


@contextmanager
def _ending(process: subprocess.Popen, seconds: float) -> Iterator[threading.Event]:
    """A process that is killed, and the event set, where what is done meanwhile takes it longer."""
    late, done = threading.Event(), threading.Event()
    began, spent = time.monotonic(), _spent(process)

    def watch() -> None:
        left = seconds
        while not done.wait(max(left, seconds / 100)):
            used = _spent(process)
            waited = time.monotonic() - began
            left = seconds - (waited if used is None or spent is None else used - spent)
            if left <= 0 or waited > PATIENCE * seconds:
                late.set()
                return process.kill()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield late
    finally:
        done.set()


def _spent(process: subprocess.Popen) -> float | None:
    """Processor seconds of a process so far; None where the system doesn't tell."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read(process: subprocess.Popen, length: int) -> bytes:
    assert process.stdout
    data = process.stdout.read(length)
    if len(data) < length:
        raise OSError
    return data


_hands: LifoQueue[Hand] = LifoQueue()
_all = [Hand() for _ in range(HANDS)]
for _hand in _all:
    _hands.put(_hand)


@atexit.register
def close() -> None:
    for hand in _all:
        hand.end()
