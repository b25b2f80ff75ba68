"""WAV files to samples: PCM of 8 to 32 bits and floats, also in an extensible header, in RF64, and from a pipe of unknown length."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
UNKNOWN = (0, 0xFFFFFFFF)  # sizes that a writer leaves who can't go back: the data go on to the end
MOST_CHANNELS = 64
CODED = {2: "ADPCM", 6: "A-law", 7: "µ-law", 17: "IMA ADPCM", 49: "GSM", 85: "MP3"}


@dataclass(frozen=True)
class Header:
    """code: PCM or FLOAT;  bits: of a sample as it is stored;  rate: samples a second."""

    code: int
    channels: int
    rate: int
    bits: int


def read_wav(data: bytes) -> tuple[np.ndarray, int]:
    """(samples float32 [T, channels], PCM in [-1, 1), rate). ValueError, in words for people, for what is no such file."""
    if len(data) < 12 or data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        raise ValueError("This is not a WAV file. Convert it to one, of plain PCM or floats.")
    header, place = None, 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8
        if name == b"fmt ":
            header = _header(data[place : place + size])
        elif name == b"data":
            if header is None:
                raise ValueError("This WAV file doesn't say how its samples are stored. Save it anew.")
            end = len(data) if size in UNKNOWN else place + size
            return _samples(data[place:end], header), header.rate
        place += size + size % 2
    raise ValueError("This WAV file has no sound in it. Choose another.")


def _header(chunk: bytes) -> Header:
    if len(chunk) < 16:
        raise ValueError("The header of this WAV file is cut short. Save it anew.")
    code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if code == EXTENSIBLE and len(chunk) >= 26:
        code = int.from_bytes(chunk[24:26], "little")  # of the sub-format's GUID, which is the plain format's own number
    sizes = {PCM: (8, 16, 24, 32), FLOAT: (32, 64)}.get(code)
    if sizes is None:
        raise ValueError(f"This WAV file holds {CODED.get(code, f'format {code}')}, which isn't read here. Convert it to plain PCM.")
    bits = -(-bits // 8) * 8
    if bits not in sizes or not 1 <= channels <= MOST_CHANNELS or not rate:
        raise ValueError(f"This WAV file claims {channels} channel(s) of {bits} bits at {rate} Hz, which isn't read here. Convert it.")
    return Header(code, channels, rate, bits)


def _samples(data: bytes, header: Header) -> np.ndarray:
    width = header.bits // 8
    frames = len(data) // (width * header.channels)
    if not frames:
        raise ValueError("This WAV file has no sound in it. Choose another.")
    raw = np.frombuffer(data[: frames * width * header.channels], np.uint8).reshape(-1, width)
    if header.code == FLOAT:
        values = np.nan_to_num(raw.view(f"<f{width}")[:, 0].astype(np.float32), posinf=1, neginf=-1)
    elif width == 1:  # the one width without a sign
        values = raw[:, 0].astype(np.float32) / 128 - 1
    else:
        whole = np.zeros((len(raw), 4), np.uint8)
        whole[:, 4 - width :] = raw
        values = whole.view("<i4")[:, 0].astype(np.float32) / 2**31
    return values.reshape(frames, header.channels)


def mixed(samples: np.ndarray) -> tuple[np.ndarray, str | None]:
    """Channels float32 [T, channels] → one, [T], and a note where it isn't their mean: channels in opposite phase would cancel out."""
    mean = samples.mean(1)
    loudest = samples[:, np.square(samples).mean(0).argmax()]
    if np.square(mean).mean() < 0.05 * np.square(loudest).mean():
        return loudest, "Its channels cancel one another out, so the loudest of them is taken alone."
    return mean, None
