"""TokenCanvas: the editor as one gr.HTML."""

from pathlib import Path
from typing import Any

from demo import models
from demo.canvas import page, work
from demo.kit import cards, images, modules
from demo.kit.page import about
from demo.kit.workspace import WorkspaceBench

HERE = Path(__file__).parent


class TokenCanvas(WorkspaceBench):
    """The workspace, shown and edited. Its value in Python is a `Workspace`; in the page, that one's JSON.

    The value changes once when a gesture ends, and `change` fires then. The pixels of the pictures never
    leave the browser except to be tokenized. An event may answer a workspace too: its documents without an id are
    opened beside those that are there, and its active one is shown.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            HERE,
            server_functions=page.SERVER_FUNCTIONS,
            model=models.tokenizer().name,
            models=[
                {"name": name, "sentence": cards.tokenizer_sentence(name), "tokens": models.tokens_of(name)} for name in models.names()
            ],
            first=work.first_example(),
            priors=[about(prior) for prior in models.priors().values()],
            examples=[
                {
                    "name": name,
                    "id": work.digest(work.read_example(name)),
                    "thumbnail": images.to_thumbnail_url(work.EXAMPLES / f"{name}.jpg"),
                }
                for name in work.example_names()
            ],
            **settings,
        )
        self.js_on_load = f"{modules.share(modules.KIT)}\n{self.js_on_load}"
