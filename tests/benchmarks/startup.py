"""Starting: the package, the app, its memory, and the size of the whole."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.benchmarks.measure import Row

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 120  # seconds


def rows() -> Iterator[Row]:
    yield Row("import vqcore", wall([sys.executable, "-c", "import vqcore"]), wall([sys.executable, "-c", "import torch"]), "import torch")
    if forget_files():
        yield Row("app.py to its first answer, cold: no file of it in memory", start_app()[0])
    start_app()
    seconds, resident = start_app()
    yield Row("app.py to its first answer", seconds)
    yield Row("the app's resident memory after it", resident, unit="MiB")
    size = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    yield Row("the files of the repository", sum((ROOT / os.fsdecode(p)).stat().st_size for p in size if p) / 2**20, unit="MiB")


def wall(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True)
    return time.perf_counter() - started


def forget_files() -> bool:
    """Make the system forget what it has read; whether it did, which takes Linux and its superuser."""
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def start_app() -> tuple[float, float]:
    """(seconds until it answers, MiB that it then holds)."""
    app, _, seconds = start()
    resident = psutil.Process(app.pid).memory_info().rss / 2**20
    app.terminate()
    app.wait(20)
    return seconds, resident


def start() -> tuple[subprocess.Popen, str, float]:
    """The app in a process of its own, once it answers; its address; and the seconds that took."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    app = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=os.environ | {"GRADIO_SERVER_PORT": str(port)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    while app.poll() is None and time.perf_counter() - began < PATIENCE:
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return app, url, time.perf_counter() - began
        except OSError:
            time.sleep(0.05)
    app.kill()
    raise RuntimeError(f"app.py did not answer within {PATIENCE} s; run it by hand to see why.")
