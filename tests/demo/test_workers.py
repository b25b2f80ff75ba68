"""The crews: a refusal when they are full, seats and turns shared out among visitors, and an end where nobody waits."""

import threading
import time
from contextlib import ExitStack

import pytest

from demo.visitors import Left, Visitor, address_of, asking
from demo.workers import Busy, Crew, Line, Shares, SharingCrew, answered_by
from tests.demo.asking import asked_by
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
    crew, began, ended = SharingCrew(threads=3), threading.Event(), []

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
    crew, inside, most = SharingCrew(threads=8), [], []

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


def test_one_visitor_takes_half_of_the_seats_and_leaves_some_to_each_that_comes():
    shares, held = Shares(8), []
    with ExitStack() as stack:
        for address in "aaaaaaabbbbbcccddd":
            try:
                stack.enter_context(shares.taken(Visitor(address)))
                held.append(address)
            except Busy:
                pass
        assert "".join(held) == "aaaabbcd"
    with shares.taken(Visitor("a"), 4), pytest.raises(Busy), shares.taken(Visitor("a"), 1):
        pass


def test_an_address_with_many_questions_waits_for_one_that_has_asked_less():
    line, order, gate = Line(1), [], threading.Event()

    def work(address):
        with line.place(Visitor(address)):
            gate.wait(PATIENCE)
            order.append(address)

    workers = []
    for number, address in enumerate(["many"] * 6 + ["one"]):
        workers.append(threading.Thread(target=work, args=(address,)))
        workers[-1].start()
        wait_until(lambda waiting=number: len(line._waiting) == waiting, "a place in the line")
    gate.set()
    for worker in workers:
        worker.join(PATIENCE)
    assert order[:2] == ["many", "one"] and len(order) == 7


def test_work_ends_at_its_next_step_when_its_visitor_has_left():
    crew, visitor, steps = SharingCrew(threads=1), Visitor("a"), []

    def work():
        assert asking() == visitor, "the crew's own thread knows whom it works for"
        while True:
            crew.pass_on()
            steps.append(1)
            if len(steps) == 3:
                visitor.gone.set()

    with pytest.raises(Left):
        asked_by(visitor, crew.run, work)
    assert len(steps) == 3
    assert crew.run(int, "7") == 7, "the seat and the turn are free again"


def test_one_who_leaves_the_line_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("demo.workers.GLANCE", 0.01)
    line, visitor = Line(1), Visitor("a")
    with line.place(Visitor("b")):
        visitor.gone.set()
        with pytest.raises(Left):
            line.enter(visitor)
    with line.place(Visitor("c")):
        pass


@pytest.mark.parametrize("client, forwarded, address", [
    ("9.9.9.9", None, "9.9.9.9"), ("9.9.9.9", "8.8.8.8", "9.9.9.9"), ("10.0.0.7", "8.8.8.8", "8.8.8.8"),
    ("10.0.0.7", "1.1.1.1, 8.8.8.8, 10.0.0.3", "8.8.8.8"), ("127.0.0.1", "no, address", "127.0.0.1"), ("testclient", None, ""),
    ("2606:4700::1111", None, "2606:4700::/64"),
])
def test_a_visitor_is_known_by_what_the_nearest_proxy_has_written(client, forwarded, address):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert address_of({"client": (client, 1), "headers": headers}) == address
