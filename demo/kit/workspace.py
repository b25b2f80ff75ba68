"""A bench whose value is what the canvas holds."""

from typing import Any

import gradio as gr

from demo.document import Workspace, workspace_from_json, workspace_to_json
from demo.kit.component import Bench
from demo.workers import in_words


class WorkspaceBench(Bench):
    """Its value in Python is a `Workspace`; in the page, that one's JSON."""

    def preprocess(self, payload: dict | None) -> Workspace:  # pyright: ignore[reportIncompatibleMethodOverride]
        try:
            return workspace_from_json(payload)
        except ValueError as problem:
            raise gr.Error(in_words(problem), print_exception=False) from None

    def postprocess(self, value: Workspace | None) -> dict | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None if value is None else workspace_to_json(value)

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "a workspace: see demo/document.py"}
