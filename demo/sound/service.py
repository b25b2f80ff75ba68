"""What the sound bench asks of the server, outside the queue: as demo/canvas/page.py.

Samples travel as base64 of little-endian int16, 32,767 being 1; tokens as base64 of little-endian uint16. The
tokenizer is the first one of sounds in checkpoints/, the prior the first one over its tokens.
"""

import base64
import binascii
from pathlib import Path

import numpy as np
import torch

from demo import models
from demo.workers import answered_by, pictures, strokes, writers
from vqcore.data.series import Scaling, read_series
from vqcore.data.sounds import levelled
from vqcore.priors.base import Written
from vqcore.study.patch_codes import fit_patch_codes

EXAMPLE = Path(__file__).parent.parent / "examples" / "greenhouse.csv"
LONGEST = 10
"""Seconds of a clip: longer ones are cut in the page."""
MOST_TOKENS_A_QUESTION = 32
MOST_CHARACTERS = 30_000_000
"""Of a question's sound or file, in base64."""
SERIES_STEPS = 8
"""Moments that a token of a time series spans."""
SERIES_CODES = 64
"""The most codes that a time series gets; there are four of its tokens for each at least."""
SERIES_LONGEST = 16_384
"""Moments of a series, and its most columns."""
SERIES_COLUMNS = 12


def about() -> dict | None:
    """What the page has to know of the tokenizer and the prior; None where there is no tokenizer of sounds."""
    tokenizer, prior = models.sound_tokenizer(), models.speaker()
    if tokenizer is None:
        return None
    level = tokenizer.levels[0]
    return {
        "name": tokenizer.name, "rate": tokenizer.sample_rate, "f": level.downsampling, "codes": level.codebook_size,
        "halo": level.halo, "longest": LONGEST, "conditions": list(prior.conditions) if prior else [],
        "length": prior.layout.length if prior else 0,
    }


@answered_by(pictures)
def encode_sound(question: dict) -> dict:
    """{"samples"} → {"tokens", "original": the samples as the tokenizer saw them, equally loud, "rebuilt"}."""
    tokenizer = _tokenizer()
    samples = _samples(question["samples"])
    if not 0 < len(samples) <= LONGEST * tokenizer.sample_rate:
        raise ValueError(f"A clip has between 1 sample and {LONGEST} seconds.")
    original = levelled(samples)
    tokens = tokenizer.encode(torch.from_numpy(original)[None, None])
    rebuilt = tokenizer.decode(tokens)[0, 0].numpy()
    return {"tokens": _pack(tokens[0].numpy()), "original": _waveform(original), "rebuilt": _waveform(rebuilt)}


@answered_by(strokes)
def decode_sound(question: dict) -> dict:
    """{"tokens": of a window, "start", "stop": the tokens in it that are wanted} → {"samples"} of those."""
    tokenizer = _tokenizer()
    tokens = _tokens(question["tokens"], tokenizer.levels[0].codebook_size)
    region = (slice(int(question["start"]), int(question["stop"])),)
    return {"samples": _waveform(tokenizer.decode_region([tokens], region)[0, 0].numpy())}


@answered_by(writers)
def speak(question: dict) -> dict:
    """{"word", "seed", "temperature", "tokens": so far, "until"} → {"tokens", "samples"}: those and more, up to `until`."""
    tokenizer, prior = _tokenizer(), models.speaker()
    if prior is None:
        raise ValueError("This page has no prior that speaks.")
    given = _tokens(question["tokens"], tokenizer.levels[0].codebook_size) if question["tokens"] else torch.empty(1, 0, dtype=torch.int64)
    kept, until, length = given.shape[1], int(question["until"]), prior.layout.length
    if not 0 <= kept < until <= length or until - kept > MOST_TOKENS_A_QUESTION:
        raise ValueError(f"At most {MOST_TOKENS_A_QUESTION} of {length} tokens are written a question.")
    whole = torch.zeros(1, length, dtype=torch.int64)
    whole[:, :kept] = given

    def hear(token: Written) -> bool:
        writers.pass_on()
        return token.index + 1 == until

    settings = {"temperature": float(question["temperature"]), "seed": int(question["seed"])}
    if not 0 <= settings["seed"] < 2**32:
        raise ValueError("The seed is a whole number from 0 to 4,294,967,295.")
    tokens = prior.sample(1, question["word"] or None, start=[whole], kept=kept, on_token=hear, **settings)[0][:, :until]
    return {"tokens": _pack(tokens.numpy()), "samples": _waveform(tokenizer.decode([tokens])[0, 0].numpy())}


@answered_by(pictures)
def read_table(question: dict) -> dict:
    """{"file": base64 of a CSV file, or null for the example} → its columns, scaled, and codes that are learned from it alone.

    {"names", "low", "high": of each column, "steps": moments a token, "values": base64 of float32 [F, T] in [-1, 1],
    "tokens": [T/steps rounded up], "codebook": base64 of float32 [K, F, steps], "codes": K, "rmse": the error that is left
    of each column in its own units}.
    """
    series = read_series(EXAMPLE if question["file"] is None else _bytes(question["file"]))
    count, columns = series.values.shape
    if count > SERIES_LONGEST or columns > SERIES_COLUMNS:
        raise ValueError(f"The page shows up to {SERIES_LONGEST:,} rows of {SERIES_COLUMNS} columns. This has {count:,} of {columns}.")
    scaling = Scaling.of(series)
    scaled = scaling.scale(series.values)
    whole = torch.nn.functional.pad(scaled, (0, -count % SERIES_STEPS), mode="replicate")[:, :, None]  # one pixel high
    codes = max(1, min(SERIES_CODES, whole.shape[-1] // SERIES_STEPS // 4))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = fit_patch_codes(whole, (1, SERIES_STEPS), (columns, 1, SERIES_STEPS), codes)
    tokens = tokenizer.encode(whole)
    rebuilt = scaling.restore(tokenizer.decode(tokens)[:, :, 0, :count])
    return {
        "names": list(series.names), "low": series.values.min(0).tolist(), "high": series.values.max(0).tolist(),
        "steps": SERIES_STEPS, "values": _floats(scaled[0]), "tokens": _pack(tokens[0, 0, :, 0].numpy()),
        "codebook": _floats(tokenizer.codebook), "codes": codes,
        "rmse": np.sqrt(((rebuilt - series.values) ** 2).mean(0)).tolist(),
    }  # fmt: skip


SERVER_FUNCTIONS = [encode_sound, decode_sound, speak, read_table]


def _tokenizer():
    tokenizer = models.sound_tokenizer()
    if tokenizer is None:
        raise ValueError("This page has no tokenizer of sounds.")
    return tokenizer


def _bytes(data: str) -> bytes:
    if len(data) > MOST_CHARACTERS:
        raise ValueError(f"This is larger than the {MOST_CHARACTERS // 4 * 3 // 1_000_000} MB that are read here. Cut it first.")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise ValueError("The page sent no whole file. Reload it.") from None


def _integers(data: str, kind: str) -> np.ndarray:
    """Of two bytes each."""
    data = _bytes(data)
    if len(data) % 2:
        raise ValueError("The page sent half a number. Reload it.")
    return np.frombuffer(data, kind)


def _samples(data: str) -> np.ndarray:
    return _integers(data, "<i2").astype(np.float32) / 32767


def _waveform(samples: np.ndarray) -> str:
    return base64.b64encode((samples.clip(-1, 1) * 32767).round().astype("<i2").tobytes()).decode("ascii")


def _tokens(data: str, codes: int) -> torch.Tensor:
    most = LONGEST * _tokenizer().sample_rate // _tokenizer().levels[0].downsampling + 1
    tokens = _integers(data, "<u2").astype(np.int64)
    if not 0 < len(tokens) <= most or tokens.max() >= codes:
        raise ValueError(f"There are between 1 and {most} tokens, from 0 to {codes - 1} each.")
    return torch.from_numpy(tokens)[None]


def _pack(tokens: np.ndarray) -> str:
    return base64.b64encode(tokens.astype("<u2").tobytes()).decode("ascii")


def _floats(values: torch.Tensor) -> str:
    return base64.b64encode(values.numpy().astype("<f4").tobytes()).decode("ascii")
