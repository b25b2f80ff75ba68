"""What the fuzzer changes in an input beside its bytes: values of JSON, tables of safetensors and the files of a folder, so that what
is wrong lies deeper than the first check.

Each takes (data, most bytes, seed) and returns an input that may be longer than `most`: the fuzzer cuts it.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
from collections.abc import Callable

import atheris

from tests.changes import change
from tests.fuzz import parsers

Mutator = Callable[[bytes, int, int], bytes]
BYTES = 0.3
"""The share of changes that are made to the bytes alone."""


def as_json(data: bytes, most: int, seed: int) -> bytes:
    """A few places of what JSON says."""
    draw = random.Random(seed)
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, (dict, list)) or draw.random() < BYTES:
        return atheris.Mutate(data, most)
    change(whole, draw)
    return json.dumps(whole).encode()


def as_link(data: bytes, most: int, seed: int) -> bytes:
    """The JSON within base64."""
    try:
        inside = base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return atheris.Mutate(data, most)
    return base64.urlsafe_b64encode(as_json(inside, most, seed)).rstrip(b"=")


def as_folder(data: bytes, most: int, seed: int) -> bytes:
    """One of the files: JSON, the table at the head of a safetensors file, or bytes."""
    draw, parts = random.Random(seed), parsers.unjoined(data)
    place = draw.choice([i for i, part in enumerate(parts) if part] or [0])
    part = parts[place]
    if place == 0:
        parts[place] = as_json(part, most, seed)
    elif (length := int.from_bytes(part[:8], "little")) < len(part) and draw.random() > BYTES:
        head = as_json(part[8 : 8 + length], most, seed)
        parts[place] = len(head).to_bytes(8, "little") + head + part[8 + length :]
    else:
        parts[place] = atheris.Mutate(part, most)
    return parsers.joined([part[: parsers.LONGEST] for part in parts])


MUTATORS: dict[str, Mutator] = {"document": as_json, "link": as_link, "checkpoint": as_folder}
