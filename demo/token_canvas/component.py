"""TokenCanvas: the editor as one gr.HTML, its page in token_canvas.html, its style in token_canvas.css, its code in js/."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo import models
from demo.document import Workspace, workspace_from_json, workspace_to_json
from demo.token_canvas import images, service, writing

HERE = Path(__file__).parent

# In the order that the data flows; together they are the body of one function.
SCRIPTS = [
    "bytes", "codebook", "grid", "picture", "fidelity", "layers", "view", "server", "messages", "history", "painter", "block", "edits", "probe",
    "levels", "sequences", "surprise", "candidates", "writer",
    "stage", "look", "palette", "walk", "inspector", "filmstrip", "keeper", "links", "intake", "exports", "hints", "figure_links", "keys", "main",
]  # fmt: skip


class TokenCanvas(gr.HTML):
    """The workspace, shown and edited. Its value in Python is a `Workspace`; in the page, that one's JSON.

    The value changes once when a gesture ends, and `change` fires then. The pixels of the pictures never
    leave the browser except to be tokenized. An event may answer a workspace too: its documents without an id are
    opened beside those that are there, and its active one is shown.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            html_template=(HERE / "token_canvas.html").read_text(),
            css_template=(HERE / "token_canvas.css").read_text(),
            js_on_load="\n".join((HERE / "js" / f"{name}.js").read_text() for name in SCRIPTS),
            apply_default_css=False,
            server_functions=[*service.SERVER_FUNCTIONS, *writing.WRITING_FUNCTIONS],
            model=models.tokenizer().name,
            priors=[writing.about(prior) for prior in models.priors().values()],
            examples=[
                {"name": name, "thumbnail": images.to_thumbnail_url(service.EXAMPLES / f"{name}.jpg")}
                for name in service.example_names()
            ],
            **settings,
        )

    def preprocess(self, payload: dict | None) -> Workspace:
        try:
            return workspace_from_json(payload)
        except ValueError as problem:
            raise gr.Error(str(problem)) from None

    def postprocess(self, value: Workspace | None) -> dict | None:
        return None if value is None else workspace_to_json(value)

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "a workspace: see demo/document.py"}
