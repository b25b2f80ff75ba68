"""CodebookAtlas: the map of all codes, as one gr.HTML."""

from pathlib import Path
from typing import Any

from demo.codebook import page
from demo.kit.workspace import WorkspaceBench

HERE = Path(__file__).parent


class CodebookAtlas(WorkspaceBench):
    """The codebook of the picture on the canvas. Its value in Python is a `Workspace` of that picture alone.

    The value is set while the atlas is in sight only, and `change` fires then; `new_codebook` fires when the
    codebook is another one than before: another model's, or that of another level.
    """

    def __init__(self, **settings: Any):
        super().__init__(HERE, server_functions=page.SERVER_FUNCTIONS, **settings)
