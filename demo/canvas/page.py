"""What the canvas asks of the server, outside the queue, beside what demo/kit/page.py answers, and in the same way: one
JSON value in and one out. A document travels as demo/document.py says. No picture touches the disk."""

import numpy as np
import torch

from demo import document as documents
from demo import models
from demo.canvas import exports, rewriting, work
from demo.document import Document
from demo.kit import images
from demo.kit.bytes import file_from_base64, floats_to_base64, to_base64
from demo.kit.memory import remembered
from demo.kit.page import EXPLAINING, asked_prior, decode_tokens, read_codebook, read_settings, write_tokens
from demo.kit.sequences import pack_grids, unpack, unpack_grids
from demo.workers import answered_by, pictures, strokes, writers
from vqcore.tokenizers.base import Level, Tokenizer

MAX_WINDOW_TOKENS = 9216
"""The most tokens of one level that a stroke may send: the canvas cuts larger changes into pieces."""


@answered_by(pictures)
def open_picture(question: dict) -> dict:
    """{"data": base64 of a picture file, "name", "model"} → the picture's document, pixels and a note or none."""
    data, tokenizer = file_from_base64(question["data"]), models.tokenizer(question.get("model"))
    tokenized = work.tokenize(data, str(question["name"]), tokenizer)
    return _to_json(tokenized, work.decode(tokenized.document))


@answered_by(pictures)
def open_example(question: dict) -> dict:
    """{"name": an example's name, "model"} → as `open_picture`."""
    return _example(models.tokenizer(question.get("model")), question["name"])


@answered_by(pictures)
def open_document(question: dict) -> dict:
    """A document → {"document": the same, checked, "rebuilt": its pixels as a PNG data URL}."""
    return _opened(documents.from_json(question))


@answered_by(pictures)
def open_token_file(question: dict) -> dict:
    """{"data": base64 of a token file, "name"} → as `open_document`."""
    return _opened(work.from_token_file(file_from_base64(question["data"]), str(question["name"])))


@answered_by(strokes)
def decode_window(question: dict) -> dict:
    """{"model", "grids": [{"shape", "data"}], "region": [top, bottom, left, right]} → {"pixels": base64 of RGB}.

    The grids are a window cut from the document, `halo` tokens wider than the region on each side where the
    picture goes on; region counts tokens of the finest grid from the window's corner. The pixels are
    rows of the region, f pixels a token, the same bits as a decode of the whole.
    """
    tokenizer = models.tokenizer(question["model"])
    if tokenizer.halo is None:
        raise ValueError(f"Every token of {tokenizer.name} reaches everywhere: a stroke decodes the whole picture. Reload the page.")
    return _decode_part(tokenizer, question)


@answered_by(pictures)
def decode_whole(question: dict) -> dict:
    """As `decode_window`, where every token reaches everywhere: that takes long, and the strokes' crew has no time for it."""
    return _decode_part(models.tokenizer(question["model"]), question)


@answered_by(strokes)
def nearest_codes(question: dict) -> dict:
    """{"model", "level", "code", "count"} → {"codes"}: the nearest in the codebook by Euclidean distance, itself first."""
    codes, _ = work.nearest_codes(_level(question), int(question["code"]), int(question["count"]))
    return {"codes": codes}


@answered_by(strokes)
def codes_between(question: dict) -> dict:
    """{"model", "level", "from", "to", "steps"} → {"codes"}: the nearest to `steps` points of the line between two codes' vectors."""
    first, last, steps = (int(question[name]) for name in ("from", "to", "steps"))
    return {"codes": work.codes_between(_level(question), first, last, steps)}


@answered_by(pictures)
def decode_level(question: dict) -> dict:
    """{"document", "level"} → {"picture": a PNG data URL}: what a level carries, every token of the others being the code
    that training used most."""
    document = documents.from_json(question["document"])
    alone = models.place_of_level(document.tokenizer, question.get("level"))
    return {"picture": images.to_png_url(work.decode_level(document, alone))}


@answered_by(writers)
def refine_tokens(question: dict) -> dict:
    """{"document", "picture": its original as base64 of a PNG, "round": from 0} → {"grids": tokens that decode to something
    nearer to it, as a document has them, "rounds": how many there are}. See vqcore.tokenizers.refinement."""
    document, original = documents.from_json(question["document"]), file_from_base64(question["picture"])
    better = work.refined(document, original, int(question["round"]))
    return {"grids": documents.to_json(better)["grids"], "rounds": work.ROUNDS}


@answered_by(pictures)
def export_tokens(question: dict) -> dict:
    """{"document", "kind": one of exports.KINDS} → {"name", "type", "data": base64}."""
    name, media_type, data = exports.write(documents.from_json(question["document"]), question["kind"])
    return {"name": name, "type": media_type, "data": to_base64(data)}


@answered_by(writers)
def judge_band(question: dict) -> dict:
    """{"prior", "shape", "condition", "tokens": of a band, coarse level first, "columns": of its coarsest level} → {"bits": base64 of
    float32 in the order of the tokens}: see rewriting.judge_band."""
    prior = asked_prior(question)
    shapes = rewriting.band_shapes(prior, int(question["columns"]))
    sizes = [rows * columns for rows, columns in shapes]
    parts = unpack(question["tokens"], sum(sizes), prior)[0].split(sizes)
    band = [part.view(*shape) for part, shape in zip(parts, shapes)]
    bits = rewriting.judge_band(prior, band, question.get("condition"))
    return {"bits": floats_to_base64(torch.cat([level.flatten() for level in bits]))}


@answered_by(writers)
def rewrite_tokens(question: dict) -> dict:
    """{"prior", "shape", "settings", "tokens", "mask", "region"} → {"tokens", "picture": a PNG data URL}.

    One sequence, and a list of the places in it that are written anew given all the others: see Prior.complete. The picture is of
    the region, [top, bottom, left, right] in tokens of the finest grid.
    """
    prior = asked_prior(question)
    length, grids = prior.layout.length, [grid[:1] for grid in unpack_grids(question["tokens"], prior)]
    places = [int(place) for place in question["mask"]]
    if not places or not all(0 <= place < length for place in places):
        raise ValueError(f"Choose at least one of the {length} tokens to write anew.")
    mask = torch.zeros(1, length, dtype=torch.bool)
    mask[0, places] = True
    top, bottom, left, right = (int(edge) for edge in question["region"])
    written = rewriting.rewrite(prior, grids, prior.layout.cut(mask), read_settings(question["settings"]))
    pixels = work.decode_window(models.tokenizer_of(prior), written, (slice(top, bottom), slice(left, right)))
    return {"tokens": pack_grids(written, prior), "picture": images.to_png_url(pixels)}


@answered_by(writers)
def extend_tokens(question: dict) -> dict:
    """{"prior", "shape", "settings", "tokens", "edge", "by"} → {"tokens"}: of the grid with `by` new rows at its "top" or "bottom", or
    columns at the "left" or "right"."""
    prior = asked_prior(question)
    grids = [grid[:1] for grid in unpack_grids(question["tokens"], prior)]
    extended = rewriting.extend(prior, grids, question["edge"], int(question["by"]), read_settings(question["settings"]))
    return {"tokens": pack_grids(extended, prior)}


SERVER_FUNCTIONS = [
    open_picture, open_example, open_document, open_token_file, decode_window, decode_whole, read_codebook, nearest_codes,
    codes_between, decode_level, refine_tokens, export_tokens, judge_band, rewrite_tokens, extend_tokens, write_tokens,
    decode_tokens, *EXPLAINING,
]


@remembered(4)
def tokenized_example(tokenizer: Tokenizer, name: str) -> tuple[work.Tokenized, np.ndarray]:
    """An example and its reconstruction."""
    tokenized = work.tokenize(work.read_example(name), name, tokenizer)
    return tokenized, work.decode(tokenized.document)


@remembered(16)
def _example(tokenizer: Tokenizer, name: str) -> dict:
    return _to_json(*tokenized_example(tokenizer, name))


def _level(question: dict) -> Level:
    tokenizer = models.tokenizer(question["model"])
    return tokenizer.levels[models.place_of_level(tokenizer, question.get("level"))]


def _decode_part(tokenizer: Tokenizer, question: dict) -> dict:
    tokens = []
    for grid, level in zip(question["grids"], tokenizer.levels, strict=True):
        shape = tuple(int(side) for side in grid["shape"])
        if min(shape) < 1 or shape[0] * shape[1] > MAX_WINDOW_TOKENS:
            raise ValueError(f"A stroke's window has between 1 and {MAX_WINDOW_TOKENS:,} tokens.")
        models.check_side(tokenizer, (max(shape) - 1) * level.downsampling + 1)
        tokens.append(torch.from_numpy(documents.unpack(grid["data"], (shape[0], shape[1]), level.codebook_size))[None])
    top, bottom, left, right = (int(edge) for edge in question["region"])
    pixels = work.decode_window(tokenizer, tokens, (slice(top, bottom), slice(left, right)))
    return {"pixels": to_base64(np.ascontiguousarray(pixels).data)}


def _opened(document: Document) -> dict:
    return {"document": documents.to_json(document), "rebuilt": images.to_png_url(work.decode(document)), "note": None}


def _to_json(tokenized: work.Tokenized, rebuilt: np.ndarray) -> dict:
    return {
        "document": documents.to_json(tokenized.document),
        "original": images.to_png_url(tokenized.original),
        "rebuilt": images.to_png_url(rebuilt),
        "note": tokenized.note,
    }
