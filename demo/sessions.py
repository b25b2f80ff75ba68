"""What Gradio keeps of open pages: no state, for none of them has one on the server, and of their questions in its queue so many bytes.

It would keep a copy of the settings of every component for every session that anyone names, 250 kB each, and take tens of milliseconds
of the server's loop to make it, for each call without a session too.
"""

from typing import Any

import gradio.route_utils
import gradio.routes
from gradio.blocks import Blocks
from gradio.state_holder import SessionState, StateHolder
from starlette.types import Scope

from demo.visitors import KEY, Visitor
from demo.workers import Busy

MOST_WAITING = 256 << 20
"""Bytes of the questions that wait in the queue or are answered out of it, each of which counts as A_QUESTION more."""
A_QUESTION = 2 << 20
SIZE = "queued"
"""Of an ASGI scope: how much its question counts."""


class Shared(SessionState):
    """The page as it was built, which nothing is written to."""

    def __setitem__(self, key: int, value: Any) -> None:
        raise TypeError("No page has a state on the server: an event answers values, and neither a gr.State nor a gr.update.")

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class Sessions(StateHolder):
    """The same for whoever asks."""

    def set_blocks(self, blocks: Blocks) -> None:
        super().set_blocks(blocks)
        self._shared = Shared(blocks)

    def __getitem__(self, session_id: str) -> SessionState:
        return self._shared


def keep_none() -> None:
    """From the next launch on."""
    gradio.routes.StateHolder = Sessions  # pyright: ignore[reportPrivateImportUsage]
    gradio.route_utils.SessionState = lambda blocks: blocks.state_holder[""]  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]


def admit(scope: Scope, visitor: Visitor, size: int) -> None:
    """Count a question of `size` bytes that is to go by the queue. `Busy` where its visitor would have more there than is left free."""
    queue = scope["app"].get_blocks()._queue
    its = scope[SIZE] = size + A_QUESTION
    held = [(event.request.scope[KEY].address, event.request.scope[SIZE]) for event in list(queue.event_ids_to_events.values())]
    if sum(each for address, each in held if address == visitor.address) + its > MOST_WAITING - sum(each for _, each in held):
        raise Busy
    for session in list(queue.pending_event_ids_session):  # which Gradio forgets only where somebody reads the answer
        if session not in queue.pending_messages_per_session:
            del queue.pending_event_ids_session[session]
