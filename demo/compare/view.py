"""The Compare tab: several tokenizers, or one at several settings, on the picture of the canvas."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.compare import page
from demo.kit.component import Bench

HERE = Path(__file__).parent


def build() -> None:
    """Lay out the tab. The comparison follows the canvas by itself while it is in sight."""
    with gr.Tab("Compare", id="compare"):
        ComparisonView(elem_id="comparison")


class ComparisonView(Bench):
    """It takes the picture from the canvas in the page, and asks the server for one comparison after the other.

    It has no value: the original's pixels go to the server to be tokenized, and stay nowhere.
    """

    def __init__(self, **settings: Any):
        super().__init__(HERE, server_functions=page.SERVER_FUNCTIONS, **settings)
