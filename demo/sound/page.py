"""What the sound bench asks of the server, outside the queue: as demo/kit/page.py.

Samples travel as base64 of little-endian int16, 32,767 being 1; tokens as base64 of little-endian uint16, level after level. The
tokenizer is the first one of sounds in checkpoints/, the prior the first one over its tokens.
"""

import base64

import numpy as np
import torch
from torch import Tensor

from demo import models
from demo.sound import work
from demo.workers import answered_by, pictures, strokes, writers
from vqcore.tokenizers.base import Tokenizer

MOST_TOKENS_A_QUESTION = 32
MOST_LEVELS = 64


def about() -> dict | None:
    """What the page has to know of the tokenizer and the prior; None where there is no tokenizer of sounds."""
    tokenizer, prior = models.sound_tokenizer(), models.speaker()
    if tokenizer is None:
        return None
    level = tokenizer.levels[0]
    return {
        "name": tokenizer.name, "rate": tokenizer.sample_rate, "f": level.downsampling, "codes": level.codebook_size,
        "levels": [each.name for each in tokenizer.levels], "halo": level.halo,
        "longest": work.LONGEST, "conditions": list(prior.conditions) if prior else [],
        "length": prior.layout.length if prior else 0,
    }


@answered_by(pictures)
def encode_sound(question: dict) -> dict:
    """{"samples"} → {"tokens", "original": the samples as the tokenizer saw them, equally loud, "rebuilt"}."""
    clip = work.encode(_tokenizer(), _integers(question["samples"], "<i2").astype(np.float32) / 32767)
    return {"tokens": _pack(clip.tokens), "original": _waveform(clip.original), "rebuilt": _waveform(clip.rebuilt)}


@answered_by(strokes)
def decode_sound(question: dict) -> dict:
    """{"tokens": of a window, "start", "stop": the tokens in it that are wanted, "kept": the places of the levels that are heard, all
    where there is none} → {"samples"} of those. Where a token reaches everywhere: see `decode_clip`."""
    tokenizer = _tokenizer()
    if tokenizer.halo is None:
        raise ValueError(f"Each edit decodes the whole clip with {tokenizer.name}, which has no place among strokes. Reload the page.")
    return _decoded(tokenizer, question)


@answered_by(pictures)
def decode_clip(question: dict) -> dict:
    """As `decode_sound`, of a whole clip, which takes its time."""
    return _decoded(_tokenizer(), question)


@answered_by(pictures)
def hear_level(question: dict) -> dict:
    """{"tokens": of a clip, "level": its place, "kept": those that are heard} → {"samples": what it adds to them}."""
    tokenizer = _tokenizer()
    tokens = _of_levels(tokenizer, question["tokens"])
    return {"samples": _waveform(work.carried(tokenizer, tokens, int(question["level"]), _kept(question) or ()))}


def _decoded(tokenizer: Tokenizer, question: dict) -> dict:
    part = slice(int(question["start"]), int(question["stop"]))
    return {"samples": _waveform(work.decode(tokenizer, _of_levels(tokenizer, question["tokens"]), part, _kept(question)))}


@answered_by(writers)
def speak(question: dict) -> dict:
    """{"word", "seed", "temperature", "tokens": so far, "until"} → {"tokens", "samples"}: those and more, up to `until`."""
    tokenizer, prior = _tokenizer(), models.speaker()
    if prior is None:
        raise ValueError("This page has no prior that speaks.")
    tokens, until, length = _tokens(question["tokens"]), int(question["until"]), prior.layout.length
    if not 0 <= len(tokens) < until <= length or until - len(tokens) > MOST_TOKENS_A_QUESTION:
        raise ValueError(f"At most {MOST_TOKENS_A_QUESTION} of {length} tokens are written a question.")
    spoken = work.speak(
        tokenizer, prior, question["word"] or None, tokens, until, float(question["temperature"]), int(question["seed"]),
        on_token=lambda _: writers.pass_on(),
    )
    return {"tokens": _pack(spoken.tokens), "samples": _waveform(spoken.samples)}


@answered_by(pictures)
def read_table(question: dict) -> dict:
    """{"file": base64 of a CSV file, or null for the example} → its columns, scaled, and codes that are learned from it alone.

    {"names", "low", "high": of each column, "steps": moments a token, "values": base64 of float32 [F, T] in [-1, 1],
    "tokens": [T/steps rounded up], "codebook": base64 of float32 [K, F, steps], "codes": K, "rmse": the error that is left
    of each column in its own units}.
    """
    table = work.read_table(work.EXAMPLE.read_bytes() if question["file"] is None else _bytes(question["file"]))
    return {
        "names": list(table.names), "low": table.low.tolist(), "high": table.high.tolist(), "steps": table.steps,
        "values": _floats(table.values), "tokens": _pack(table.tokens), "codebook": _floats(table.codebook),
        "codes": len(table.codebook), "rmse": table.rmse.tolist(),
    }


SERVER_FUNCTIONS = [encode_sound, decode_sound, decode_clip, hear_level, speak, read_table]


def _tokenizer() -> Tokenizer:
    tokenizer = models.sound_tokenizer()
    if tokenizer is None:
        raise ValueError("This page has no tokenizer of sounds.")
    return tokenizer


def _bytes(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        raise ValueError("The page sent no whole file. Reload it.") from None


def _integers(data: str, kind: str) -> np.ndarray:
    """Of two bytes each."""
    values = _bytes(data)
    if len(values) % 2:
        raise ValueError("The page sent half a number. Reload it.")
    return np.frombuffer(values, kind)


def _tokens(data: str) -> Tensor:
    return torch.from_numpy(_integers(data, "<u2").astype(np.int64))


def _of_levels(tokenizer: Tokenizer, data: str) -> Tensor:
    """int64 [levels, t]."""
    tokens, count = _tokens(data), len(tokenizer.levels)
    if len(tokens) % count:
        raise ValueError("The page sent levels of several lengths. Reload it.")
    return tokens.view(count, -1)


def _kept(question: dict) -> list[int] | None:
    kept = question.get("kept")
    return None if kept is None else [int(place) for place in kept[:MOST_LEVELS]]


def _pack(tokens: Tensor) -> str:
    return base64.b64encode(tokens.numpy().astype("<u2").tobytes()).decode("ascii")


def _waveform(samples: np.ndarray) -> str:
    return base64.b64encode((samples.clip(-1, 1) * 32767).round().astype("<i2").tobytes()).decode("ascii")


def _floats(values: Tensor) -> str:
    return base64.b64encode(values.numpy().astype("<f4").tobytes()).decode("ascii")
