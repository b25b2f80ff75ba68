"""The Train tab: a tokenizer, and a prior on it, from a visitor's own pictures."""

import gradio as gr

from demo.training import Trainer


def build() -> None:
    """Lay out the tab. What it trains reaches the canvas in the page."""
    with gr.Tab("Train", id="train"):
        Trainer(elem_id="trainer")
