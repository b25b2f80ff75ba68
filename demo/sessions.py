"""What Gradio keeps of each open page: nothing, for none of them has a state on the server.

It would keep a copy of the settings of every component for every session that anyone names, 250 kB each, and take tens of milliseconds
of the server's loop to make it, for each call without a session too.
"""

from typing import Any

import gradio.route_utils
import gradio.routes
from gradio.blocks import Blocks
from gradio.state_holder import SessionState, StateHolder


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
