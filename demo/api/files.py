"""What all endpoints have in common: files in and out, and the patience to wait for a crew of the page."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from demo.canvas import service
from demo.workers import Busy, Crew

PATIENCE = 60
"""Seconds that a caller waits for a crew that is busy with the page's visitors."""
BUSY = "The server is busy. Ask again in a moment."


def patiently(crew: Crew, work: Callable, *args) -> Any:
    """What a crew makes of the work, once it has a seat free."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return crew.run(work, *args)
        except Busy:
            if time.monotonic() > until:
                raise ValueError(BUSY) from None
            time.sleep(0.1)


def answer_of(function: Callable, **question: Any) -> dict:
    """What one of the page's own server functions answers."""
    until = time.monotonic() + PATIENCE
    while (answer := function(question)).get("busy") and time.monotonic() < until:
        time.sleep(0.1)
    if "error" in answer or answer.get("busy"):
        raise ValueError(answer.get("error", BUSY))
    return answer


def place_of(file: Any) -> Path:
    """Where an uploaded file is. Only what Gradio itself has put there and marked: any other path is the caller's invention."""
    try:
        path = Path(FileData.model_validate(file, context={"validate_meta": True}).path)
        path.stat()
    except (ValueError, OSError):
        raise ValueError("Send a file as gradio_client's handle_file makes it, from a path or an address.") from None
    return path


def read_file(file: Any) -> bytes:
    """An uploaded file's bytes."""
    path = place_of(file)
    if path.stat().st_size > service.MAX_FILE_BYTES:
        raise ValueError(f"The file is larger than {service.MAX_FILE_BYTES >> 20} MB. Send a smaller one.")
    return path.read_bytes()


def to_file(data: bytes, name: str, media_type: str) -> FileData:
    path = save_bytes_to_cache(data, name, get_upload_folder())
    return FileData(path=path, orig_name=name, mime_type=media_type, size=len(data))


def to_png(url: str) -> FileData:
    """A PNG data URL of the page, as a file."""
    return to_file(base64.b64decode(url.partition(",")[2]), "picture.png", "image/png")
