"""What the canvas asks of the server, outside the queue. Each function takes one JSON value and answers one.

An answer is what was asked for, or {"busy": true} (ask again), or {"error": "a sentence for the person"}.
Nothing is kept between two questions, and no picture touches the disk.
"""

import base64
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from demo import document as documents
from demo import models
from demo.canvas import exports
from demo.canvas.tokenizing import decode, from_token_file, refined, tokenize
from demo.kit import images
from demo.workers import answered_by, pictures, strokes, writers
from vqcore.quantizers.vq import nearest_codes as nearest_vectors
from vqcore.tokenizers.base import Level
from vqcore.tokenizers.pixels import to_pixels
from vqcore.tokenizers.refinement import STEPS

EXAMPLES = Path(__file__).parent.parent / "examples"
MAX_FILE_BYTES = 32 * 2**20
MAX_WINDOW_TOKENS = 9216
"""The most tokens of one level that a stroke may send: the canvas cuts larger changes into pieces."""


@answered_by(pictures)
def open_picture(question: dict) -> dict:
    """{"data": base64 of a picture file, "name", "model"} → the picture's document, pixels and a note or none."""
    return _tokenize(_file(question["data"]), str(question["name"]), question.get("model"))


@answered_by(pictures)
def open_example(question: dict) -> dict:
    """{"name": an example's name, "model"} → as `open_picture`."""
    return _example(question["name"], models.tokenizer(question.get("model")).name)


@answered_by(pictures)
def open_document(question: dict) -> dict:
    """A document → {"document": the same, checked, "rebuilt": its pixels as a PNG data URL}."""
    return _opened(documents.from_json(question))


@answered_by(pictures)
def open_token_file(question: dict) -> dict:
    """{"data": base64 of a token file, "name"} → as `open_document`."""
    return _opened(from_token_file(base64.b64decode(question["data"]), str(question["name"])))


@answered_by(strokes)
def decode_window(question: dict) -> dict:
    """{"model", "grids": [{"shape", "data"}], "region": [top, bottom, left, right]} → {"pixels": base64 of RGB}.

    The grids are a window cut from the document, `halo` tokens wider than the region on each side where the
    picture goes on; region counts tokens of the finest grid from the window's corner. The pixels are
    rows of the region, f pixels a token, the same bits as a decode of the whole.
    """
    return _decode_part(question)


@answered_by(pictures)
def decode_whole(question: dict) -> dict:
    """As `decode_window`, where every token reaches everywhere: that takes long, and the strokes' crew has no time for it."""
    return _decode_part(question)


@answered_by(strokes)
def read_codebook(question: dict) -> dict:
    """{"model"} → {"model", "levels": of each, coarse to fine, its name, its sizes, what its codes look like and their counts in training}.

    "halo" is the level's in tokens of the finest grid, null where a token reaches everywhere; "tiles" are a PNG, 64 a row.
    """
    return _codebook(models.tokenizer(question.get("model")).name)


@answered_by(strokes)
def nearest_codes(question: dict) -> dict:
    """{"model", "level", "code", "count"} → {"codes"}: the nearest in the codebook by Euclidean distance, itself first."""
    codebook = _level(question).codebook.float()
    code = int(question["code"])
    if not 0 <= code < len(codebook):
        raise ValueError(f"This codebook has codes 0 to {len(codebook) - 1}.")
    distances = (codebook - codebook[code]).square().sum(1)
    distances[code] = -1
    count = min(int(question["count"]), len(codebook))
    return {"codes": distances.topk(count, largest=False).indices.tolist()}


@answered_by(strokes)
def codes_between(question: dict) -> dict:
    """{"model", "level", "from", "to", "steps"} → {"codes"}: the nearest to `steps` points of the line between two codes' vectors."""
    codebook = _level(question).codebook.float()
    ends, steps = [int(question["from"]), int(question["to"])], int(question["steps"])
    if not all(0 <= code < len(codebook) for code in ends):
        raise ValueError(f"Walk between two codes of 0 to {len(codebook) - 1}.")
    if not 2 <= steps <= 64:
        raise ValueError("A walk takes 2 to 64 steps.")
    start, end = codebook[ends]
    points = torch.lerp(start, end, torch.linspace(0, 1, steps)[:, None])
    return {"codes": nearest_vectors(points, codebook).tolist()}


@answered_by(pictures)
def decode_level(question: dict) -> dict:
    """{"document", "level"} → {"picture": a PNG data URL}: what a level carries, every token of the others being the code
    that training used most."""
    document = documents.from_json(question["document"])
    tokenizer = models.tokenizer(document.model)
    alone = models.place_of_level(tokenizer, question.get("level"))
    common = [models.usage(level).argmax() for level in tokenizer.levels]
    grids = tuple(grid if i == alone else np.full_like(grid, code) for i, (grid, code) in enumerate(zip(document.grids, common)))
    return {"picture": images.to_png_url(decode(replace(document, grids=grids)))}


@answered_by(writers)
def refine_tokens(question: dict) -> dict:
    """{"document", "picture": its original as base64 of a PNG, "round": from 0} → {"grids": tokens that decode to something
    nearer to it, as a document has them, "rounds": how many there are}. See vqcore.tokenizers.refinement."""
    document = documents.from_json(question["document"])
    original = _file(question["picture"])
    better = refined(document, original, int(question["round"]), writers.pass_on)
    return {"grids": documents.to_json(better)["grids"], "rounds": len(STEPS)}


@answered_by(pictures)
def export_tokens(question: dict) -> dict:
    """{"document", "kind": one of exports.KINDS} → {"name", "type", "data": base64}."""
    document = documents.from_json(question["document"])
    name, media_type, data = exports.write(document, question["kind"])
    return {"name": name, "type": media_type, "data": base64.b64encode(data).decode("ascii")}


SERVER_FUNCTIONS = [
    open_picture, open_example, open_document, open_token_file, decode_window, decode_whole, read_codebook,
    nearest_codes, codes_between, decode_level, refine_tokens, export_tokens,
]  # fmt: skip


def example_names() -> list[str]:
    return sorted(path.stem for path in EXAMPLES.glob("*.jpg"))


@lru_cache(maxsize=16)
def _example(name: str, model: str) -> dict:
    if name not in example_names():
        raise ValueError(f"There is no example called “{name}”.")
    return _tokenize((EXAMPLES / f"{name}.jpg").read_bytes(), name, model)


@lru_cache(maxsize=4)
def _codebook(model: str) -> dict:
    tokenizer = models.tokenizer(model)
    levels = [
        {
            "name": level.name,
            "size": level.codebook_size,
            "downsampling": level.downsampling,
            "halo": level.halo,
            "tiles": images.to_png_url(images.tile_sheet(models.appearance(tokenizer, i))),
            "usage": base64.b64encode(models.usage(level).astype("<u4").tobytes()).decode("ascii"),
        }
        for i, level in enumerate(tokenizer.levels)
    ]
    return {"model": model, "levels": levels}


def _level(question: dict) -> Level:
    tokenizer = models.tokenizer(question["model"])
    return tokenizer.levels[models.place_of_level(tokenizer, question.get("level"))]


def _decode_part(question: dict) -> dict:
    tokenizer = models.tokenizer(question["model"])
    tokens = []
    for grid, level in zip(question["grids"], tokenizer.levels, strict=True):
        shape = tuple(int(side) for side in grid["shape"])
        if min(shape) < 1 or shape[0] * shape[1] > MAX_WINDOW_TOKENS:
            raise ValueError(f"A stroke's window has between 1 and {MAX_WINDOW_TOKENS:,} tokens.")
        tokens.append(torch.from_numpy(documents.unpack(grid["data"], shape, level.codebook_size))[None])
    top, bottom, left, right = (int(edge) for edge in question["region"])
    rows, columns = tokens[-1].shape[1:]
    if not (0 <= top < bottom <= rows and 0 <= left < right <= columns):
        raise ValueError("A stroke's region lies inside its window.")
    region = (slice(top, bottom), slice(left, right))
    pixels = images.to_rgb(to_pixels(tokenizer.decode_region(tokens, region)))[0]
    return {"pixels": base64.b64encode(np.ascontiguousarray(pixels)).decode("ascii")}


def _file(data: str) -> bytes:
    if len(data) > MAX_FILE_BYTES * 4 // 3 + 4:
        raise ValueError(f"The file is larger than {MAX_FILE_BYTES >> 20} MB. Save it smaller and drop it again.")
    return base64.b64decode(data)


def _opened(document: documents.Document) -> dict:
    return {"document": documents.to_json(document), "rebuilt": images.to_png_url(decode(document)), "note": None}


def _tokenize(data: bytes, name: str, model: str | None) -> dict:
    tokenized = tokenize(data, name, model)
    return {
        "document": documents.to_json(tokenized.document),
        "original": images.to_png_url(tokenized.original),
        "rebuilt": images.to_png_url(decode(tokenized.document)),
        "note": tokenized.note,
    }
