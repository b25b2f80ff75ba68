"""Lesson 3: the plane trained step by step, each loss on or off, with and without the stop-gradient."""

from collections.abc import Mapping, Sequence

import torch

from demo.lessons.limits import check_number, check_points
from vqcore.study.plane import Plane, Rules, Step, train_step

POINTS, CODES = 36, 6
MOST_BETA = 8
SWITCHES = ("reconstruction", "codebook", "commitment", "stop_gradient", "revive")
PARTS = ("x", "z_e", "codebook", "counts")


def scatter_plane(seed: int) -> Plane:
    """Pictures x, an encoder that has learned nothing (z_e is x turned and shrunk), and codes."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(POINTS, 2, generator=generator) * 1.6 - 0.8
    codebook = torch.rand(CODES, 2, generator=generator) * 1.6 - 0.8
    codebook[-1] = torch.tensor([1.1, 1.1])  # too far away for anybody: dead from the start
    z_e = x @ torch.tensor([[-0.1, 0.5], [-0.5, -0.1]])
    return Plane(x, z_e, codebook, torch.full((CODES,), POINTS / CODES))


def train_plane(plane: Plane, rules: Rules) -> Step:
    """One step. ValueError for a plane that isn't like those that `scatter_plane` makes, and for too large a β."""
    for points, most in ((plane.x, POINTS), (plane.z_e, POINTS), (plane.codebook, CODES)):
        check_points(points, most)
    for count in plane.counts.tolist():
        check_number(count, 0, 1e6)
    if len(plane.x) != len(plane.z_e) or len(plane.codebook) != len(plane.counts):
        raise ValueError("The plane doesn't fit together. Reset it.")
    check_number(rules.beta, 0, MOST_BETA)
    return train_step(plane, rules)


def to_lists(plane: Plane) -> dict[str, list]:
    """The plane as it travels: {"x", "z_e": [[x, y], …], "codebook", "counts"}."""
    return {name: getattr(plane, name).tolist() for name in PARTS}


def from_lists(lists: Mapping[str, Sequence]) -> Plane:
    """The inverse of `to_lists`."""
    return Plane(*(torch.tensor(lists[name], dtype=torch.float32) for name in PARTS))
