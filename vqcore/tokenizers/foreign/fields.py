"""The entries of a config that anyone may have written: of what type and how large they are, before anything is reckoned with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from vqcore.files import shown

MOST = 4096  # channels, groups, dimensions
MOST_ENTRIES = 32  # of a list


def section(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The entries under a key. ValueError, as of all of these, says what it has to be."""
    return _checked(config, key, lambda value: isinstance(value, Mapping), "a set of named entries")


def whole(config: Mapping[str, Any], key: str, most: int = MOST, default: int | None = None) -> int:
    """A whole number from 1 to `most`; `default` where there is none."""
    if default is not None and config.get(key) is None:
        return default
    return _checked(config, key, lambda value: _is_whole(value, most), f"a whole number from 1 to {most}")


def number(config: Mapping[str, Any], key: str, most: float, default: float | None = None) -> float:
    """A number above 0 up to `most`; `default` where there is none."""
    if default is not None and config.get(key) is None:
        return default
    return _checked(config, key, lambda value: type(value) in (int, float) and 0 < value <= most, f"a number above 0, to {most:g}")


def wholes(config: Mapping[str, Any], key: str, most: int = MOST) -> tuple[int, ...]:
    """A list of up to 32 of those."""
    fits = f"up to {MOST_ENTRIES} whole numbers from 1 to {most}"
    return tuple(_checked(config, key, lambda value: _is_list(value) and all(_is_whole(entry, most) for entry in value), fits))


def words(config: Mapping[str, Any], key: str, known: Collection[str]) -> tuple[str, ...]:
    """A list of up to 32 words that are known."""
    fits = f"a list of {' and '.join(known)}"
    return tuple(_checked(config, key, lambda value: _is_list(value) and all(isinstance(e, str) and e in known for e in value), fits))


def word(config: Mapping[str, Any], key: str, known: Collection[str], default: str) -> str:
    """One of the words that are known; `default` where there is none."""
    if config.get(key) is None:
        return default
    return _checked(config, key, lambda value: isinstance(value, str) and value in known, " or ".join(known))


def flag(config: Mapping[str, Any], key: str, default: bool) -> bool:
    """true or false; `default` where there is none."""
    if config.get(key) is None:
        return default
    return _checked(config, key, lambda value: isinstance(value, bool), "true or false")


def _is_whole(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_ENTRIES


def _checked(config: Mapping[str, Any], key: str, fits: Any, words: str) -> Any:
    if key not in config:
        raise ValueError(f"it has no {key}, which has to be {words}")
    if not fits(config[key]):
        raise ValueError(f"its {key} is {shown(config[key])}, and has to be {words}")
    return config[key]
