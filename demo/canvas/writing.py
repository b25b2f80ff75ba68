"""What the page asks of a prior: to write tokens, to judge them, to write some anew.

As in service.py, one JSON value in and one out, and nothing is kept between two questions: a sample is written a few
tokens a question, each of which brings all the tokens so far. Tokens travel as sequences, coarse level first, each
level row by row: base64 of little-endian integers as wide as `documents.token_type` says for the largest codebook.

How tokens are drawn, `settings` below: {"condition", "temperature", "top_k", "top_p", "guidance", "seed"}; see
vqcore.priors.base.Prior.sample. A missing one is that function's default.
"""

import base64
import math

import numpy as np
import torch
from torch import Tensor

from demo import models
from demo.document import token_type
from demo.kit import images
from demo.workers import answered_by, writers
from vqcore.priors.base import Prior, Written
from vqcore.tokenizers.pixels import to_pixels

MOST_SAMPLES = 16
MOST_TOKENS_A_QUESTION = 64
MOST_CANDIDATES = 64
"""Of the next-token distribution, the likeliest that are told."""
PARTICLES = 32
WINDOWS_AT_ONCE = 4
DECODED_AT_ONCE = 4


@answered_by(writers)
def write_tokens(question: dict) -> dict:
    """{"prior", "settings", "count", "tokens", "kept", "until", "candidates"} → {"tokens", "next"}.

    Goes on with `count` sequences whose first `kept` tokens are given (one sequence for all, or as many), as far as
    `until`, excluded. The answer's tokens are the new ones, [count, until − kept]. Where `candidates` is above 0, `next`
    tells for each new token of the first sequence what it was drawn from: {"codes", "probabilities", the likeliest
    first, "probability": of the token drawn, "possible": how many have one above 0, "bits": the entropy}.
    """
    prior = models.prior(question["prior"])
    length = prior.layout.length
    count, kept, until = (int(question[name]) for name in ("count", "kept", "until"))
    candidates = min(int(question.get("candidates") or 0), MOST_CANDIDATES)
    if not 1 <= count <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} samples are written at a time.")
    if not 0 <= kept < until <= length or until - kept > MOST_TOKENS_A_QUESTION:
        raise ValueError(f"At most {MOST_TOKENS_A_QUESTION} of {length} tokens are written a question.")
    start = unpacked(question["tokens"], kept, prior) if kept else torch.empty(1, 0, dtype=torch.int64)
    whole = torch.zeros(len(start), length, dtype=torch.int64)
    whole[:, :kept] = start
    written, told = [], []

    def hear(token: Written) -> bool:
        writers.pass_on()
        written.append(token.tokens)
        if candidates:
            told.append(_distribution(token, candidates))
        return token.index + 1 == until

    grids = prior.layout.cut(whole)
    prior.sample(count, start=grids, kept=kept, on_token=hear, **_settings(question["settings"]))
    return {"tokens": packed(torch.stack(written, 1), prior), "next": told}


@answered_by(writers)
def decode_tokens(question: dict) -> dict:
    """{"prior", "tokens", "written"} → {"pictures": PNG data URLs}: sequences whose first `written` tokens are there.

    The others are taken to be the code that is used most, so that the pixels of what is written are near their last.
    """
    prior = models.prior(question["prior"])
    tokenizer = models.tokenizer_of(prior)
    written = int(question["written"])
    if not 1 <= written <= prior.layout.length:
        raise ValueError(f"Between 1 and {prior.layout.length} tokens are decoded.")
    given = unpacked(question["tokens"], written, prior)
    common = [0 if level.usage is None else int(level.usage.argmax()) for level in tokenizer.levels]
    whole = torch.tensor(common)[prior.layout.levels()].repeat(len(given), 1)
    whole[:, :written] = given
    pictures = []
    for part in whole.split(DECODED_AT_ONCE):
        writers.pass_on()
        pixels = images.to_rgb(to_pixels(tokenizer.decode(prior.layout.cut(part))))
        pictures += [images.to_png_url(picture) for picture in pixels]
    return {"pictures": pictures}


@answered_by(writers)
def draw_tokens(question: dict) -> dict:
    """{"prior", "count", "seed", "by": "uniform" or "marginal"} → {"tokens"}: each token drawn for itself alone.

    Every code as likely as another, or each as likely as the training pictures of the tokenizer used it.
    """
    prior = models.prior(question["prior"])
    count, generator = int(question["count"]), torch.Generator().manual_seed(int(question["seed"]))
    if not 1 <= count <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} samples are drawn at a time.")
    parts = []
    for grid, level in zip(prior.layout.grids, models.tokenizer_of(prior).levels, strict=True):
        weights = torch.ones(grid.codebook_size)
        if question["by"] == "marginal":
            if level.usage is None or not level.usage.sum():
                raise ValueError(f"Nobody counted how often the codes of {models.tokenizer_of(prior).name} are used.")
            weights = level.usage.double()
        parts.append(torch.multinomial(weights, count * grid.length, True, generator=generator).view(count, -1))
    return {"tokens": packed(torch.cat(parts, 1), prior)}


@answered_by(writers)
def judge_tokens(question: dict) -> dict:
    """{"prior", "condition", "tokens"} → {"bits": of each token, base64 of float32 [n, length]}: whole sequences."""
    prior = models.prior(question["prior"])
    sequences = unpacked(question["tokens"], prior.layout.length, prior)
    if len(sequences) > MOST_SAMPLES:
        raise ValueError(f"At most {MOST_SAMPLES} samples are judged at a time.")
    writers.pass_on()
    return {"bits": _floats(_flat(prior.bits(prior.layout.cut(sequences), question.get("condition"))))}


@answered_by(writers)
def judge_band(question: dict) -> dict:
    """{"prior", "condition", "tokens", "columns"} → {"bits": base64 of float32 [rows, columns]}.

    A band is as many rows of a picture as the prior's grid has, and at least as many columns. It is judged in windows
    that overlap by half; each token takes its bits from the window in which it is farthest from the sides.
    """
    prior = _one_level(models.prior(question["prior"]))
    rows, width = prior.layout.grids[0].shape
    columns = int(question["columns"])
    if not width <= columns <= 1024:
        raise ValueError(f"The prior judges windows of {rows} × {width} tokens, and this has {columns} columns.")
    band = unpacked(question["tokens"], rows * columns, prior)[0].view(rows, columns)
    lefts = sorted({*range(0, columns - width, max(1, width // 2)), columns - width})
    bits = []
    for part in torch.tensor(lefts).split(WINDOWS_AT_ONCE):
        writers.pass_on()
        windows = torch.stack([band[:, left : left + width] for left in part.tolist()])
        bits.append(prior.bits([windows], question.get("condition"))[0])
    bits, middles = torch.cat(bits), torch.tensor(lefts) + (width - 1) / 2
    nearest = (torch.arange(columns)[:, None] - middles).abs().argmin(1)
    offsets = torch.arange(columns) - torch.tensor(lefts)[nearest]
    return {"bits": _floats(bits[nearest, :, offsets].T)}


@answered_by(writers)
def rewrite_tokens(question: dict) -> dict:
    """{"prior", "settings", "tokens", "mask"} → {"tokens", "picture": a PNG data URL}.

    One sequence, and a list of the places in it that are written anew given all the others: see Prior.complete.
    """
    prior = models.prior(question["prior"])
    tokens = unpacked(question["tokens"], prior.layout.length, prior)[:1]
    mask = torch.zeros(1, prior.layout.length, dtype=torch.bool)
    places = [int(place) for place in question["mask"]]
    if not places or not all(0 <= place < prior.layout.length for place in places):
        raise ValueError(f"Choose at least one of the {prior.layout.length} tokens to write anew.")
    mask[0, places] = True

    def hear(_: Written) -> None:
        writers.pass_on()

    grids = prior.complete(
        prior.layout.cut(tokens), prior.layout.cut(mask), particles=PARTICLES, on_token=hear, **_settings(question["settings"])
    )
    pixels = images.to_rgb(to_pixels(models.tokenizer_of(prior).decode(grids)))[0]
    return {"tokens": packed(_flat(grids), prior), "picture": images.to_png_url(pixels)}


WRITING_FUNCTIONS = [write_tokens, decode_tokens, draw_tokens, judge_tokens, judge_band, rewrite_tokens]


def about(prior: Prior) -> dict:
    """What the page has to know of a prior, as JSON: its tokenizer, the size of its pictures, its texts and its grids."""
    levels = models.tokenizer_of(prior).levels
    height, width = (side * levels[-1].downsampling for side in prior.layout.grids[-1].shape)
    return {
        "name": prior.name,
        "model": models.tokenizer_of(prior).name,
        "width": width,
        "height": height,
        "grids": [{"shape": list(grid.shape), "codes": grid.codebook_size} for grid in prior.layout.grids],
        "conditions": list(prior.conditions),
        "takesText": prior.layout.text_length > 0 and not prior.conditions,
    }


def _settings(given: dict) -> dict:
    """Keyword arguments of Prior.sample and Prior.complete; numbers that make no sense are refused there, in words."""
    kinds = {"temperature": float, "top_k": int, "top_p": float, "guidance": float, "seed": int}
    settings = {name: kind(given[name]) for name, kind in kinds.items() if given.get(name) is not None}
    if any(not math.isfinite(value) for value in settings.values()) or not 0 <= settings.get("seed", 0) < 2**32:
        raise ValueError("The seed is a whole number from 0 to 4,294,967,295, and the others are finite.")
    return {"condition": given.get("condition") or None} | settings  # one text for all, or one a sample


def _distribution(token: Written, most: int) -> dict:
    p = token.probabilities[0].double()
    likeliest = p.topk(min(most, len(p)))
    possible = int((likeliest.values > 0).sum())
    return {
        "codes": likeliest.indices[:possible].tolist(),
        "probabilities": [round(value, 7) for value in likeliest.values[:possible].tolist()],
        "probability": float(p[token.tokens[0]]),
        "possible": int((p > 0).sum()),
        "bits": float(torch.special.entr(p).sum() / math.log(2)),
    }


def _one_level(prior: Prior) -> Prior:
    if len(prior.layout.grids) != 1:
        raise ValueError(f"{prior.name} writes {len(prior.layout.grids)} levels of tokens; this works on one.")
    return prior


def _flat(grids: list[Tensor]) -> Tensor:
    return torch.cat([grid.flatten(1) for grid in grids], 1)


def _type(prior: Prior) -> np.dtype:
    return token_type(max(grid.codebook_size for grid in prior.layout.grids))


def packed(tokens: Tensor, prior: Prior) -> str:
    """Sequences int64 [n, length] as they travel; the inverse of `unpacked`."""
    return base64.b64encode(tokens.numpy().astype(_type(prior)).tobytes()).decode("ascii")


def unpacked(data: str, length: int, prior: Prior) -> Tensor:
    """Sequences of `length` tokens, int64 [n ≥ 1, length]; whether each is in its codebook is left to the prior."""
    try:
        flat = np.frombuffer(base64.b64decode(data, validate=True), _type(prior))
        sequences = flat.astype(np.int64).reshape(-1, length)
    except (TypeError, ValueError):
        raise ValueError(f"The page sent no whole sequences of {length} tokens. Reload it.") from None
    if not 1 <= len(sequences) <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} sequences are read at a time.")
    if flat.max() >= max(grid.codebook_size for grid in prior.layout.grids):
        raise ValueError(f"Token {flat.max()} is out of range of the codebook of {models.tokenizer_of(prior).name}.")
    return torch.from_numpy(sequences)


def _floats(values: Tensor) -> str:
    return base64.b64encode(values.numpy().astype("<f4").tobytes()).decode("ascii")
