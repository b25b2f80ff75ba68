"""What an evaluation found: one list of figures, each a name, a value and a unit, whatever was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vqcore.files import read_json, write_json, write_picture


@dataclass(frozen=True)
class Figure:
    """value: None where there is nothing to tell, such as the PSNR of pictures that were all given back exactly;
    unit: "dB", "bits", "codes" …, or "" for a share from 0 to 1 and for a mere number."""

    name: str
    value: float | None
    unit: str = ""


@dataclass(frozen=True)
class Report:
    """checkpoint, data: what was measured on what;  settings: those that the figures depend on;  details: rows of single
    pictures or samples, by name;  pictures: sheets to look at, uint8 [H, W, 3], by the file's name."""

    checkpoint: str
    data: str
    figures: tuple[Figure, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, np.ndarray] = field(default_factory=dict)

    def value(self, name: str) -> float | None:
        return next(figure.value for figure in self.figures if figure.name == name)


def figures(values: Mapping[str, Any], units: Mapping[str, str]) -> tuple[Figure, ...]:
    """Numbers by name as a list of figures; what isn't finite is None. units: by name, "" where not given."""
    return tuple(Figure(name, finite(value), units.get(name, "")) for name, value in values.items())


def finite(value: Any) -> Any:
    """A number that JSON can have: None for infinity and NaN, Python's own for numpy's and torch's."""
    if isinstance(value, (torch.Tensor, np.generic)):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def named(data: Path) -> str:
    """What pictures are called: the end of their folder's path, `photos/val`, or the source that is no folder, `scenes:300`."""
    return "/".join(part for part in data.parts[-2:] if part != data.anchor)


def mean(values: Iterable[float | None]) -> float | None:
    """Over those that are numbers and finite; None where there is none."""
    kept = [value for value in values if value is not None and math.isfinite(value)]
    return float(np.mean(kept)) if kept else None


def table(report: Report) -> str:
    """The figures as a person reads them, one a line."""
    lines = []
    for figure in report.figures:
        value = "—" if figure.value is None else f"{figure.value:,}" if isinstance(figure.value, int) else f"{figure.value:.4g}"
        lines.append(f"{figure.name.replace('_', ' '):40} {value:>10} {figure.unit}".rstrip())
    return "\n".join(lines)


def write_report(report: Report, file: Path) -> None:
    """As JSON, with the sheets beside it."""
    write_json(file, to_json(report))
    for name, pixels in report.pictures.items():
        write_picture(file.with_name(name), pixels)


def to_json(report: Report) -> dict[str, Any]:
    return {
        "checkpoint": report.checkpoint, "data": report.data, "settings": dict(report.settings), "torch": torch.__version__,
        "figures": [{"name": f.name, "value": f.value, "unit": f.unit} for f in report.figures], **report.details,
    }


def read_figures(file: Path) -> dict[str, float | None]:
    """The values of a report that was written, by name; none where there is no such file. ValueError for a damaged one."""
    if not file.is_file():
        return {}
    try:
        return {str(figure["name"]): figure["value"] for figure in read_json(file).get("figures", [])}
    except (AttributeError, KeyError, TypeError):
        raise ValueError(f"{file} holds no figures of an evaluation. Evaluate the checkpoint again.") from None
