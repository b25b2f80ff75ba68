"""Lesson 2: points of the plane, K codes and their cells, the hard lookup and the soft one."""

import torch
from torch import Tensor

from demo.lessons.limits import check_number, check_points
from vqcore.study.plane import Lookup, look_up

MOST_CODES, MOST_POINTS = 8, 12
CELLS_SIDE = 240


def look_up_points(codes: Tensor, points: Tensor, temperature: float) -> Lookup:
    """What each of 1 to MOST_POINTS points, float [N, 2], finds among 1 to MOST_CODES codes, float [K, 2]."""
    check_points(codes, MOST_CODES)
    check_points(points, MOST_POINTS)
    check_number(temperature, 1e-4, 1e2)
    return look_up(points.float(), codes.float(), temperature)


def cells(codes: Tensor, temperature: float) -> Tensor:
    """CELLS_SIDE² places of [-1, 1]², row by row from the top: 32 times the nearest code, plus the soft lookup's weight of
    it as 0 … 31. uint8 [CELLS_SIDE²]."""
    middles = (torch.arange(CELLS_SIDE) + 0.5) / CELLS_SIDE * 2 - 1
    everywhere = look_up(torch.cartesian_prod(-middles, middles).flip(1), codes.float(), temperature)
    sureness = (31 * everywhere.weights.amax(1)).round().long()
    return (32 * everywhere.tokens + sureness).to(torch.uint8)
