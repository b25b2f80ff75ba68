"""CodebookAtlas: the map of all codes, as one gr.HTML."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.codebook import service
from demo.document import Workspace, workspace_from_json
from demo.kit.component import Bench

HERE = Path(__file__).parent


class CodebookAtlas(Bench):
    """The codebook of the picture on the canvas. Its value in Python is a `Workspace` of that picture alone.

    The value is set while the atlas is in sight only, and `change` fires then; `new_codebook` fires when the
    codebook is another one than before: another model's, or that of another level.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            HERE,
            server_functions=service.SERVER_FUNCTIONS,
            **settings,
        )

    def preprocess(self, payload: dict | None) -> Workspace:
        try:
            return workspace_from_json(payload)
        except ValueError as problem:
            raise gr.Error(str(problem)) from None

    def postprocess(self, value: None) -> None:
        return None

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "a workspace: see demo/document.py"}
