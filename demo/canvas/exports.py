"""A document as a token file, and its grid and usage as files that numpy and a spreadsheet open."""

import io
import re
from typing import Any

import numpy as np

from demo.canvas.work import to_token_file
from demo.document import Document
from vqcore.files import shown

KINDS = ("vqt", "npz", "grid.csv", "usage.csv")


def write(document: Document, kind: str) -> tuple[str, str, bytes]:
    """(file name, media type, bytes) of one kind of export. ValueError for a kind that isn't in KINDS."""
    if kind == "vqt":
        media_type, data = "application/octet-stream", to_token_file(document)
    elif kind == "npz":
        media_type, data = "application/octet-stream", _npz(document)
    elif kind == "grid.csv":
        media_type, data = "text/csv", _grid_csv(document)
    elif kind == "usage.csv":
        media_type, data = "text/csv", _usage_csv(document)
    else:
        raise ValueError(f"There is no export “{shown(kind)}”. There are: {', '.join(KINDS)}.")
    stem = re.sub(r"[^\w-]+", "-", document.name).strip("-") or "tokens"
    return f"{stem}.{kind}", media_type, data


def _npz(document: Document) -> bytes:
    out = io.BytesIO()
    arrays: dict[str, Any] = {f"grid_{i}": grid for i, grid in enumerate(document.grids)}
    arrays |= {f"usage_{i}": counts for i, counts in enumerate(document.usage)}
    np.savez_compressed(out, model=document.tokenizer.name, width=document.width, height=document.height, **arrays)
    return out.getvalue()


def _grid_csv(document: Document) -> bytes:
    lines = ["level,row,column,code"]
    for level, grid in enumerate(document.grids):
        lines += [f"{level},{row},{column},{code}" for (row, column), code in np.ndenumerate(grid)]
    return ("\n".join(lines) + "\n").encode("ascii")


def _usage_csv(document: Document) -> bytes:
    lines = ["level,code,count,training_count"]
    for level, counts in enumerate(document.usage):
        trained = document.tokenizer.levels[level].usage
        lines += [
            f"{level},{code},{count},{'' if trained is None else int(trained[code])}" for code, count in enumerate(counts)
        ]
    return ("\n".join(lines) + "\n").encode("ascii")
