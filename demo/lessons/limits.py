"""How many points the plane holds, how far out they lie, and between what a number may be: what every lesson checks."""

import math

from torch import Tensor

REACH = 8.0
"""The farthest from the middle that a point of the plane may lie."""


def check_points(points: Tensor, most: int) -> None:
    """ValueError for anything but 1 to `most` points within reach, [N, 2]."""
    if points.ndim != 2 or points.shape[1] != 2 or not 1 <= len(points) <= most:
        raise ValueError(f"The plane holds 1 to {most} of these.")
    if not points.abs().le(REACH).all():
        raise ValueError("A point went out of sight. Reset the plane.")


def check_number(number: float, low: float, high: float) -> None:
    """ValueError for one that doesn't lie between the two."""
    if not low <= number <= high or math.isnan(number):
        raise ValueError(f"This number lies between {low:g} and {high:g}, not {number:g}.")
