"""Kill a training at any moment, over and over, and look at what it leaves: python -m tests.kills --times 100

It saves, validates and publishes after every step, so that many kills fall into the middle of a file. After each, whatever lies in the
folder has to load, and the next run has to go on from the steps of the one before.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from safetensors import safe_open

import vqcore
from tests.tiny import picture_folder

PROGRAM = """
import vqcore.training.run as run
from vqcore.train import main
from vqcore.training.budget import Budget

save = run._save
def save_and_tell(*state):
    save(*state)
    print("saved", flush=True)

run._save, Budget.between = save_and_tell, lambda *_: 1
print("begins", flush=True)
main(["tokenizer", "--preset", "tiny", "--data", {data!r}, "--out", {out!r}, "--steps", "1000000"])
"""


def kill_over_and_over(folder: Path, times: int, most_saves: int = 4, span: float = 0.1) -> list[int]:
    """Train in `folder`, kill it `times` times, each within `span` seconds of its beginning or of one of its first saves;
    the steps that were on the disk after each. AssertionError for work lost."""
    data, out, draw = picture_folder(folder / "pictures", 8), folder / "out", random.Random(0)
    steps = [0]
    for _ in range(times):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(data=str(data), out=str(out))], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for _ in range(1 + draw.randint(0, most_saves)):
            process.stdout.readline()
        time.sleep(span * draw.random())  # the kill falls anywhere
        assert process.poll() is None, "the training ended by itself"
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        steps.append(look(out))
        assert steps[-1] >= steps[-2], "it began anew"
    return steps[1:]


def look(out: Path) -> int:
    """The steps that a killed run has saved, once everything it left has been read."""
    if (out / "config.json").is_file():
        vqcore.load(out)
    state = out / "run" / "state.safetensors"
    if not state.is_file():
        return 0
    with safe_open(state, "pt") as file:
        for name in file.keys():
            file.get_tensor(name)
        return int(file.metadata()["steps"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        steps = kill_over_and_over(Path(folder), options.times)
    print(f"{options.times} kills: every checkpoint loaded, every run went on; {steps[-1]} steps in all, none lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
