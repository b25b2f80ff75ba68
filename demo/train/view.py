"""The Train tab: a tokenizer, and a prior on it, from a visitor's own pictures."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.kit.component import Bench
from demo.train import page, recipes, scenes, work
from demo.train.pictures import endings

HERE = Path(__file__).parent


def build() -> None:
    """Lay out the tab. What it trains reaches the canvas in the page."""
    with gr.Tab("Train", id="train"):
        Trainer(elem_id="trainer")


class Trainer(Bench):
    """A form, and what became of it. It holds no value: the page keeps its run's id, and asks."""

    def __init__(self, **settings: Any):
        super().__init__(
            HERE,
            padding=False,
            server_functions=page.SERVER_FUNCTIONS,
            allowed=work.ALLOWED,
            scenes=scenes.about(),
            sets=[{"name": name, "title": title} for name, (title, _) in recipes.bundled().items()],
            most_minutes=recipes.MOST_MINUTES,
            endings=endings(),
            **settings,
        )
