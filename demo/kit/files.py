"""The callers' door, as every bench has it: files in and out, and the patience to wait for a crew of the page."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gradio.data_classes import FileData
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from demo.kit.bytes import MAX_FILE_BYTES
from demo.kit.images import to_png
from demo.visitors import Left, asking
from demo.workers import Busy, Crew

PATIENCE = 60
"""Seconds that a caller waits for a crew that is busy with the page's visitors."""
BUSY = "The server is busy. Ask again in a moment."


def patiently(crew: Crew, work: Callable, *args: Any) -> Any:
    """What a crew makes of the work, once it has a seat free."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return crew.run(work, *args)
        except Busy:
            if asking().has_left:
                raise Left from None
            if time.monotonic() > until:
                raise ValueError(BUSY) from None
            time.sleep(0.1)


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
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"The file is larger than {MAX_FILE_BYTES >> 20} MB. Send a smaller one.")
    return path.read_bytes()


def to_file(data: bytes, name: str, media_type: str) -> FileData:
    path = save_bytes_to_cache(data, name, get_upload_folder())
    return FileData(path=path, orig_name=name, mime_type=media_type, size=len(data))


def to_picture(pixels: np.ndarray) -> FileData:
    """uint8 [H, W, 3] as a PNG file."""
    return to_file(to_png(pixels), "picture.png", "image/png")
