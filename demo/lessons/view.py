"""The Lessons tab: what the canvas above rests on, as seven things to move. `?lesson=3` opens the one of that number."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.canvas.work import example_names
from demo.kit.component import Bench
from demo.lessons.page import SERVER_FUNCTIONS

HERE = Path(__file__).parent

LESSONS = {
    "token": "What a token is",
    "components": "From PCA to codes",
    "plane": "Quantization in the plane",
    "losses": "Three losses and a stop-gradient",
    "straight_through": "Straight through",
    "distribution": "Learning the distribution",
    "sentence": "A picture is a sentence",
}

ON_PRIORS = ("distribution", "sentence")


def build() -> None:
    """Lay out the tab. The lessons leave the canvas alone."""
    with gr.Tab("Lessons", id="lessons"):
        Lessons(elem_id="lessons")


class Lessons(Bench):
    """All lessons, one on the screen at a time. It holds no value: what a person moves stays in the page."""

    def __init__(self, **keywords: Any):
        super().__init__(
            HERE,
            page(),
            padding=False,
            server_functions=SERVER_FUNCTIONS,
            examples=example_names(),
            **keywords,
        )


def page() -> str:
    """The HTML of all lessons: fixed text, so that it may be a template."""
    steps = "".join(
        f'<li><button type="button" data-step="{number}"><b>{number}</b><span>{title}</span></button></li>'
        for number, title in enumerate(LESSONS.values())
    )
    screens = "".join(_screen(number, name, title) for number, (name, title) in enumerate(LESSONS.items()))
    return f'<div class="lessons"><nav aria-label="Lessons"><ol>{steps}</ol></nav>{screens}</div>'


def _screen(number: int, name: str, title: str) -> str:
    """One lesson, with the way onward at its end."""
    onward = '<button type="button" data-tab="Sample">What priors write: Sample</button>' if name in ON_PRIORS else ""
    if number + 1 < len(LESSONS):
        onward += f'<button type="button" data-step="{number + 1}">Next: {list(LESSONS.values())[number + 1]}</button>'
    return (
        f'<section class="lesson" data-lesson="{name}" aria-label="Lesson {number}: {title}" hidden>'
        f"<h2>{title}</h2>{(HERE / 'html' / f'{name}.html').read_text()}"
        f'<div class="onward">{onward}</div></section>'
    )
