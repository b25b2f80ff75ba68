"""Lesson 2: points of the plane, K codes and their cells, the hard lookup and the soft one."""

import torch

from demo.lessons.questions import moves, read_number, read_points, to_base64
from demo.workers import answered_by
from vqcore.study.plane import look_up

MOST_CODES, MOST_POINTS = 8, 12
CELLS_SIDE = 240


@answered_by(moves)
def look_up_points(question: dict) -> dict:
    """{"codes": [[x, y], …], "points", "temperature"} → what each point finds, and the cells of the plane.

    The cells are one byte for each of CELLS_SIDE² places of [-1, 1]², row by row from the top: 32 times the nearest
    code, and the soft lookup's weight of it, 0 … 31.
    """
    codes = read_points(question["codes"], MOST_CODES).float()
    points = read_points(question["points"], MOST_POINTS).float()
    temperature = read_number(question["temperature"], 1e-4, 1e2)
    found = look_up(points, codes, temperature)
    everywhere = look_up(_places(), codes, temperature)
    sureness = (31 * everywhere.weights.amax(1)).round().long()
    return {
        "tokens": found.tokens.tolist(),
        "tied": [row.nonzero()[:, 0].tolist() for row in found.tied],
        "distances": found.distances.tolist(),
        "weights": found.weights.tolist(),
        "soft": found.soft.tolist(),
        "cells": to_base64(32 * everywhere.tokens + sureness),
    }


SERVER_FUNCTIONS = [look_up_points]


def _places() -> torch.Tensor:
    """The middles of CELLS_SIDE² squares of [-1, 1]², row by row from the top: float32 [CELLS_SIDE², 2]."""
    middles = (torch.arange(CELLS_SIDE) + 0.5) / CELLS_SIDE * 2 - 1
    return torch.cartesian_prod(-middles, middles).flip(1)
