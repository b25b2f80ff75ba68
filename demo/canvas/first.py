"""The first screen, before any of Gradio's scripts has come: the page's HTML begins with the canvas as it opens, its first
picture, that one's codes and what they decode to.

It is drawn by js/first.js over the place where the canvas will be, and goes when the canvas has its own picture. It is
what the canvas itself is made of: the same HTML, CSS and modules. The pixels are lossy here, and exact in the canvas.
"""

import io
import json

import numpy as np
from PIL import Image
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo import models
from demo.canvas import page, work
from demo.canvas.view import HERE
from demo.document import pack
from demo.kit import modules
from demo.kit.bytes import to_base64

STYLE = HERE.parent / "style.css"
FRAME = """
:host {
  display: block; position: absolute; inset: 0 0 auto; z-index: 100; min-height: 100vh; box-sizing: border-box;
  padding: 10px 14px; background: var(--wb-page);
  --font: Inter, "Helvetica Neue", ui-sans-serif, system-ui, sans-serif;
  --font-mono: "JetBrains Mono", ui-monospace, "SFMono-Regular", Menlo, monospace;
}
.bench { max-width: 1480px; margin: 0 auto; box-sizing: border-box; }
"""


def head() -> str:
    """The script, with all that it needs inside."""
    tokenizer, name = models.tokenizer(), work.first_example()
    tokenized, rebuilt = page.tokenized_example(tokenizer, name)
    document = tokenized.document
    grid, level = document.grids[-1], tokenizer.levels[-1]
    colours, _, _ = STYLE.read_text("utf-8").partition("@keyframes")
    styles = "".join(file.read_text("utf-8") for file in sorted(HERE.glob("*.css")))
    first = {
        "html": (HERE / "canvas.html").read_text("utf-8"),
        "css": colours.replace(":root", ":host").replace(".dark", ":host(.dark)") + FRAME + styles,
        "model": tokenizer.name,
        "width": document.width,
        "height": document.height,
        "shape": list(grid.shape),
        "size": level.codebook_size,
        "f": level.downsampling,
        "tokens": pack(grid, level.codebook_size),
        "original": _to_webp_url(tokenized.original),
        "rebuilt": _to_webp_url(rebuilt),
    }
    script = modules.join(HERE / "js" / "first.js", f"paint({json.dumps(first)});").replace("</", "<\\/")
    return f"<style>html {{ overflow-y: scroll }}</style><script>{script}</script>"


class FirstPaint:
    """ASGI middleware that puts `head` in front of what else is in the page's head, so that nothing has to be waited for."""

    def __init__(self, app: ASGIApp, head: str):
        self.app, self.head = app, head.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].removeprefix(scope.get("root_path", "")) not in ("", "/"):
            return await self.app(scope, receive, send)
        start: list[Message] = []
        body = bytearray()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                return start.append(message)
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            whole = bytes(body).replace(b"<head>", b"<head>" + self.head, 1)
            headers = [(name, value) for name, value in start[0]["headers"] if name.lower() != b"content-length"]
            await send({**start[0], "headers": [*headers, (b"content-length", str(len(whole)).encode())]})
            await send({"type": "http.response.body", "body": whole})

        await self.app(scope, receive, answer)


def _to_webp_url(pixels: np.ndarray) -> str:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "WEBP", quality=85)
    return f"data:image/webp;base64,{to_base64(out.getvalue())}"
