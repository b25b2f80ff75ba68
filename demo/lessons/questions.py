"""What every lesson's server function needs: a crew to run on, and a careful reading of what the page sent."""

import base64
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from demo.workers import Crew

moves = Crew(threads=1, waiting=6, first=True)
"""For what follows a finger: milliseconds of work."""
studies = Crew(threads=1, waiting=4)
"""For what takes longer: fitting and sampling. Nobody's drag waits for it."""

REACH = 8.0
"""The farthest from the middle that a point of the plane may lie."""


def read_points(value: Any, most: int) -> Tensor:
    """[[x, y], …] with 1 to `most` pairs → float64 [N, 2]."""
    points = torch.tensor(value, dtype=torch.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not 1 <= len(points) <= most:
        raise ValueError(f"The plane holds 1 to {most} of these.")
    if not points.abs().le(REACH).all():
        raise ValueError("A point went out of sight. Reset the plane.")
    return points


def read_number(value: Any, low: float, high: float) -> float:
    """A number between two limits."""
    number = float(value)
    if not low <= number <= high or math.isnan(number):
        raise ValueError(f"This number lies between {low:g} and {high:g}, not {number:g}.")
    return number


def to_base64(values: Tensor | np.ndarray) -> str:
    """Bytes of uint8 values, row by row."""
    return base64.b64encode(np.asarray(values, np.uint8).tobytes()).decode("ascii")
