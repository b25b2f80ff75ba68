"""What several benches ask of the server, outside the queue: what a codebook looks like, and what priors write.

Each server function takes one JSON value and answers one: what was asked for, or {"busy": true} (ask again), or
{"error": "a sentence for the person"}. Nothing is kept between two questions: a sample is written a few tokens a question,
each of which brings all the tokens so far. Tokens travel as demo/kit/sequences.py says.

Where a prior is asked for that takes any size, "shape" says which: rows and columns of each level's grid, coarse to fine.

How tokens are drawn, `settings` below: {"condition", "temperature", "top_k", "top_p", "guidance", "seed"}; see
vqcore.priors.base.Prior.sample. A missing one is that function's default.
"""

import math
from typing import Any

import numpy as np

from demo import document as documents
from demo import models
from demo.document import Document
from demo.kit import choices, images, writing
from demo.kit.bytes import counts_to_base64, file_from_base64, floats_to_base64
from demo.kit.memory import remembered
from demo.kit.sequences import flat, pack, unpack_grids
from demo.kit.writing import Settings
from demo.workers import answered_by, explainers, strokes, writers
from vqcore.priors.base import Prior
from vqcore.tokenizers.base import Tokenizer


@answered_by(strokes)
def read_codebook(question: dict) -> dict:
    """{"model"} → {"model", "tokens", "encoder_halo", "levels": of each, coarse to fine, its name and sizes, what its codes look like
    and their counts in training}.

    "tokens" is the tokenizer whose tokens these are: another than the model where that is a second decoder. "encoder_halo" is in tokens
    of the coarsest grid, null where the encoder looks everywhere; "halo" is the level's in tokens of the finest grid, null where a token
    reaches everywhere; "code_dim" is that of its vectors; "tiles" are a PNG, 64 a row.
    """
    return _codebook(models.tokenizer(question.get("model")))


@answered_by(writers)
def write_tokens(question: dict) -> dict:
    """{"prior", "shape", "settings", "count", "tokens", "kept", "until", "candidates"} → {"tokens", "next"}.

    Goes on with `count` sequences whose first `kept` tokens are given (one sequence for all, or as many), as far as
    `until`, excluded. The answer's tokens are the new ones, [count, until − kept]. Where `candidates` is above 0, `next`
    tells for each new token of the first sequence what it was drawn from: the fields of demo.kit.writing.Expected.
    """
    prior = asked_prior(question)
    count, kept, until = (int(question[name]) for name in ("count", "kept", "until"))
    writing.check(prior, count, kept, until)
    start = unpack_grids(question["tokens"], prior, kept)
    settings = read_settings(question["settings"])
    tokens, expected = writing.write(prior, settings, count, start, kept, until, int(question.get("candidates") or 0))
    return {"tokens": pack(tokens, prior), "next": [vars(each) for each in expected]}


@answered_by(writers)
def decode_tokens(question: dict) -> dict:
    """{"prior", "shape", "tokens", "written"} → {"pictures": PNG data URLs}: sequences whose first `written` tokens are there."""
    prior, written = asked_prior(question), int(question["written"])
    grids = unpack_grids(question["tokens"], prior, written)
    pictures = writing.decode(models.tokenizer_of(prior), prior.layout, grids, written)
    return {"pictures": [images.to_png_url(picture) for picture in pictures]}


@answered_by(writers)
def judge_tokens(question: dict) -> dict:
    """{"prior", "condition", "tokens"} → {"bits": of each token, base64 of float32 [n, length]}: whole sequences."""
    prior = models.prior(question["prior"])
    bits = writing.judge(prior, unpack_grids(question["tokens"], prior), question.get("condition"))
    return {"bits": floats_to_base64(flat(bits))}


@answered_by(explainers)
def explain_token(question: dict) -> dict:
    """{"document", "level", "row", "column", "pixels": its original as base64 of RGB, row by row, or null} → {"choices": of each
    level, coarse to fine, {"code", "z_e", "e_k", "nearest", "distances", "distance", "rank"}, "lines": [{"file", "line", "text"}]}.

    z_e and e_k are base64 of float32 [D], z_e null without an original; see vqcore.study.choice. A part of a picture, wider than
    the token by what its encoder looks at, is enough: it is a document too.
    """
    document, pixels = documents.from_json(question["document"]), question["pixels"]
    if pixels is not None:
        raw = np.frombuffer(file_from_base64(pixels), np.uint8)
        if raw.size != document.height * document.width * 3:
            raise ValueError("The pixels that were sent aren't those of this document. Open the picture again.")
        pixels = raw.reshape(document.height, document.width, 3)
    found = choices.explain(document, *_token(document, question), pixels)
    return {
        "choices": [
            vars(choice) | {name: value if value is None else floats_to_base64(value) for name, value in
                            (("z_e", choice.z_e), ("e_k", choice.e_k))}
            for choice in found.choices
        ],
        "lines": [vars(lines) for lines in found.lines],
    }


@answered_by(explainers)
def decode_choices(question: dict) -> dict:
    """{"document", "level", "row", "column", "codes"} → {"pictures": PNG data URLs}: the token and its neighbours, with each of
    the codes in its place. A part of a picture, wider than those by the levels' halos, is enough."""
    document = documents.from_json(question["document"])
    codes = [int(code) for code in question["codes"]]
    pictures = choices.decode_others(document, *_token(document, question), codes)
    return {"pictures": [images.to_png_url(picture) for picture in pictures]}


EXPLAINING = [explain_token, decode_choices]
WRITING = [write_tokens, decode_tokens, judge_tokens]


def _token(document: Document, question: dict) -> tuple[int, tuple[int, int]]:
    level = models.place_of_level(document.tokenizer, question.get("level"))
    return level, (int(question["row"]), int(question["column"]))


def asked_prior(question: dict) -> Prior:
    """The prior of a question, of the size that it asks for, if any. ValueError for a larger one than pictures here have."""
    prior = models.prior(question["prior"])
    if not question.get("shape"):
        return prior
    shapes = [(int(rows), int(columns)) for rows, columns in question["shape"]]
    rows, columns = (side * models.tokenizer_of(prior).levels[-1].downsampling for side in shapes[-1])
    if min(map(min, shapes)) < 1 or not models.fits(columns, rows):
        raise ValueError(f"The picture would have {columns} × {rows} pixels; it may have {models.MAX_PIXELS:,} of them.")
    return prior.of_size(*shapes)


def read_settings(given: dict) -> Settings:
    """How tokens are drawn, out of JSON; numbers that make no sense are refused by the prior, in words."""
    kinds = {"temperature": float, "top_k": int, "top_p": float, "guidance": float, "seed": int}
    settings = {name: kind(given[name]) for name, kind in kinds.items() if given.get(name) is not None}
    if any(not math.isfinite(value) for value in settings.values()) or not 0 <= settings.get("seed", 0) < 2**32:
        raise ValueError("The seed is a whole number from 0 to 4,294,967,295, and the others are finite.")
    return Settings(condition=given.get("condition") or None, **settings)  # one text for all, or one a sample


def about(prior: Prior) -> dict[str, Any]:
    """What the page has to know of a prior, as JSON: its tokenizer, the size of its pictures, its texts and its grids."""
    tokenizer = models.tokenizer_of(prior)
    height, width = (side * tokenizer.levels[-1].downsampling for side in prior.layout.grids[-1].shape)
    return {
        "name": prior.name,
        "model": tokenizer.name,
        "width": width,
        "height": height,
        "grids": [{"shape": list(grid.shape), "codes": grid.codebook_size} for grid in prior.layout.grids],
        "conditions": list(prior.conditions),
        "anySize": prior.any_size,
        "attends": prior.attends,
        "takesText": prior.layout.text_length > 0 and not prior.conditions,
    }


@remembered(4)
def _codebook(tokenizer: Tokenizer) -> dict[str, Any]:
    levels = [
        {
            "name": level.name,
            "size": level.codebook_size,
            "downsampling": level.downsampling,
            "halo": level.halo,
            "code_dim": level.codebook.shape[1],
            "tiles": images.to_png_url(images.tile_sheet(models.appearance(tokenizer, i))),
            "usage": counts_to_base64(models.usage(level)),
        }
        for i, level in enumerate(tokenizer.levels)
    ]
    tokens = tokenizer.tokens_of or tokenizer.name
    return {"model": tokenizer.name, "tokens": tokens, "encoder_halo": tokenizer.encoder_halo, "levels": levels}
