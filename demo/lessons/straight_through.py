"""Lesson 4: one gradient with respect to z_e, found in three ways."""

import torch
from torch import Tensor

from demo.lessons.limits import check_number, check_points
from demo.lessons.plane import MOST_CODES
from vqcore.study.plane import Slopes, losses_at, slopes

SLICE = 401
"""Places of the line through z_e at which the loss is computed."""


def find_slopes(codes: Tensor, z_e: Tensor, x: Tensor, h: float) -> Slopes:
    """The loss and its gradient in three ways. codes: float [K, 2];  z_e, x: float64 [2];  h: the step of the differences."""
    check_points(codes, MOST_CODES)
    check_points(torch.stack([z_e, x]), 2)
    check_number(h, 1e-6, 1)
    return slopes(z_e, x, codes.float(), h)


def slice_loss(codes: Tensor, z_e: Tensor, x: Tensor) -> Tensor:
    """The loss along the level line through z_e, from −1 to 1: float64 [SLICE]."""
    line = torch.stack([torch.linspace(-1, 1, SLICE).double(), z_e[1].expand(SLICE)], 1)
    return losses_at(line, x, codes.float())
