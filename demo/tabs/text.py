"""The Text tab: a sentence goes on as a picture."""

import gradio as gr

from demo.prompting import Prompter


def build() -> None:
    """Lay out the tab. Its pictures reach the canvas in the page."""
    with gr.Tab("Text", id="text"):
        Prompter(elem_id="prompter")
