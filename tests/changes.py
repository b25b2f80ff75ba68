"""JSON that makes sense, changed in a few places: what the fuzzer and the attacker send, so that what is wrong lies deeper than the first
check."""

from __future__ import annotations

import base64
import json
import random
from copy import deepcopy
from typing import Any

NESTED, DEEP = "nested", 30_000
LEAVES: list[Any] = [
    None, True, False, -1, 0, 1, 2, 3, 7, 64, 65_536, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.0, 1e308, -1e308, 5e-324, float("nan"),
    float("inf"), -float("inf"), "", "x", "0", "1e999", "photos", "photos-prior", "vqvae", "vqvae2", "fsq", "VQModel", "F16", "F8_E4M3",
    "C64", "\ud800", "\u202e", "\0", "a\nb", "../../etc/passwd", "/etc/passwd", "..", "<img src=x onerror=alert(1)>", "${alert(1)}",
    "{{this}}", "A" * 5000, [], {}, [[]], [0], [1, 2, 3], [2] * 70, [0] * 3000,
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"path": "http://127.0.0.1:1/a", "url": "http://127.0.0.1:1/a", "meta": {"_type": "gradio.FileData"}},
    NESTED, base64.b64encode(bytes(64)).decode(), base64.b64encode(b"\xff" * 64).decode(),
]
NAMES = ["version", "kind", "dtype", "levels", "level", "model", "x", ""]


def change(whole: dict | list, draw: random.Random) -> None:
    """One to three places of it: another value, one from elsewhere in it, one more or one less."""
    for _ in range(draw.randint(1, 3)):
        _change(whole, draw)


def as_text(body: Any) -> str:
    """JSON, in which NESTED stands for lists within lists, deeper than Python's own encoder goes."""
    return json.dumps(body).replace(json.dumps(NESTED), "[" * DEEP + "]" * DEEP)


def _change(whole: dict | list, draw: random.Random) -> None:
    place, key = _somewhere(whole, draw)
    if place is None:
        return
    way = draw.random()
    if way < 0.6:
        place[key] = leaf(draw)
    elif way < 0.75:
        other, its = _somewhere(whole, draw)
        place[key] = deepcopy(other[its]) if other is not None else None
    elif way < 0.9:
        del place[key]
    elif isinstance(place, list):
        place.append(leaf(draw))
    else:
        place[draw.choice(NAMES)] = leaf(draw)


def leaf(draw: random.Random) -> Any:
    return deepcopy(draw.choice(LEAVES))


def _somewhere(whole: dict | list, draw: random.Random) -> tuple[Any, Any]:
    """A place within, as what holds it and its key there; (None, None) where there is none."""
    places, todo = [], [whole]
    while todo:
        each = todo.pop()
        for key in list(each) if isinstance(each, dict) else range(len(each)):
            places.append((each, key))
            if isinstance(each[key], (dict, list)):
                todo.append(each[key])
    return draw.choice(places) if places else (None, None)
