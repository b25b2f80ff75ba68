"""Training in the page by steps: whatever minutes a person asks for, the process that trains does a fixed number of steps.

python -m tests.stepped is app.py with that, for a browser to look at.
"""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

from demo.train import runs
from vqcore.training.budget import Budget
from vqcore.training.config import write_run

STEPS = 20
APP = Path(__file__).parent.parent / "app.py"


def writer(steps: int):
    """What writes the config for a process, in place of `runs.write_run`."""
    return lambda run, folder: write_run(replace(run, budget=Budget(steps=steps)), folder)


if __name__ == "__main__":
    runs.write_run = writer(STEPS)
    runpy.run_path(str(APP), run_name="__main__")
