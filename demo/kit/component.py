"""Bench: a part of the page as one gr.HTML, read from its own folder."""

from pathlib import Path
from typing import Any

import gradio as gr

from demo.kit import modules

START = "start({ element, trigger, props, server, upload, watch });"
"""The last line of a bench's script: what Gradio hands to `js_on_load`, handed on to the bench's main.js."""


class Bench(gr.HTML):
    """What looks and acts like NAME.html, the .css files and js/main.js of the folder NAME, with all that main.js imports.

    HTML and CSS are fixed text: Gradio evaluates them as templates, so nothing that came from a person may be in
    them. It reaches the page as a setting, `props` in JavaScript, or as an answer of one of the `server_functions`.
    """

    def __init__(self, folder: Path, html: str | None = None, **settings: Any):
        """html: instead of the folder's own, for a page that is put together."""
        super().__init__(
            html_template=(folder / f"{folder.name}.html").read_text("utf-8") if html is None else html,
            css_template="".join(file.read_text("utf-8") for file in sorted(folder.glob("*.css"))),
            js_on_load=modules.join(folder / "js" / "main.js", START, modules.KIT),
            apply_default_css=False,
            **settings,
        )

    def api_info(self) -> dict[str, Any]:
        """Of a bench that holds no value."""
        return {"type": "string", "description": "unused"}
