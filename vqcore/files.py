"""Config and tensors on the disk: the only formats that are read are JSON and safetensors, so that no file can run code.

Files are replaced whole, so that neither a reader nor a crash ever meets half of one.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

CONFIG, WEIGHTS = "config.json", "model.safetensors"
SHEET_QUALITY = 85  # of sheets of pictures that are only looked at


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file; ValueError for anything else, a pickle of any name included."""
    if not path.is_file():
        raise ValueError(f"{path} is missing. Copy the checkpoint again; weights are only read from safetensors files.")
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(
            f"{path} is not a whole safetensors file ({error}). It may be truncated, or of another format: "
            "pickles (.ckpt, .pt, .bin) are refused, because they can run code. Copy or convert it again."
        ) from None


def write_tensors(path: Path, tensors: Mapping[str, Tensor], about: dict[str, str] | None = None) -> None:
    _write(path, save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, about))


def write_json(path: Path, value: Any) -> None:
    _write(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """uint8 [H, W, 3] as the file's name says: .png exactly, of one channel where all are the same, .webp a tenth of its size."""
    if (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    buffer = io.BytesIO()
    how = {".png": {"optimize": True}, ".webp": {"quality": SHEET_QUALITY, "method": 6}}[path.suffix]
    Image.fromarray(pixels).save(buffer, path.suffix[1:], **how)
    _write(path, buffer.getvalue())


def _write(path: Path, data: bytes) -> None:
    """Write beside the file, force it to the disk, and put it in the file's place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
