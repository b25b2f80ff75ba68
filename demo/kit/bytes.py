"""Bytes as base64, which is how they travel in JSON: as js/bytes.js."""

import base64

import numpy as np
from torch import Tensor

MAX_FILE_BYTES = 32 * 2**20


def to_base64(data: bytes | memoryview) -> str:
    return base64.b64encode(data).decode("ascii")


def floats_to_base64(values: Tensor) -> str:
    """As little-endian float32, row by row."""
    return to_base64(values.numpy().astype("<f4").tobytes())


def counts_to_base64(values: np.ndarray) -> str:
    """As little-endian uint32."""
    return to_base64(values.astype("<u4").tobytes())


def file_from_base64(data: str) -> bytes:
    """A file that a person has opened in the page. ValueError where it is too large, before it is decoded."""
    if len(data) > MAX_FILE_BYTES * 4 // 3 + 4:
        raise ValueError(f"The file is larger than {MAX_FILE_BYTES >> 20} MB. Save it smaller and drop it again.")
    return base64.b64decode(data)
