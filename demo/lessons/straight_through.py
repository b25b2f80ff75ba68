"""Lesson 4: one gradient with respect to z_e, found in three ways."""

import torch

from demo.lessons.plane import MOST_CODES
from demo.lessons.questions import moves, read_number, read_points
from demo.workers import answered_by
from vqcore.study.plane import losses_at, slopes

SLICE = 401
"""Places of the line through z_e at which the loss is computed."""


@answered_by(moves)
def find_slopes(question: dict) -> dict:
    """{"codes", "z_e": [x, y], "x": [x, y], "h"} → the loss, its gradient in three ways, and its slice along z_e's line."""
    codes = read_points(question["codes"], MOST_CODES).float()
    z_e, x = (read_points([question[name]], 1)[0] for name in ("z_e", "x"))
    found = slopes(z_e, x, codes, read_number(question["h"], 1e-6, 1))
    line = torch.stack([torch.linspace(-1, 1, SLICE).double(), z_e[1].expand(SLICE)], 1)
    return {
        "loss": found.loss,
        "token": found.token,
        "estimated": found.estimated.tolist(),
        "plain": found.plain.tolist(),
        "differences": found.differences.tolist(),
        "slice": losses_at(line, x, codes).tolist(),
    }


SERVER_FUNCTIONS = [find_slopes]
