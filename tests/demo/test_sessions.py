"""What Gradio's queue keeps of visitors."""

from types import SimpleNamespace

import pytest

from demo import sessions
from demo.visitors import KEY, Visitor
from demo.workers import Busy


@pytest.fixture
def queue():
    sessions_of_events = {"read": {1}, "forgotten": {2}}
    return SimpleNamespace(
        event_ids_to_events={}, pending_event_ids_session=sessions_of_events, pending_messages_per_session={"read": 0}
    )


def ask(queue, address, size):
    """A question that then waits."""
    visitor = Visitor(address)
    scope = {"app": SimpleNamespace(get_blocks=lambda: SimpleNamespace(_queue=queue)), KEY: visitor}
    sessions.admit(scope, visitor, size)
    queue.event_ids_to_events[len(queue.event_ids_to_events)] = SimpleNamespace(request=SimpleNamespace(scope=scope))


def test_a_visitor_fills_half_of_the_queue_and_leaves_room_for_the_next(queue):
    large = 40 << 20
    with pytest.raises(Busy):
        for _ in range(100):
            ask(queue, "a", large)
    held = len(queue.event_ids_to_events)
    assert sessions.MOST_WAITING // 4 < held * large <= sessions.MOST_WAITING // 2
    ask(queue, "b", large)


def test_questions_of_no_size_are_counted_too(queue):
    with pytest.raises(Busy):
        for _ in range(10_000):
            ask(queue, "a", 0)


def test_what_nobody_reads_is_forgotten(queue):
    ask(queue, "a", 0)
    assert set(queue.pending_event_ids_session) == {"read"}
