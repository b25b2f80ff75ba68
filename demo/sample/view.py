"""The Sample tab: pictures that a prior writes, token by token."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo import models
from demo.kit.cards import best_first, in_turn, offers, sentences
from demo.kit.component import Bench
from demo.kit.page import about
from demo.kit.sequences import MOST_SAMPLES
from demo.sample import page

HERE = Path(__file__).parent


def build() -> None:
    """Lay out the tab. Its samples reach the canvas in the page."""
    with gr.Tab("Sample", id="sample"):
        Sampler(elem_id="sampler")


class Sampler(Bench):
    """Settings and three views of what a prior writes. It has no value; samples go to the canvas in the page."""

    def __init__(self, **keywords: Any):
        priors = best_first(models.priors().values())
        super().__init__(
            HERE,
            server_functions=page.SERVER_FUNCTIONS,
            priors=[
                about(prior) | offers(prior) | {"sentences": sentences(prior), "inTurn": in_turn(prior)}
                for prior in priors
            ],
            most=MOST_SAMPLES,
            **keywords,
        )
