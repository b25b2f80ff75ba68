"""Crews that run the models: few threads, a short queue, and a refusal when that is full.

Gradio calls server functions on a pool of 40 threads. Forty decodes at once on two processors would
make everybody wait for everybody, and each thread that runs torch keeps an OpenMP team of its own.
So the models run on these threads only. Strokes have a crew apart from the slow work: nobody's brush
waits for somebody's upload. A crew whose queue is full says so at once and the browser asks again,
which costs it one round trip and costs the server nothing.

What a prior writes can take seconds. Those who write take turns: one computes at a time, and after a
slice of it whoever has waited longest goes on.
"""

import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from threading import BoundedSemaphore, Condition
from typing import Any

NICE = 10
SLICE = 0.1
"""Seconds of a turn after which others that wait go first."""

MISUNDERSTOOD = "The page and the server don't understand each other. Reload the page."

log = logging.getLogger(__name__)


class Busy(Exception):
    """Every seat of the crew is taken: ask again shortly."""


class Crew:
    """`threads` workers and `waiting` seats in front of them. Those who are not `first` let others have the processor before
    them, where the system gives threads a rank of their own."""

    def __init__(self, threads: int, waiting: int, first: bool = False):
        self._executor = ThreadPoolExecutor(threads, initializer=None if first else _step_back)
        self._seats = BoundedSemaphore(threads + waiting)

    def run(self, work: Callable, *args):
        """The result of `work(*args)`, run by the crew. Raises `Busy` without waiting when no seat is free."""
        if not self._seats.acquire(blocking=False):
            raise Busy
        try:
            return self._executor.submit(work, *args).result()
        finally:
            self._seats.release()


def _step_back() -> None:
    """This thread, and those that it starts, after the threads of requests and of strokes. Linux alone ranks threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Turns:
    """One at a time, first come first served."""

    def __init__(self):
        self._condition, self._line, self._since = Condition(), deque(), 0.0

    def __enter__(self):
        ticket = object()
        with self._condition:
            self._line.append(ticket)
            self._condition.wait_for(lambda: self._line[0] is ticket)
        self._since = time.monotonic()

    def __exit__(self, *_):
        with self._condition:
            self._line.popleft()
            self._condition.notify_all()

    def pass_on(self) -> None:
        """Called now and then by whoever has the turn: once its slice is over, go to the end of the line."""
        if len(self._line) > 1 and time.monotonic() - self._since >= SLICE:
            self.__exit__()
            self.__enter__()


class SharingCrew(Crew):
    """A crew whose works go on side by side, a slice of each in turn, where they call `pass_on` between small steps."""

    def __init__(self, threads: int, waiting: int):
        super().__init__(threads, waiting)
        self._turns = Turns()
        self.pass_on = self._turns.pass_on

    def run(self, work: Callable, *args):
        return super().run(self._in_turn, work, *args)

    def _in_turn(self, work: Callable, *args):
        with self._turns:
            return work(*args)


def answered_by(crew: Crew) -> Callable:
    """A server function run by `crew`, whose every end is an answer the page can show."""

    def decorate(function: Callable) -> Callable:
        @wraps(function)
        def answer(question: Any) -> dict:
            try:
                return crew.run(function, question)
            except Busy:
                return {"busy": True}
            except ValueError as problem:
                return {"error": str(problem)}
            except Exception:  # whatever it was, the page has to be told something
                log.exception("%s could not read its question", function.__name__)
                return {"error": MISUNDERSTOOD}

        return answer

    return decorate


# A stroke takes both processors: running two together would finish neither sooner.
# A class paints fifty a second, and a short wait here beats a round trip to ask again.
strokes = Crew(threads=1, waiting=40, first=True)
pictures = Crew(threads=1, waiting=4)
# Apart from both: the pointer asks why at each token that it passes, and neither a stroke nor an upload waits for that.
explainers = Crew(threads=1, waiting=8)
# Apart from the pictures' crew: searching WebP's best quality takes seconds, and nobody's upload waits for it.
comparisons = Crew(threads=1, waiting=4)
writers = SharingCrew(threads=3, waiting=5)
