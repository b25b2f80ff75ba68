"""The Text tab: a sentence goes on as a picture."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo import models
from demo.kit import page as writing
from demo.kit.cards import best_first, offers, sentences
from demo.kit.component import Bench
from demo.kit.sequences import MOST_SAMPLES
from demo.text import page, scenes
from vqcore.priors.base import Prior

HERE = Path(__file__).parent


def build() -> None:
    """Lay out the tab. Its pictures reach the canvas in the page."""
    with gr.Tab("Text", id="text"):
        Prompter(elem_id="prompter")


class Prompter(Bench):
    """A prompt, the pictures it gives, and the sequence on the screen. It has no value; pictures go to the canvas in the page."""

    def __init__(self, **keywords: Any):
        priors = best_first(prior for prior in models.priors().values() if writing.about(prior)["takesText"])
        super().__init__(
            HERE,
            server_functions=[writing.read_codebook, *writing.WRITING, *page.SERVER_FUNCTIONS],
            priors=[about(prior) for prior in priors],
            most=MOST_SAMPLES,
            **keywords,
        )


def about(prior: Prior) -> dict:
    """What the page has to know: also whether drawings find their like, what its folder offers, and of scenes, where it draws them, the
    words and the pairs in its examples that it never saw."""
    judge, offered, draws_scenes = models.contrastive_of(prior), offers(prior), scenes.draws_scenes(prior)
    return writing.about(prior) | offered | {
        "sentences": sentences(prior),
        "finds": judge is not None and models.known_pictures(judge.name) is not None,
        "words": scenes.OFFERED if draws_scenes else {},
        "unseen": {text: scenes.unseen_in(text) for text in offered["examples"]} if draws_scenes else {},
    }
