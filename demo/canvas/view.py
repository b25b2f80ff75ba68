"""TokenCanvas: the editor as one gr.HTML."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo import models
from demo.canvas import service, writing
from demo.document import Workspace, workspace_from_json, workspace_to_json
from demo.kit import images
from demo.kit.component import Bench

HERE = Path(__file__).parent


class TokenCanvas(Bench):
    """The workspace, shown and edited. Its value in Python is a `Workspace`; in the page, that one's JSON.

    The value changes once when a gesture ends, and `change` fires then. The pixels of the pictures never
    leave the browser except to be tokenized. An event may answer a workspace too: its documents without an id are
    opened beside those that are there, and its active one is shown.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            HERE,
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
