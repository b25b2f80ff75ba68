"""SoundBench: the whole of the Sound tab as one gr.HTML, its page in sound.html, its style in sound.css, its code in js/."""

from pathlib import Path
from typing import Any

from demo.kit.component import Bench
from demo.sound import service

HERE = Path(__file__).parent


class SoundBench(Bench):
    """It has no value: a clip's samples go to the server to be encoded, and stay nowhere."""

    def __init__(self, **settings: Any):
        super().__init__(
            HERE,
            server_functions=service.SERVER_FUNCTIONS,
            about=service.about(),
            **settings,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "string", "description": "unused"}
