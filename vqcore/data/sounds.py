"""Sounds: WAV files to one channel at one rate, and folders of takes to labelled clips."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vqcore.data.folders import find_files
from vqcore.data.wav import mixed, read_wav

log = logging.getLogger(__name__)
LOUDEST = 0.9  # what the loudest sample of a clip is brought to
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TAKE = re.compile(r"(\d)_(\w+)_(\d+)\.wav")  # digit, speaker, take: the names of the Free Spoken Digit Dataset
TEST_TAKES = 5  # the first five takes of each speaker and digit are its test split


@dataclass(frozen=True)
class Sound:
    """samples: one channel, float32 [T] in [-1, 1];  rate: samples a second;  notes: sentences on what was done to it."""

    samples: np.ndarray
    rate: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clips:
    """samples: float32 [T] each, all at one rate and equally loud;  labels: a text each, "" for none."""

    samples: list[np.ndarray]
    labels: list[str]

    def digest(self) -> str:
        """What tells these clips and labels from others."""
        digest = hashlib.sha256("\n".join(self.labels).encode())
        for samples in self.samples:
            digest.update(samples.tobytes())
        return digest.hexdigest()


def open_wav(source: bytes | str | os.PathLike) -> Sound:
    """Read a WAV file (see vqcore.data.wav); several channels become their mean.

    Raises ValueError, in words for people, for what is no such file, is damaged or has no sample.
    """
    samples, rate = read_wav(source if isinstance(source, bytes) else Path(source).read_bytes())
    one, note = mixed(samples)
    return Sound(one, rate, (note,) if note else ())


def write_wav(samples: np.ndarray, rate: int) -> bytes:
    """float [T] in [-1, 1] → a WAV file of 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return buffer.getvalue()


def resample(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """float32 [T] at another rate, as near as its band allows: its spectrum is cut off or continued by zeros."""
    if rate == new_rate or not len(samples):
        return samples
    length = max(1, round(len(samples) * new_rate / rate))
    spectrum = np.fft.rfft(samples.astype(np.float64))[: length // 2 + 1]
    return (np.fft.irfft(spectrum, length) * (length / len(samples))).astype(np.float32)


def levelled(samples: np.ndarray) -> np.ndarray:
    """Without its offset, and as loud as every other clip: the loudest sample is at 0.9; silence stays silence."""
    samples = samples - samples.mean()
    loudest = np.abs(samples).max(initial=0)
    return (samples * (LOUDEST / loudest)).astype(np.float32) if loudest > 1e-4 else np.zeros_like(samples, np.float32)


def read_clips(source: str | os.PathLike, split: str, rate: int) -> Clips:
    """The `train` or `val` split of a folder of WAV files; those that can't be read are named and skipped.

    - Files named `<digit>_<speaker>_<take>.wav`, as in the Free Spoken Digit Dataset: the text is the digit's word,
      takes 0 to 4 are `val`.
    - A folder with `train` and `val` in it, or one that is all for training: folders named as their classes, or files
      without a text.

    ValueError, saying what to do, where there is nothing for this split.
    """
    folder = Path(source)
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder. Give a folder of WAV files.")
    found = [(path, match) for path in sorted(folder.glob("*.wav")) if (match := TAKE.fullmatch(path.name))]
    if found:
        chosen = [(path, DIGITS[int(m[1])]) for path, m in found if (int(m[3]) >= TEST_TAKES) == (split == "train")]
    else:
        if (folder / split).is_dir():
            folder = folder / split
        elif split != "train":
            raise ValueError(f"There is no folder {folder / split}. Give a folder with `train` and `{split}` in it.")
        paths = find_files(folder, {".wav", ".wave"})
        chosen = [(p, p.relative_to(folder).parts[0].replace("_", " ") if p.parent != folder else "") for p in paths]
    samples, labels = [], []
    for path, label in chosen:
        try:
            sound = open_wav(path)
        except (ValueError, OSError) as error:
            log.warning("skipped %s: %s", path, error)
            continue
        for note in sound.notes:
            log.info("%s: %s", path, note)
        samples.append(levelled(resample(sound.samples, sound.rate, rate)))
        labels.append(label)
    if not samples:
        raise ValueError(f"There is no WAV file for {split} in {folder} that can be read.")
    return Clips(samples, labels)


def fitted(samples: np.ndarray, length: int, start: int = 0) -> np.ndarray:
    """`length` samples, float32 [length]: the clip after `start` samples of silence, followed by silence or cut."""
    clip = np.zeros(length, np.float32)
    part = samples[: max(0, length - start)]
    clip[start : start + len(part)] = part
    return clip
