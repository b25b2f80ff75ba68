"""SoundBench: the whole of the Sound tab as one gr.HTML, its page in sound.html, its style in sound.css, its code in js/."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.sound import service

HERE = Path(__file__).parent
CANVAS = HERE.parent / "token_canvas"

# In the order that the data flows; together they are the body of one function.
SCRIPTS = [
    *(CANVAS / "js" / f"{name}.js" for name in ("bytes", "server")),
    *(HERE / "js" / f"{name}.js" for name in ("clip", "recorder", "spectrum", "player", "timeline", "main")),
]


class SoundBench(gr.HTML):
    """It has no value: a clip's samples go to the server to be encoded, and stay nowhere."""

    def __init__(self, **settings: Any):
        super().__init__(
            html_template=(HERE / "sound.html").read_text(),
            css_template=(HERE / "sound.css").read_text(),
            js_on_load="\n".join(path.read_text() for path in SCRIPTS),
            apply_default_css=False,
            server_functions=service.SERVER_FUNCTIONS,
            about=service.about(),
            **settings,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "string", "description": "unused"}
