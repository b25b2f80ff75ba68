"""Trainer: the Train tab as one gr.HTML, its page in training.html, its style in training.css, its code in js/."""

from pathlib import Path
from typing import Any

from demo.kit.component import Bench
from demo.training import recipes, service

HERE = Path(__file__).parent

# In the order that the data flows; together they are the body of one function.


class Trainer(Bench):
    """A form, and what became of it. It holds no value: the page keeps its run's id, and asks."""

    def __init__(self, **settings: Any):
        super().__init__(
            HERE,
            padding=False,
            server_functions=service.SERVER_FUNCTIONS,
            allowed=service.ALLOWED,
            sets=[{"name": name, "title": title} for name, (title, _) in recipes.bundled().items()],
            most_minutes=recipes.MOST_MINUTES,
            **settings,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "string", "description": "unused"}
