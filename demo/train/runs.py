"""Runs of training: one at a time, each in a process and a private folder of its own, known by an id that is a secret.

The state of a run is its folder, where the process writes, and whether the process lives. The page asks with the id
that it keeps, so it finds its run again after a reload.
"""

import atexit
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from demo.train.pictures import Found
from demo.train.recipes import Settings
from vqcore.files import CONFIG
from vqcore.training.budget import Budget
from vqcore.training.config import Run as Recipe
from vqcore.training.config import write_run
from vqcore.training.run import read_log

ROOT = Path(__file__).parent.parent.parent
MOST_KEPT = 3
PREFIX = "vq-training"
MOST_TIMES, SPARE_MINUTES = 2, 15
"""A run that has had the machine for so many times its minutes, and these, gives way to the next: its pictures may never end."""
LAST_BYTES = 500  # of the process's log, to be looked at again and again
TOKENIZER, PRIOR = "tokenizer", "prior"


@dataclass
class Run:
    """A visitor's run on `count` pictures: `passed_over` says what else was beside them, `settings` are its tokenizer's,
    `recipes` has what each model is trained by, and `stage` which of them is trained now or was last."""

    id: str
    folder: Path
    pictures: Path
    count: int
    passed_over: str
    settings: Settings
    recipes: dict[str, Recipe] = field(default_factory=dict)
    stage: str = TOKENIZER
    process: subprocess.Popen | None = None
    began: float = 0.0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def is_overdue(self) -> bool:
        return time.monotonic() - self.began > 60 * (MOST_TIMES * self.budget + SPARE_MINUTES)

    @property
    def minutes(self) -> float:
        """Training time so far of the stage, as its last line of losses or validation says."""
        return max((row["minutes"] for row in [*self.losses(), *self.validations()]), default=0.0)

    @property
    def budget(self) -> float:
        """The minutes that the stage trains in all."""
        budget = self.recipes[self.stage].budget
        return (budget and budget.minutes) or 0.0

    def out(self, stage: str) -> Path:
        return self.folder / f"mine{'-prior' if stage == PRIOR else ''}"

    def losses(self) -> list[dict[str, float]]:
        return list(read_log(self.out(self.stage) / "run" / "losses.jsonl"))

    def validations(self) -> list[dict[str, float]]:
        return list(read_log(self.out(self.stage) / "metrics.jsonl"))

    def is_ready(self, stage: str) -> bool:
        """Whether there is a checkpoint of it that can be used."""
        return (self.out(stage) / CONFIG).is_file() and not (self.is_running and self.stage == stage)

    def notice(self) -> str:
        """What the process told last of the pictures that it renders or encodes, before it trains; "" where nothing."""
        with open(self.folder / "log", "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LAST_BYTES))
            told = log.read().decode("utf-8", "replace").replace("\r", "\n").splitlines()
        return next((line for line in reversed(told) if " pictures encoded" in line or " scenes rendered" in line), "")

    def problem(self) -> str | None:
        """What went wrong, in the words of the process."""
        if self.is_running or self.process is None or self.process.returncode == 0:
            return None
        if self.process.returncode == -signal.SIGTERM:
            return None if self.is_ready(self.stage) else "It was stopped before it had begun."
        told = (self.folder / "log").read_text("utf-8", "replace").splitlines()
        errors = [line.removeprefix("error: ").replace(str(self.pictures), "the pictures") for line in told if line.startswith("error: ")]
        silent = (
            "The training's process has ended without a word: the machine may have run out of memory, or others waited and it took much "
            "longer than its time. Go on from its last save."
        )
        return errors[-1] if errors else silent


_runs: OrderedDict[str, Run] = OrderedDict()
_lock = Lock()


def create(settings: Settings, fill: Callable[[Path], Found]) -> Run:
    """A new run in a folder of its own, on the pictures that `fill` puts there.

    ValueError while another run has the machine.
    """
    with _lock:
        _check_idle()
        _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}-{os.getpid()}-"))
    try:
        found = fill(folder)
        run = Run(secrets.token_urlsafe(16), folder, found.folder, found.count, found.passed_over, settings)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    with _lock:
        _runs[run.id] = run
    return run


def forget(run: Run) -> None:
    """Remove a run that isn't running, with its folder."""
    with _lock:
        _runs.pop(run.id, None)
    shutil.rmtree(run.folder, ignore_errors=True)


def find(id: Any) -> Run:
    with _lock:
        if id not in _runs:
            raise ValueError("This training is no longer here. Start another.")
        return _runs[id]


def train(run: Run, stage: str, recipe: Recipe) -> None:
    """Start the process, or go on. ValueError while another run has the machine."""
    with _lock:
        _check_idle()
        run.stage, run.recipes[stage], run.began = stage, recipe, time.monotonic()
        config = run.folder / stage
        write_run(recipe, config)
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "PYTHONUNBUFFERED": "1"}
        with open(run.folder / "log", "wb") as log:
            run.process = subprocess.Popen(
                [sys.executable, "-m", "demo.train.worker", stage, "--config", str(config / "recipe.json"), "--out", str(run.out(stage))],
                cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log,
            )


def go_on(run: Run) -> None:
    """As much longer as was left, or as was asked for at first."""
    recipe = run.recipes[run.stage]
    is_over = run.minutes >= 0.98 * run.budget
    train(run, run.stage, replace(recipe, budget=Budget(minutes=2 * run.budget)) if is_over else recipe)


def stop(run: Run) -> None:
    """Ask the process to save, validate and end; it takes some seconds."""
    if run.process:
        run.process.terminate()


def _check_idle() -> None:
    busy = next((run for run in _runs.values() if run.is_running), None)
    if busy and busy.process and busy.is_overdue:
        busy.process.kill()
        busy.process.wait()
    elif busy:
        left = max(1, round(busy.budget - busy.minutes))
        raise ValueError(f"One training runs at a time, and one is running now: about {left} min are left of it. Try again then.")


def _sweep() -> None:
    """Forget the oldest runs, and remove the folders of processes that are gone."""
    idle = [run for run in _runs.values() if not run.is_running]
    for run in idle[: max(0, len(_runs) - MOST_KEPT + 1)]:
        del _runs[run.id]
        shutil.rmtree(run.folder, ignore_errors=True)
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}-*-*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[1]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # there, os.kill ends a process whatever the signal
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@atexit.register
def close() -> None:
    """End all processes and remove all folders."""
    with _lock:
        for run in _runs.values():
            if run.process:
                run.process.kill()
                run.process.wait()
            shutil.rmtree(run.folder, ignore_errors=True)
        _runs.clear()


def check_ready(run: Run, stage: str) -> None:
    """ValueError, in words for the visitor, where this stage has left no model yet."""
    if not run.is_ready(stage):
        raise ValueError("There is no model to use yet. Wait until the training ends, or stop it.")
