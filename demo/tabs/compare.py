"""The Compare tab: several tokenizers, or one at several settings, on the picture of the canvas."""

import gradio as gr

from demo.comparison import ComparisonView


def build() -> None:
    """Lay out the tab. The comparison follows the canvas by itself while it is in sight."""
    with gr.Tab("Compare", id="compare"):
        ComparisonView(elem_id="comparison")
