"""ComparisonView: one gr.HTML, its page in comparison.html, its style in comparison.css, its code in js/."""

from pathlib import Path
from typing import Any

from demo.comparison import service
from demo.kit.component import Bench

HERE = Path(__file__).parent


class ComparisonView(Bench):
    """It takes the picture from the canvas in the page, and asks the server for one comparison after the other.

    It has no value: the original's pixels go to the server to be tokenized, and stay nowhere.
    """

    def __init__(self, **settings: Any):
        super().__init__(
            HERE,
            server_functions=service.SERVER_FUNCTIONS,
            **settings,
        )
