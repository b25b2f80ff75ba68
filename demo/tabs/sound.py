"""The Sound tab: speech as tokens that people hear, edit and sample; and time series beside it."""

import gradio as gr

from demo.sound import SoundBench


def build() -> None:
    """Lay out the tab. What is opened in it stays in the page."""
    with gr.Tab("Sound", id="sound"):
        SoundBench(elem_id="sound-bench")
