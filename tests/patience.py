"""Waiting for what another process does: as long as a slow and busy machine takes, and no longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 1200  # seconds, after which something is broken and not slow

T = TypeVar("T")


def wait_until(happened: Callable[[], T], what: str = "what was waited for") -> T:
    """Ask again and again until the answer is true, and give it. AssertionError where that takes longer than PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := happened()):
        assert time.monotonic() < deadline, f"{what} has not happened within {PATIENCE} seconds"
        time.sleep(0.02)
    return answer
