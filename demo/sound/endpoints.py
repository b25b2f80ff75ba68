"""The endpoints of sounds. Tokens come and go as lists of integers, sounds as WAV files."""

from typing import Any

import numpy as np
import torch
from gradio.data_classes import FileData

from demo import models
from demo.kit.files import patiently, read_file, to_file
from demo.sound import work
from demo.workers import pictures, strokes, writers
from vqcore.data.sounds import open_wav, resample, write_wav
from vqcore.tokenizers.base import Tokenizer


def encode_sound(sound: FileData) -> tuple[list[int], FileData]:
    """Turn a sound into tokens, and those back into a sound.

    Args:
        sound: a WAV file of PCM or floats, of any rate; after 10 seconds it is cut. describe_sound says what else is done to it

    Returns:
        a token for each stretch of time, level after level where the tokenizer has several
        what they decode to, as a WAV file
    """
    tokenizer = _tokenizer()
    rate, heard = work.rate_of(tokenizer), open_wav(read_file(sound))
    samples = resample(heard.samples[: work.LONGEST * heard.rate], heard.rate, rate)[: work.LONGEST * rate]
    clip = patiently(pictures, work.encode, tokenizer, samples.clip(-1, 1))
    return clip.tokens.flatten().tolist(), _wav(clip.rebuilt, tokenizer)


def describe_sound(sound: FileData) -> dict[str, Any]:
    """What a sound's file holds, and what is done to it on the way into tokens.

    Args:
        sound: a WAV file of PCM or floats

    Returns:
        {"seconds", "rate": samples a second, "loudest": sample, 1 being full, "note": on what was done to the file, or null}
    """
    heard = patiently(pictures, open_wav, read_file(sound))
    seconds = len(heard.samples) / heard.rate
    cut = f"It lasts {seconds:.1f} seconds: the first {work.LONGEST} become tokens." if seconds > work.LONGEST else ""
    return {
        "seconds": seconds, "rate": heard.rate, "loudest": float(np.abs(heard.samples).max()),
        "note": " ".join(filter(None, [*heard.notes, cut])) or None,
    }


def decode_sound(tokens: list[int]) -> FileData:
    """Turn tokens into a sound.

    Args:
        tokens: as encode_sound and speak give them, perhaps changed

    Returns:
        a WAV file
    """
    tokenizer = _tokenizer()
    codes = tokenizer.levels[0].codebook_size
    if not all(0 <= token < codes for token in tokens):
        raise ValueError(f"Tokens of sounds lie in 0 to {codes - 1}.")
    if len(tokens) % (count := len(tokenizer.levels)):
        raise ValueError(f"{tokenizer.name} has {count} levels of tokens, all of one length.")
    crew = pictures if tokenizer.halo is None else strokes
    return _wav(patiently(crew, work.decode, tokenizer, torch.tensor(tokens, dtype=torch.int64).view(count, -1)), tokenizer)


def speak(word: str = "", temperature: float = 1.0, seed: int = 0) -> tuple[list[int], FileData]:
    """Let the prior of sounds say a word, token by token.

    Args:
        word: one that it knows, as seven; any where empty
        temperature: logits are divided by it; 0 always takes the likeliest token
        seed: the same seed gives the same sound

    Returns:
        the tokens
        a WAV file
    """
    tokenizer, prior = _tokenizer(), models.speaker()
    if prior is None:
        raise ValueError("This page has no prior that speaks.")
    none = torch.empty(0, dtype=torch.int64)
    spoken = patiently(
        writers, work.speak, tokenizer, prior, word or None, none, prior.layout.length, temperature, seed, lambda _: writers.pass_on()
    )
    return spoken.tokens.tolist(), _wav(spoken.samples, tokenizer)


def encode_table(table: FileData) -> dict[str, Any]:
    """Turn a table of numbers, one row a moment, into tokens by codes that are learned from it alone, and measure what is lost.

    Args:
        table: a CSV file with the columns' names in its first row

    Returns:
        {"names": of the columns, "low", "high": of each, "steps": moments a token, "tokens", "codes": how many there are,
        "rmse": the error that is left of each column, in its own units}
    """
    found = patiently(pictures, work.read_table, read_file(table))
    return {
        "names": list(found.names), "low": found.low.tolist(), "high": found.high.tolist(), "steps": found.steps,
        "tokens": found.tokens.tolist(), "codes": len(found.codebook), "rmse": found.rmse.tolist(),
    }


def _tokenizer() -> Tokenizer:
    """The page's tokenizer of sounds."""
    if (tokenizer := models.sound_tokenizer()) is None:
        raise ValueError("This app has no tokenizer of sounds.")
    return tokenizer


def _wav(samples: np.ndarray, tokenizer: Tokenizer) -> FileData:
    return to_file(write_wav(samples, work.rate_of(tokenizer)), "sound.wav", "audio/wav")
