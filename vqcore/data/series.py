"""Time series: a CSV file of numbers as [time, features], and its columns scaled for a tokenizer and back."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcore.files import shown

MOST_VALUES = 2_000_000


@dataclass(frozen=True)
class Series:
    """names: of the features;  values: float64 [T, F]."""

    names: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True)
class Scaling:
    """Where each column's values lie: middle and reach (half of their range), float64 [F]; the reach of a column that
    stays the same is 0."""

    middle: np.ndarray
    reach: np.ndarray

    @staticmethod
    def of(series: Series) -> Scaling:
        low, high = series.values.min(0), series.values.max(0)
        return Scaling(low / 2 + high / 2, high / 2 - low / 2)

    def scale(self, values: np.ndarray) -> Tensor:
        """[T, F] → float32 [1, F, T] in [-1, 1], as a tokenizer with one spatial dimension takes it."""
        scaled = (values - self.middle) / np.where(self.reach > 0, self.reach, 1)
        return torch.from_numpy(scaled.T.astype(np.float32))[None]

    def restore(self, scaled: Tensor) -> np.ndarray:
        """The inverse: float [1, F, T] → float64 [T, F] in the file's own units."""
        return scaled[0].T.double().numpy() * self.reach + self.middle


def read_series(source: bytes | str | os.PathLike) -> Series:
    """Read a CSV file: a row a moment, a column a feature, names in the first row or nowhere; `,`, `;` or tabs between.

    source: the file's bytes, or its path. Raises ValueError, naming the row and the column, where there is no number.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError("This is not a text file. Save the table as CSV in UTF-8.") from None
    first = next((line for line in lines if line.strip()), "")
    between = max(",;\t", key=first.count)
    try:
        table = [(number, row) for number, row in enumerate(csv.reader(lines, delimiter=between), start=1) if any(map(str.strip, row))]
    except csv.Error as error:
        raise ValueError(f"This CSV file is damaged ({error}). Save it anew and try again.") from None
    has_names = bool(table) and all(_number(cell) is None for cell in table[0][1])
    first_row = table[0][1] if table else []
    names = tuple(cell.strip() if has_names else f"column {i + 1}" for i, cell in enumerate(first_row))
    rows = table[1:] if has_names else table
    if len(rows) < 2:
        raise ValueError("This CSV file has fewer than two rows of numbers. A time series has a row for each moment.")
    if len(rows) * len(names) > MOST_VALUES:
        raise ValueError(f"This CSV file has more than the {MOST_VALUES:,} numbers that are read here. Cut it first.")
    values = np.empty((len(rows), len(names)))
    for place, (number, row) in enumerate(rows):
        if len(row) != len(names):
            raise ValueError(f"Row {number} has {len(row)} values, and there are {len(names)} columns. Fill the gap or take the row out.")
        for column, cell in enumerate(row):
            value = _number(cell)
            if value is None:
                told = f"{cell.strip()[:30]!r}, which is no number," if cell.strip() else "a gap"
                raise ValueError(f"Row {number} has {told} in “{shown(names[column])}”. Put a number there or take the row out.")
            values[place, column] = value
    return Series(names, values)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
