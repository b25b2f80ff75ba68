"""The crews: a refusal when they are full, and turns among those who write."""

import threading
import time

import pytest

from demo.workers import Busy, Crew, SharingCrew, answered_by
from tests.patience import PATIENCE, wait_until


def test_a_full_crew_says_busy_at_once_and_works_again_after():
    crew, gate, started = Crew(threads=1, waiting=0), threading.Event(), threading.Event()
    worker = threading.Thread(target=crew.run, args=(lambda: (started.set(), gate.wait(PATIENCE)),))
    worker.start()
    assert started.wait(PATIENCE)
    with pytest.raises(Busy):
        crew.run(int)
    assert answered_by(crew)(lambda question: {})(None) == {"busy": True}
    gate.set()
    worker.join(PATIENCE)
    assert crew.run(int, "7") == 7


def test_a_crew_frees_its_seat_when_the_work_fails():
    crew = Crew(threads=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            crew.run(lambda: 1 / 0)


def test_a_second_persons_short_work_is_done_amid_a_long_one(monkeypatch):
    monkeypatch.setattr("demo.workers.SLICE", 0.01)
    crew, began, ended = SharingCrew(threads=2, waiting=0), threading.Event(), []

    def long_work():
        began.set()
        wait_until(lambda: crew.pass_on() or ended)
        ended.append("long")

    worker = threading.Thread(target=crew.run, args=(long_work,))
    worker.start()
    assert began.wait(PATIENCE)
    crew.run(ended.append, "short")
    worker.join(PATIENCE)
    assert ended == ["short", "long"]


def test_only_one_has_the_turn_and_a_failing_one_gives_it_back(monkeypatch):
    monkeypatch.setattr("demo.workers.SLICE", 0)
    crew, inside, most = SharingCrew(threads=4, waiting=0), [], []

    def work():
        for _ in range(20):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.001)
            inside.pop()
            crew.pass_on()

    workers = [threading.Thread(target=crew.run, args=(work,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    with pytest.raises(ZeroDivisionError):
        crew.run(lambda: 1 / 0)
    for worker in workers:
        worker.join(PATIENCE)
    assert max(most) == 1 and len(most) == 60
