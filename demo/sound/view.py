"""The Sound tab: speech as tokens that people hear, edit and sample; and time series beside it."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.kit.component import Bench
from demo.sound import page

HERE = Path(__file__).parent


def build() -> None:
    """Lay out the tab. What is opened in it stays in the page."""
    with gr.Tab("Sound", id="sound"):
        SoundBench(elem_id="sound-bench")


class SoundBench(Bench):
    """It has no value: a clip's samples go to the server to be encoded, and stay nowhere."""

    def __init__(self, **settings: Any):
        super().__init__(
            HERE,
            server_functions=page.SERVER_FUNCTIONS,
            about=page.about(),
            **settings,
        )
