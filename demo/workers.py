"""Crews that run the models: few threads, a short queue, and a refusal when that is full.

Gradio calls server functions on a pool of 40 threads. Forty decodes at once on two processors would
make everybody wait for everybody, and each thread that runs torch keeps an OpenMP team of its own.
So the models run on these threads only. Strokes have a crew apart from the slow work: nobody's brush
waits for somebody's upload. A crew whose queue is full says so at once and the browser asks again,
which costs it one round trip and costs the server nothing. Seats and turns are shared out by visitor
(demo/visitors.py), so that nobody who asks for much keeps out those who ask for little.

What a prior writes can take seconds. Those who write take turns: one computes at a time, and after a
slice of it whoever has waited longest goes on. Where its visitor has left, the work ends there.
"""

import logging
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import wraps
from itertools import count
from threading import Event, Lock
from typing import Any

from demo.visitors import Left, Visitor, asking
from vqcore.files import shown

NICE = 10
SLICE = 0.1
"""Seconds of a turn after which others that wait go first."""
GLANCE = 0.5
"""Seconds after which one that waits looks whether its visitor is still there."""
MOST_REMEMBERED = 10_000

MISUNDERSTOOD = "The page and the server don't understand each other. Reload the page."

log = logging.getLogger(__name__)


class Busy(Exception):
    """Every seat that is for this visitor is taken: ask again shortly."""


class Shares:
    """`total` places, or bytes, of which a visitor may take what leaves as many free as they then have. So one takes a half at most,
    two take a third each, and there is always something for the next."""

    def __init__(self, total: int):
        self._lock, self._free, self._held = Lock(), total, Counter[str]()

    @contextmanager
    def taken(self, visitor: Visitor, amount: int = 1) -> Iterator[None]:
        """Raises `Busy` without waiting where this is more than the visitor's share."""
        with self._lock:
            if self._held[visitor.address] + amount > self._free:
                raise Busy
            self._free -= amount
            self._held[visitor.address] += amount
        try:
            yield
        finally:
            with self._lock:
                self._free += amount
                self._held[visitor.address] -= amount
                if not self._held[visitor.address]:
                    del self._held[visitor.address]


@dataclass(eq=False)
class _Ticket:
    visitor: Visitor
    thread: int = field(default_factory=threading.get_ident)
    called: Event = field(default_factory=Event)


class Line:
    """At most `places` threads inside. Of those that wait, the one goes next whose address, and then whose page, had its last turn
    longest ago; who has left goes away."""

    def __init__(self, places: int):
        self._lock, self._places = Lock(), places
        self._waiting: list[_Ticket] = []
        self._inside: dict[int, float] = {}
        self._turns, self._last = count(1), dict[object, int]()

    def enter(self, visitor: Visitor) -> None:
        """Raises `Left` once the visitor has."""
        ticket = _Ticket(visitor)
        with self._lock:
            self._waiting.append(ticket)
            self._call()
        while not ticket.called.wait(GLANCE):
            if visitor.has_left:
                with self._lock:
                    if ticket in self._waiting:
                        self._waiting.remove(ticket)
                        raise Left

    def leave(self) -> None:
        with self._lock:
            self._inside.pop(threading.get_ident(), None)
            self._call()

    @contextmanager
    def place(self, visitor: Visitor) -> Iterator[None]:
        self.enter(visitor)
        try:
            yield
        finally:
            self.leave()

    def pass_on(self) -> None:
        """Called now and then by whoever is inside: once its slice is over, let others go first. Raises `Left` where nobody waits for
        what it does."""
        began = self._inside.get(threading.get_ident())
        if began is None:
            return
        if (visitor := asking()).has_left:
            raise Left
        if self._waiting and time.monotonic() - began >= SLICE:
            self.leave()
            self.enter(visitor)

    def _call(self) -> None:
        """Let in whoever is next, while there is room. The lock is held."""
        while self._waiting and len(self._inside) < self._places:
            ticket = min(self._waiting, key=self._last_turns)
            self._waiting.remove(ticket)
            self._inside[ticket.thread] = time.monotonic()
            if len(self._last) > MOST_REMEMBERED:
                self._last.clear()
            address, page = self._of(ticket)
            self._last[address] = self._last[page] = next(self._turns)
            ticket.called.set()

    def _last_turns(self, ticket: _Ticket) -> tuple[int, ...]:
        return tuple(self._last.get(each, 0) for each in self._of(ticket))

    def _of(self, ticket: _Ticket) -> tuple[object, object]:
        return ticket.visitor.address, (ticket.visitor.address, ticket.visitor.session)


class Crew:
    """`threads` workers and `waiting` seats in front of them, shared out by visitor. Those who are not `first` let others have the
    processor before them, where the system gives threads a rank of their own."""

    def __init__(self, threads: int, waiting: int, first: bool = False):
        self._executor = ThreadPoolExecutor(threads, initializer=None if first else _step_back)
        self._seats, self._line = Shares(threads + waiting), Line(threads)

    def run(self, work: Callable, *args):
        """The result of `work(*args)`, run by the crew. Raises `Busy` without waiting when no seat is free for this visitor, and
        `Left` where the visitor leaves before it is begun."""
        visitor = asking()
        with self._seats.taken(visitor), self._line.place(visitor):
            return self._executor.submit(copy_context().run, work, *args).result()


def _step_back() -> None:
    """This thread, and those that it starts, after the threads of requests and of strokes. Linux alone ranks threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class SharingCrew(Crew):
    """A crew whose works go on side by side, a slice of each in turn, where they call `pass_on` between small steps. There one ends
    whose visitor has left."""

    def __init__(self, threads: int):
        super().__init__(threads, waiting=0)
        self._turns = Line(1)
        self.pass_on = self._turns.pass_on

    def run(self, work: Callable, *args):
        return super().run(self._in_turn, work, *args)

    def _in_turn(self, work: Callable, *args):
        with self._turns.place(asking()):
            return work(*args)


PLACE = re.compile(r"(?<![\w/:.])/(?:[^/\s]+/)+")
"""Of a file on this machine, the folders before its name."""


def in_a_line(problem: BaseException) -> str:
    """For the log: what an exception is and where it came from, of whatever anyone has sent."""
    place = problem.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f" ({place.tb_frame.f_code.co_name}, line {place.tb_lineno})" if place else ""
    return f"{type(problem).__name__}: {shown(str(problem))}{where}"


def in_words(problem: ValueError) -> str:
    """What a person is told: no place on this server, and nothing that JSON can't carry."""
    return PLACE.sub("", str(problem)).encode("utf-8", "replace").decode()


def answered_by(crew: Crew) -> Callable:
    """A server function run by `crew`, whose every end is an answer the page can show."""

    def decorate(function: Callable) -> Callable:
        @wraps(function)
        def answer(question: Any) -> dict:
            try:
                return crew.run(function, question)
            except (Busy, Left):
                return {"busy": True}
            except ValueError as problem:
                return {"error": in_words(problem)}
            except Exception as problem:  # whatever it was, the page has to be told something
                log.warning("%s could not read its question: %s", function.__name__, in_a_line(problem))
                return {"error": MISUNDERSTOOD}

        return answer

    return decorate


# A stroke takes both processors: running two together would finish neither sooner.
# A class paints fifty a second, and a short wait here beats a round trip to ask again.
strokes = Crew(threads=1, waiting=80, first=True)
pictures = Crew(threads=1, waiting=6)
# Apart from both: the pointer asks why at each token that it passes, and neither a stroke nor an upload waits for that.
explainers = Crew(threads=1, waiting=8)
# Apart from the pictures' crew: searching WebP's best quality takes seconds, and nobody's upload waits for it.
comparisons = Crew(threads=1, waiting=6)
# A download takes minutes, and the weights of a stranger's model are large.
openers = Crew(threads=1, waiting=4)
# What the Hub knows of a model is asked for in a second or two, also while another one is fetched.
askers = Crew(threads=1, waiting=8)
writers = SharingCrew(threads=12)
