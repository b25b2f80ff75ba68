"""A training run: a budget of minutes or steps, a folder, and no work lost when it is stopped or killed.

The folder gets the checkpoint itself (whole at every moment, the best by its validations so far), metrics.jsonl with
the validations, run/losses.jsonl with the losses between them, and run/state.safetensors, from which the same command
goes on, with as many ranks as it likes (see vqcore.distributed).
"""

from __future__ import annotations

import json
import logging
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from vqcore import distributed
from vqcore.files import write_tensors
from vqcore.training.budget import Budget

log = logging.getLogger(__name__)
SAVE_EVERY = 40.0  # seconds
SLOWEST_STEP = 5.0  # seconds; a longer gap is a machine that slept, and doesn't count as training
LOSSES_KEPT = 500  # rows of losses.jsonl in a whole run
RANK_SEEDS = 1_000_003  # how far apart the ranks' random numbers start


class Stepper(Protocol):
    """What a run asks of an optimizer: see vqcore.training.optimizer.Optimizer."""

    def step(self, rate: float) -> float: ...
    def state(self) -> dict[str, Tensor]: ...
    def load_state(self, tensors: dict[str, Tensor]) -> None: ...


@dataclass(frozen=True)
class Job:
    """What a run trains.

    step(): draw a batch, go forward and backward, and return the figures of the batch;
    validate(): figures on what is held out;  score(figures): how good these are, higher is better;
    publish(): write the checkpoint, called where the score is the best so far;
    stop_early(history): whether these validations say that it has begun to overfit.
    """

    module: nn.Module
    optimizer: Stepper
    rate: float
    step: Callable[[], dict[str, float]]
    validate: Callable[[], dict[str, float]]
    score: Callable[[dict[str, float]], float]
    publish: Callable[[], object]
    stop_early: Callable[[list[dict[str, float]]], bool] = lambda history: False


def train(job: Job, folder: Path, budget: Budget, validations: int) -> None:
    """Train until the budget is used up, what earlier calls on the folder used of it included.

    validations: about how many there are in the run, evenly spread (see Budget.between).

    SIGINT or SIGTERM, sent to any rank, ends the run after the step it is at: it saves and validates first.
    """
    log_file = folder / "metrics.jsonl"
    if distributed.is_first():
        _sweep(folder)
    steps, seconds = _resume(job, folder)
    spent = validated = noted = budget.spent(steps, seconds)
    if spent >= budget.total:
        log.info("%s has had its %s. Ask for more with --%s to go on.", folder, budget, budget.unit)
        return
    torch.manual_seed(steps + RANK_SEEDS * distributed.rank())
    job.module.train()
    saved = last = time.monotonic()
    figures, done = {}, False
    with _asked_to_stop() as stop:
        while not done:
            batch = job.step()
            job.optimizer.step(learning_rate(job.rate, steps, spent / budget.total))
            steps += 1
            now = time.monotonic()
            seconds += min(now - last, SLOWEST_STEP)
            last = now
            seconds, stopped, batch = _agreed(seconds, stop.is_set(), batch)
            spent = budget.spent(steps, seconds)
            for name, value in batch.items():
                figures[name] = value + 0.98 * (figures.get(name, value) - value)
            done = stopped or spent >= budget.total
            validating = done or spent - validated >= budget.between(validations)
            if distributed.is_first():
                _show(steps, seconds, spent / budget.total, figures)
                if spent - noted >= max(1, budget.total / LOSSES_KEPT):
                    _append(folder / "run" / "losses.jsonl", steps, seconds, figures)
                    noted = spent
                if validating or now - saved > SAVE_EVERY:
                    _save(job, folder, steps, seconds)
                    saved = time.monotonic()
            if validating:
                if distributed.is_first():
                    _validate(job, log_file, steps, seconds, figures)
                    done = done or job.stop_early(list(read_log(log_file)))
                done = _any_rank(done)
                validated, last = spent, time.monotonic()
    if distributed.is_first():
        _show(steps, seconds, spent / budget.total, figures, end="\n")
    if stopped:
        log.info("Stopped and saved. The same command goes on from here.")
    elif spent < budget.total:
        log.info("Stopped early: the validation figures have been getting worse.")


def learning_rate(peak: float, steps: int, done: float) -> float:
    """A hundred steps of warm-up, then a cosine down to 2 % of the peak."""
    return peak * min(1, (steps + 1) / 100) * (0.02 + 0.98 * (1 + math.cos(math.pi * min(1, done))) / 2)


def read_log(path: Path) -> Iterator[dict[str, float]]:
    """The rows of a .jsonl file, oldest first; a line that a crash cut short is passed over."""
    if path.is_file():
        for line in path.read_text("utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue


def _agreed(seconds: float, stop: bool, figures: dict[str, float]) -> tuple[float, bool, dict[str, float]]:
    """The first rank's clock, whether any rank was asked to stop, and the mean of the ranks' figures."""
    own = [seconds if distributed.is_first() else 0.0, float(stop), *(value / distributed.count() for value in figures.values())]
    if distributed.count() > 1:
        own = distributed.summed(torch.tensor(own, dtype=torch.float64, device=distributed.device())).tolist()
    return own[0], own[1] > 0, dict(zip(figures, own[2:]))


def _any_rank(answer: bool) -> bool:
    return bool(distributed.summed(torch.tensor(int(answer), device=distributed.device())))


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second one ends the process as ever."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _) -> None:
        asked.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, ask)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _validate(job: Job, log_file: Path, steps: int, seconds: float, figures: dict[str, float]) -> None:
    job.module.eval()
    with torch.inference_mode():
        held_out = job.validate()
    earlier = [{k.removeprefix("val_"): v for k, v in row.items() if k.startswith("val_")} for row in read_log(log_file)]
    held_out = {name: round(value, 5) for name, value in held_out.items()}
    if job.score(held_out) >= max((job.score(row) for row in earlier if row.keys() >= held_out.keys()), default=-math.inf):
        job.publish()
    job.module.train()
    _append(log_file, steps, seconds, figures | {f"val_{name}": value for name, value in held_out.items()})
    log.info("\n%s", "  ".join(f"{name} {value:.4g}" for name, value in held_out.items()))


def _append(log_file: Path, steps: int, seconds: float, figures: dict[str, float]) -> None:
    """Add a row; what isn't finite is left out, since JSON has no word for it."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    row = {"steps": steps, "minutes": round(seconds / 60, 4), **figures}
    with open(log_file, "a", encoding="utf-8") as file:
        file.write(json.dumps({name: round(value, 5) for name, value in row.items() if math.isfinite(value)}) + "\n")


def _state_file(folder: Path) -> Path:
    return folder / "run" / "state.safetensors"


def _save(job: Job, folder: Path, steps: int, seconds: float) -> None:
    tensors: dict[str, Tensor] = {f"module.{k}": v for k, v in job.module.state_dict().items()}
    tensors |= {f"optimizer.{k}": v for k, v in job.optimizer.state().items()}
    write_tensors(_state_file(folder), tensors, {"steps": str(steps), "seconds": str(seconds)})


def _resume(job: Job, folder: Path) -> tuple[int, float]:
    """Put all ranks where the first rank's folder left off: steps and seconds so far, 0 where there was no run."""
    file = _state_file(folder)
    data = distributed.bytes_from_first(file.read_bytes() if distributed.is_first() and file.is_file() else b"")
    if not data:
        for tensor in job.module.state_dict().values():
            distributed.from_first(tensor)
        return 0, 0.0
    try:
        tensors = load(data)
        about = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(f"{file} is damaged ({error}). Delete it to begin anew.") from None
    part = lambda prefix: {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    try:
        job.module.load_state_dict(part("module."))
    except RuntimeError:
        raise ValueError(f"{folder} holds a run of another shape. Give another --out, or the settings it began with.") from None
    job.optimizer.load_state(part("optimizer."))
    return int(about["steps"]), float(about["seconds"])


def _sweep(folder: Path) -> None:
    """Remove the half-written files of a run that was killed."""
    for path in [*folder.glob(".*.[0-9]*"), *folder.glob("run/.*.[0-9]*")]:
        path.unlink(missing_ok=True)


def _show(steps: int, seconds: float, share: float, figures: dict[str, float], end: str = "") -> None:
    """The progress bar: one line that is written over, or a line now and then where that can't be."""
    terminal = sys.stderr.isatty()
    if not terminal and not end and steps % 200:
        return
    done, left = min(1, share), max(0, seconds / share - seconds)  # at the pace so far
    bar = "█" * int(24 * done) + "░" * (24 - int(24 * done))
    text = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
    line = f"{bar} {done:4.0%}  {int(left // 60)}:{int(left % 60):02d} left  step {steps}  {text}"
    sys.stderr.write(f"\r\x1b[K{line}{end}" if terminal else line + "\n")
    sys.stderr.flush()
