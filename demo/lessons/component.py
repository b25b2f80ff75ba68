"""Lessons as one gr.HTML: a page for each in html/, its code in js/, and what it computes in the Python file of its name."""

from pathlib import Path
from typing import Any

from demo.kit.component import Bench
from demo.lessons import components, distribution, losses, plane, sentence, straight_through
from demo.token_canvas.service import example_names

HERE = Path(__file__).parent

LESSONS = {
    "components": "From PCA to codes",
    "plane": "Quantization in the plane",
    "losses": "Three losses and a stop-gradient",
    "straight_through": "Straight through",
    "distribution": "Learning the distribution",
    "sentence": "A picture is a sentence",
}

ON_PRIORS = ("distribution", "sentence")

SERVER_FUNCTIONS = [
    function
    for lesson in (components, plane, losses, straight_through, distribution, sentence)
    for function in lesson.SERVER_FUNCTIONS
]


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
        for number, title in enumerate(LESSONS.values(), start=1)
    )
    screens = "".join(_screen(number, name, title) for number, (name, title) in enumerate(LESSONS.items(), start=1))
    return f'<div class="lessons"><nav aria-label="Lessons"><ol>{steps}</ol></nav>{screens}</div>'


def _screen(number: int, name: str, title: str) -> str:
    """One lesson, with the way onward at its end."""
    onward = '<button type="button" data-tab="Sample">What priors write: Sample</button>' if name in ON_PRIORS else ""
    if number < len(LESSONS):
        onward += f'<button type="button" data-step="{number + 1}">Next: {list(LESSONS.values())[number]}</button>'
    return (
        f'<section class="lesson" data-lesson="{name}" aria-label="Lesson {number}: {title}" hidden>'
        f"<h2>{title}</h2>{(HERE / 'html' / f'{name}.html').read_text()}"
        f'<div class="onward">{onward}</div></section>'
    )
