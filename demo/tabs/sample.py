"""The Sample tab: pictures that a prior writes, token by token."""

import gradio as gr

from demo.sampling import Sampler


def build() -> None:
    """Lay out the tab. Its samples reach the canvas in the page."""
    with gr.Tab("Sample", id="sample"):
        Sampler(elem_id="sampler")
