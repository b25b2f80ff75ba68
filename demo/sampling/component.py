"""Sampler: the whole of the Sample tab as one gr.HTML, which asks writing.py's functions and keeps all it knows in the page."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo import models
from demo.sampling.cards import best_first, offers, sentences
from demo.token_canvas import service, writing

HERE = Path(__file__).parent
CANVAS = HERE.parent / "token_canvas"

# In the order that the data flows; together they are the body of one function.
SCRIPTS = [
    *(CANVAS / "js" / f"{name}.js" for name in ("bytes", "codebook", "server", "sequences")),
    *(HERE / "js" / f"{name}.js" for name in ("settings", "tile", "writing", "gallery", "distribution", "watch", "contrast", "main")),
]


class Sampler(gr.HTML):
    """Settings and three views of what a prior writes. It has no value; samples go to the canvas in the page."""

    def __init__(self, **keywords: Any):
        priors = best_first(models.priors().values())
        super().__init__(
            html_template=(HERE / "sampling.html").read_text(),
            css_template=(HERE / "sampling.css").read_text(),
            js_on_load="\n".join(path.read_text() for path in SCRIPTS),
            apply_default_css=False,
            server_functions=[service.read_codebook, *writing.WRITING_FUNCTIONS],
            priors=[writing.about(prior) | {"sentences": sentences(prior), "settings": offers(prior)["settings"]} for prior in priors],
            most=writing.MOST_SAMPLES,
            **keywords,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "string", "description": "unused"}
