"""Trainer: the Train tab as one gr.HTML, its page in training.html, its style in training.css, its code in js/."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.training import recipes, service

HERE = Path(__file__).parent
CANVAS = HERE.parent / "token_canvas"

# In the order that the data flows; together they are the body of one function.
SCRIPTS = [CANVAS / "js" / "bytes.js", CANVAS / "js" / "server.js", *(HERE / "js" / f"{name}.js" for name in ("chart", "uploads", "main"))]


class Trainer(gr.HTML):
    """A form, and what became of it. It holds no value: the page keeps its run's id, and asks."""

    def __init__(self, **settings: Any):
        super().__init__(
            html_template=(HERE / "training.html").read_text(),
            css_template=(HERE / "training.css").read_text(),
            js_on_load="\n".join(path.read_text() for path in SCRIPTS),
            apply_default_css=False,
            padding=False,
            server_functions=service.SERVER_FUNCTIONS,
            allowed=service.ALLOWED,
            sets=[{"name": name, "title": title} for name, (title, _) in recipes.bundled().items()],
            most_minutes=recipes.MOST_MINUTES,
            **settings,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "string", "description": "unused"}
