"""Lesson 3: the plane trained step by step, each loss on or off, with and without the stop-gradient."""

import torch

from demo.lessons.questions import moves, read_number, read_points
from demo.workers import answered_by
from vqcore.study.plane import Plane, Rules, train_step

POINTS, CODES = 36, 6
MOST_BETA = 8
SWITCHES = ("reconstruction", "codebook", "commitment", "stop_gradient", "revive")


@answered_by(moves)
def scatter_plane(question: dict) -> dict:
    """{"seed"} → {"plane"}: pictures x, an encoder that has learned nothing (z_e is x turned and shrunk), and codes."""
    generator = torch.Generator().manual_seed(int(question["seed"]))
    x = torch.rand(POINTS, 2, generator=generator) * 1.6 - 0.8
    codebook = torch.rand(CODES, 2, generator=generator) * 1.6 - 0.8
    codebook[-1] = torch.tensor([1.1, 1.1])  # too far away for anybody: dead from the start
    z_e = x @ torch.tensor([[-0.1, 0.5], [-0.5, -0.1]])
    return {"plane": _to_json(Plane(x, z_e, codebook, torch.full((CODES,), POINTS / CODES)))}


@answered_by(moves)
def train_plane(question: dict) -> dict:
    """{"plane", "rules"} → the plane after one step, and what the step saw: tokens, losses, gradients, switches."""
    sent, rules = question["plane"], question["rules"]
    counts = torch.tensor([read_number(count, 0, 1e6) for count in sent["counts"]])
    plane = Plane(
        read_points(sent["x"], POINTS).float(), read_points(sent["z_e"], POINTS).float(),
        read_points(sent["codebook"], CODES).float(), counts,
    )
    if len(plane.x) != len(plane.z_e) or len(plane.codebook) != len(counts):
        raise ValueError("The plane doesn't fit together. Reset it.")
    beta = read_number(rules["beta"], 0, MOST_BETA)
    step = train_step(plane, Rules(beta=beta, **{name: bool(rules[name]) for name in SWITCHES}))
    return {
        "plane": _to_json(step.plane),
        "tokens": step.tokens.tolist(),
        "losses": step.losses,
        "gradients": {
            name: {"z_e": gradient.z_e.tolist(), "codebook": gradient.codebook.tolist()}
            for name, gradient in step.gradients.items()
        },
        "switched": step.switched.nonzero()[:, 0].tolist(),
        "revived": step.revived.nonzero()[:, 0].tolist(),
    }


SERVER_FUNCTIONS = [scatter_plane, train_plane]


def _to_json(plane: Plane) -> dict:
    return {name: getattr(plane, name).tolist() for name in ("x", "z_e", "codebook", "counts")}
