"""Who has the machine for a training."""

import subprocess
import sys
import time

import pytest

from demo.train import runs
from demo.train.recipes import Settings
from vqcore.training.budget import Budget
from vqcore.training.config import Run as Recipe


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A run of one minute, whose process does nothing for ever."""
    (tmp_path / "log").touch()
    recipe = Recipe(None, (), Budget(minutes=1.0))  # pyright: ignore[reportArgumentType]
    run = runs.Run("a", tmp_path, tmp_path, 2, "", Settings(8, 64, 8, 0.25, "ema", 1.0), {runs.TOKENIZER: recipe}, began=time.monotonic())
    run.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    monkeypatch.setattr(runs, "_runs", {"a": run})
    yield run
    run.process.kill()
    run.process.wait()


def test_the_machine_is_one_runs_until_it_is_overdue(running):
    with pytest.raises(ValueError, match="One training runs at a time"):
        runs._check_idle()
    running.began -= 60 * (runs.MOST_TIMES * 1.0 + runs.SPARE_MINUTES)
    runs._check_idle()
    assert not running.is_running and "longer than its time" in running.problem()
