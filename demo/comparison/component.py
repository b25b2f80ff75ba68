"""ComparisonView: one gr.HTML, its page in comparison.html, its style in comparison.css, its code in js/."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.comparison import service

HERE = Path(__file__).parent
CANVAS = HERE.parent / "token_canvas"

# In the order that the data flows; together they are the body of one function.
SCRIPTS = [
    CANVAS / "js" / "bytes.js", CANVAS / "js" / "server.js", CANVAS / "js" / "layers.js", HERE / "js" / "curtain.js",
    HERE / "js" / "adder.js", HERE / "js" / "row.js", HERE / "js" / "main.js",
]  # fmt: skip


class ComparisonView(gr.HTML):
    """It takes the picture from the canvas in the page, and asks the server for one comparison after the other.

    It has no value: the original's pixels go to the server to be tokenized, and stay nowhere.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            html_template=(HERE / "comparison.html").read_text(),
            css_template=(HERE / "comparison.css").read_text(),
            js_on_load="\n".join(path.read_text() for path in SCRIPTS),
            apply_default_css=False,
            server_functions=service.SERVER_FUNCTIONS,
            **settings,
        )
