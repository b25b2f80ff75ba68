"""Sampler: the whole of the Sample tab as one gr.HTML, which asks writing.py's functions and keeps all it knows in the page."""

from pathlib import Path
from typing import Any

from demo import models
from demo.kit.component import Bench
from demo.sampling.cards import best_first, offers, sentences
from demo.token_canvas import service, writing

HERE = Path(__file__).parent


class Sampler(Bench):
    """Settings and three views of what a prior writes. It has no value; samples go to the canvas in the page."""

    def __init__(self, **keywords: Any):
        priors = best_first(models.priors().values())
        super().__init__(
            HERE,
            server_functions=[service.read_codebook, *writing.WRITING_FUNCTIONS],
            priors=[writing.about(prior) | {"sentences": sentences(prior), "settings": offers(prior)["settings"]} for prior in priors],
            most=writing.MOST_SAMPLES,
            **keywords,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "string", "description": "unused"}
