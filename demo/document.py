"""The document: a picture as token grids, and the one form in which the page, the tabs and the files share it.

    {"version": 1, "model": "photos", "name": "cat", "id": "k3v9", "width": 451, "height": 300,
     "grids": [{"shape": [38, 57], "data": "…"}],
     "original": {"id": "9f2c…", "bytes": 45821, "width": 451, "height": 300} or null}

`grids` go coarse to fine; `data` is base64 of little-endian uint16, uint32 where the codebook has more
than 65,536 codes. `width` and `height` are the picture's pixels: the grid covers them rounded up to whole
tokens. `original` refers to the uploaded file (a digest of its bytes, their number, its size in pixels);
the file itself stays in the browser. `model` is its tokenizer's name; in Python a document holds that tokenizer itself,
which is looked up once, when the document is read. `id` tells a picture from its neighbours in the filmstrip;
one that an event gives without an id is new there.

The canvas holds a workspace: {"documents": [document, …], "active": 0, "level": 0, "fidelity": [{"psnr", "ssim"} or null,
…]}. `level` is the grid of the active document that is shown and edited, 0 the coarsest; one entry of `fidelity` a
document, measured by the browser, which alone has the original pixels.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from demo import models
from vqcore.metrics import fixed_bits
from vqcore.tokenizers.base import Level, Tokenizer

VERSION = 1
LONGEST_NAME = 120  # letters
MAX_DOCUMENTS = 12


@dataclass(frozen=True)
class Original:
    """A reference to the file that a picture came from."""

    id: str
    bytes: int
    width: int
    height: int


@dataclass(frozen=True)
class Fidelity:
    """How near the reconstruction is to the original: PSNR in dB (None where they are equal) and SSIM."""

    psnr: float | None
    ssim: float


@dataclass(frozen=True)
class Document:
    """One picture: `grids` are int64 [h, w] of each of the tokenizer's levels; `width` and `height` are pixels."""

    tokenizer: Tokenizer
    width: int
    height: int
    grids: tuple[np.ndarray, ...]
    name: str = "untitled"
    id: str = ""
    original: Original | None = None

    @property
    def tokens(self) -> int:
        return sum(grid.size for grid in self.grids)

    @property
    def bits(self) -> float:
        """What the grids cost when each token takes log2 K bits."""
        return fixed_bits(self.grids, [level.codebook_size for level in self.tokenizer.levels])

    @property
    def bits_per_pixel(self) -> float:
        return self.bits / (self.width * self.height)

    @property
    def usage(self) -> list[np.ndarray]:
        """How often each code occurs: int64 [K] a level."""
        levels = self.tokenizer.levels
        return [np.bincount(grid.ravel(), minlength=level.codebook_size) for grid, level in zip(self.grids, levels, strict=True)]

    @property
    def tensors(self) -> list[Tensor]:
        """The grids as tokenizers and priors take them, int64 [1, h, w]."""
        return [torch.from_numpy(grid)[None] for grid in self.grids]

    def with_tokens(self, tokens: Sequence[Tensor]) -> Document:
        """The same picture with other tokens, int64 [1, h, w] a level."""
        return replace(self, grids=tuple(grid[0].numpy() for grid in tokens))


@dataclass(frozen=True)
class Workspace:
    """What the canvas holds: up to twelve documents, which of them is on the stage, and which level of it is at hand."""

    documents: tuple[Document, ...]
    active: int
    fidelity: tuple[Fidelity | None, ...]
    level: int = 0


def to_json(document: Document) -> dict[str, Any]:
    """The document as the JSON described at the top of this file."""
    return {
        "version": VERSION,
        "model": document.tokenizer.name,
        "name": _sendable(document.name),
        "id": _sendable(document.id),
        "width": document.width,
        "height": document.height,
        "grids": [
            {"shape": list(grid.shape), "data": pack(grid, level.codebook_size)}
            for grid, level in zip(document.grids, document.tokenizer.levels, strict=True)
        ],
        "original": asdict(document.original) | {"id": _sendable(document.original.id)} if document.original else None,
    }


def _sendable(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can say and UTF-8 can't."""
    return text.encode("utf-8", "replace").decode()


def from_json(data: Any) -> Document:
    """Read and check a document. ValueError says what is wrong with it and what to do."""
    if not isinstance(data, dict) or "grids" not in data:
        raise ValueError("This isn't a token document. Save one from this page and open that.")
    if data.get("version") != VERSION:
        raise ValueError(
            f"This document has version {repr(data.get('version'))[:40]} and this page reads version {VERSION}. "
            "Save it again from the page that made it, or update this one."
        )
    width, height = (_whole(data, side, models.MAX_SIDE) for side in ("width", "height"))
    if not models.fits(width, height):
        raise ValueError(f"The document's picture is {width} × {height} pixels; it may have {models.MAX_PIXELS:,} of them.")
    tokenizer = models.tokenizer(str(data.get("model")))
    models.check_side(tokenizer, max(width, height))
    levels, grids = tokenizer.levels, data["grids"]
    if not isinstance(grids, list) or len(grids) != len(levels):
        raise ValueError(f"Model {tokenizer.name} has {len(levels)} level(s) of tokens, and the document doesn't.")
    shapes = grid_shapes(levels, width, height)
    return Document(
        tokenizer=tokenizer,
        width=width,
        height=height,
        grids=tuple(
            _grid(grid, shape, level.codebook_size) for grid, shape, level in zip(grids, shapes, levels, strict=True)
        ),
        name=str(data.get("name") or "untitled")[:LONGEST_NAME],
        id=str(data.get("id") or "")[:40],
        original=_original(data.get("original")),
    )


def workspace_from_json(data: Any) -> Workspace:
    """Read and check what the canvas holds. An empty canvas (None) is a workspace without documents."""
    if data is None:
        return Workspace((), 0, ())
    documents = tuple(from_json(document) for document in data["documents"][:MAX_DOCUMENTS])
    fidelity = tuple(Fidelity(**entry) if entry else None for entry in data["fidelity"])
    active, level = int(data["active"]), int(data.get("level", 0))
    fits = len(fidelity) == len(documents) and 0 <= active < max(1, len(documents))
    if not fits or (documents and not 0 <= level < len(documents[active].grids)):
        raise ValueError("The canvas sent a workspace that doesn't fit together. Reload the page.")
    return Workspace(documents, active, fidelity, level)


def workspace_to_json(workspace: Workspace) -> dict[str, Any]:
    return {
        "documents": [to_json(document) for document in workspace.documents],
        "active": workspace.active,
        "level": workspace.level,
        "fidelity": [asdict(entry) if entry else None for entry in workspace.fidelity],
    }


def grid_shapes(levels: Sequence[Level], width: int, height: int) -> list[tuple[int, int]]:
    """(rows, columns) of each level's grid for a picture of width × height pixels: whole tokens of the coarsest."""
    coarsest = levels[0].downsampling
    rows, columns = -(-height // coarsest), -(-width // coarsest)
    return [(rows * coarsest // level.downsampling, columns * coarsest // level.downsampling) for level in levels]


def token_type(codebook_size: int) -> np.dtype:
    """How one token is stored: little-endian, two bytes where they hold every index."""
    return np.dtype("<u2" if codebook_size <= 1 << 16 else "<u4")


def pack(grid: np.ndarray, codebook_size: int) -> str:
    """A grid's tokens, row by row, as base64."""
    return base64.b64encode(grid.astype(token_type(codebook_size)).tobytes()).decode("ascii")


def unpack(data: Any, shape: tuple[int, int], codebook_size: int) -> np.ndarray:
    """The int64 grid of `shape` that `pack` wrote. ValueError on a wrong length or an index outside the codebook."""
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ValueError("The tokens in this document are damaged (not base64). Save it again and open that.") from None
    kind = token_type(codebook_size)
    expected = shape[0] * shape[1] * kind.itemsize
    if len(raw) != expected:
        raise ValueError(
            f"The document is cut short or doesn't fit its picture: {shape[0]}×{shape[1]} tokens take {expected} bytes "
            f"and it has {len(raw)}. Save it again and open that."
        )
    grid = np.frombuffer(raw, kind).astype(np.int64).reshape(shape)
    if grid.size and grid.max() >= codebook_size:
        row, column = np.unravel_index(grid.argmax(), shape)
        raise ValueError(
            f"Token {grid.max()} at row {row}, column {column} is out of range: this codebook has codes 0 to "
            f"{codebook_size - 1}. Open the document with the model that wrote it."
        )
    return grid


def _grid(data: Any, shape: tuple[int, int], codebook_size: int) -> np.ndarray:
    if not isinstance(data, dict) or data.get("shape") != list(shape):
        found = data.get("shape") if isinstance(data, dict) else None
        raise ValueError(f"A picture of this size has {shape[0]}×{shape[1]} tokens; the document says {repr(found)[:40]}.")
    return unpack(data.get("data"), shape, codebook_size)


def _whole(data: dict, key: str, limit: int) -> int:
    value = data.get(key)
    if type(value) is not int or not 1 <= value <= limit:
        raise ValueError(f"The document's {key} is {repr(value)[:40]}; it must be a whole number of pixels from 1 to {limit}.")
    return value


def _original(data: Any) -> Original | None:
    if data is None:
        return None
    try:
        numbers = [int(data[name]) for name in ("bytes", "width", "height")]
        if not all(0 <= number < 2**53 for number in numbers):  # which JavaScript holds
            raise ValueError
        return Original(str(data["id"])[:64], *numbers)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError("The document's reference to its original is damaged. Save it again and open that.") from None
