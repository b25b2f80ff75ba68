"""The endpoints of sounds. Tokens come and go as lists of integers, sounds as WAV files."""

import base64
from typing import Any

import numpy as np
from gradio.data_classes import FileData

from demo.api.files import answer_of, read_file, to_file
from demo.sound import service
from vqcore.data.sounds import open_wav, resample, write_wav


def encode_sound(sound: FileData) -> tuple[list[int], FileData]:
    """Turn a sound into tokens, and those back into a sound.

    Args:
        sound: a WAV file of plain PCM, of any rate; after 10 seconds it is cut

    Returns:
        a token for each stretch of time
        what they decode to, as a WAV file
    """
    rate = _sounds()["rate"]
    heard = open_wav(read_file(sound))
    samples = resample(heard.samples[: service.LONGEST * heard.rate], heard.rate, rate)[: service.LONGEST * rate]
    found = answer_of(service.encode_sound, samples=_packed(samples.clip(-1, 1) * 32767, "<i2"))
    return _unpacked(found["tokens"], "<u2").tolist(), _wav(found["rebuilt"])


def decode_sound(tokens: list[int]) -> FileData:
    """Turn tokens into a sound.

    Args:
        tokens: as encode_sound and speak give them, perhaps changed

    Returns:
        a WAV file
    """
    if not all(0 <= token < _sounds()["codes"] for token in tokens):
        raise ValueError(f"Tokens of sounds lie in 0 to {_sounds()['codes'] - 1}.")
    found = answer_of(service.decode_sound, tokens=_packed(np.array(tokens), "<u2"), start=0, stop=len(tokens))
    return _wav(found["samples"])


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
    length, written = _sounds()["length"], {"tokens": "", "samples": ""}
    for until in [*range(service.MOST_TOKENS_A_QUESTION, length, service.MOST_TOKENS_A_QUESTION), length]:
        written = answer_of(service.speak, word=word, seed=seed, temperature=temperature, tokens=written["tokens"], until=until)
    return _unpacked(written["tokens"], "<u2").tolist(), _wav(written["samples"])


def encode_table(table: FileData) -> dict[str, Any]:
    """Turn a table of numbers, one row a moment, into tokens by codes that are learned from it alone, and measure what is lost.

    Args:
        table: a CSV file with the columns' names in its first row

    Returns:
        {"names": of the columns, "low", "high": of each, "steps": moments a token, "tokens", "codes": how many there are,
        "rmse": the error that is left of each column, in its own units}
    """
    found = answer_of(service.read_table, file=base64.b64encode(read_file(table)).decode("ascii"))
    found["tokens"] = _unpacked(found["tokens"], "<u2").tolist()
    return {name: found[name] for name in ("names", "low", "high", "steps", "tokens", "codes", "rmse")}


def _sounds() -> dict:
    """What there is to know of the page's tokenizer of sounds."""
    if (about := service.about()) is None:
        raise ValueError("This app has no tokenizer of sounds.")
    return about


def _packed(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(values.astype(kind).tobytes()).decode("ascii")


def _unpacked(data: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(data), kind)


def _wav(samples: str) -> dict:
    return to_file(write_wav(_unpacked(samples, "<i2") / 32767, _sounds()["rate"]), "sound.wav", "audio/wav")
