"""What the endpoints of the other benches have in common, beside demo/kit/files.py: the page's own answers."""

import base64
import time
from collections.abc import Callable
from typing import Any

from gradio.data_classes import FileData

from demo.kit.files import BUSY, PATIENCE, patiently, place_of, read_file, to_file

__all__ = ["BUSY", "PATIENCE", "answer_of", "patiently", "place_of", "read_file", "to_file", "to_png"]


def answer_of(function: Callable, **question: Any) -> dict:
    """What one of the page's own server functions answers."""
    until = time.monotonic() + PATIENCE
    while (answer := function(question)).get("busy") and time.monotonic() < until:
        time.sleep(0.1)
    if "error" in answer or answer.get("busy"):
        raise ValueError(answer.get("error", BUSY))
    return answer


def to_png(url: str) -> FileData:
    """A PNG data URL of the page, as a file."""
    return to_file(base64.b64decode(url.partition(",")[2]), "picture.png", "image/png")
