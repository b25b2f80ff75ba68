"""The endpoints of the lessons: what each computes while its screen is moved."""

from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import torch
from gradio.data_classes import FileData
from torch import Tensor

from demo.canvas.work import example_names
from demo.kit.files import patiently, to_file
from demo.kit.images import to_png
from demo.lessons import components, distribution, fashion, losses, plane, sentence, straight_through
from demo.lessons.crews import moves, studies
from vqcore.study.plane import Rules

MOST_STEPS = 200


def compress_patches(picture: str = "", numbers: int = 4, bits: int = 8) -> tuple[FileData, FileData, dict[str, float | None]]:
    """Lesson 1: an example picture in patches of 8 × 8, through PCA and through a codebook, at the same number of bits.

    Args:
        picture: an example's name, as astronaut; the first where empty
        numbers: n', how many numbers are written for a patch: 1, 2, 4, 8, 16, 32, 64 or 192
        bits: of each number: 4, 6 or 8

    Returns:
        what PCA's first n' weights give back
        what n' of 2^bits codes give back
        {"linear_psnr", "coded_psnr": in decibels, null where nothing was lost, "codes_used"}
    """
    found = patiently(studies, components.compress_patches, picture or example_names()[0], numbers, bits)
    figures = {"linear_psnr": found.linear_psnr, "coded_psnr": found.coded_psnr, "codes_used": found.codes_used}
    return _picture(found.linear), _picture(found.coded), figures


def look_up_points(codes: list[list[float]], points: list[list[float]], temperature: float = 0.1) -> dict[str, list]:
    """Lesson 2: which of K codes in the plane each point finds, by the nearest code and by the soft lookup.

    Args:
        codes: 1 to 8 of [x, y]
        points: 1 to 12 of [x, y]
        temperature: of the soft lookup; small is hard

    Returns:
        {"tokens": the nearest code of each point, "tied": all codes at that distance, "distances", "weights": [points,
        codes], "soft": the weighted sums of the codes}
    """
    found = patiently(moves, plane.look_up_points, _points(codes), _points(points), temperature)
    return {
        "tokens": found.tokens.tolist(), "tied": [row.nonzero()[:, 0].tolist() for row in found.tied],
        "distances": found.distances.tolist(), "weights": found.weights.tolist(), "soft": found.soft.tolist(),
    }


def train_plane(
    steps: int = 20, beta: float = 0.25, reconstruction: bool = True, codebook: bool = True, commitment: bool = True,
    stop_gradient: bool = True, revive: bool = False, seed: int = 0, start: dict[str, list] = {},
) -> tuple[dict[str, list], list[dict[str, Any]]]:
    """Lesson 3: an autoencoder of points in the plane, trained with each of its losses on or off.

    Args:
        steps: 1 to 200
        beta: the weight of the commitment, 0 to 8
        reconstruction: with the reconstruction loss
        codebook: with the codebook loss
        commitment: with the commitment loss
        stop_gradient: with sg[·] in the last two
        revive: codes that nobody uses are put at a point
        seed: of the points at the start
        start: the plane that an earlier call came to; a new one where empty

    Returns:
        the plane after the last step, {"x", "z_e", "codebook", "counts"}
        of each step {"losses", "switched": points that changed their code, "revived": codes}
    """
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"Take 1 to {MOST_STEPS} steps in one call.")
    rules = Rules(
        reconstruction=reconstruction, codebook=codebook, commitment=commitment, stop_gradient=stop_gradient, beta=beta, revive=revive
    )
    reached, told = losses.from_lists(start) if start else patiently(moves, losses.scatter_plane, seed), []
    for _ in range(steps):
        step = patiently(moves, losses.train_plane, reached, rules)
        reached = step.plane
        told.append({
            "losses": step.losses, "switched": step.switched.nonzero()[:, 0].tolist(), "revived": step.revived.nonzero()[:, 0].tolist(),
        })
    return losses.to_lists(reached), told


def find_slopes(codes: list[list[float]], z_e: list[float], x: list[float], h: float = 0.001) -> dict[str, Any]:
    """Lesson 4: the gradient of the reconstruction loss with respect to z_e, found in three ways.

    Args:
        codes: 1 to 8 of [x, y]
        z_e: what the encoder gave, [x, y]
        x: the picture, [x, y]
        h: the step of the finite differences

    Returns:
        {"loss", "token", "estimated": by the straight-through estimator, "plain": without it, "differences": by finite
        differences}
    """
    found = patiently(moves, straight_through.find_slopes, _points(codes), _points(z_e), _points(x), h)
    return {
        "loss": found.loss, "token": found.token, "estimated": found.estimated.tolist(), "plain": found.plain.tolist(),
        "differences": found.differences.tolist(),
    }


def decode_latent(z: list[float]) -> tuple[FileData, float]:
    """Lesson 5: what a variational autoencoder of clothes decodes a place of its plane to.

    Args:
        z: [x, y]

    Returns:
        the picture
        N(0, I)'s density there over that at 0
    """
    found = patiently(moves, distribution.decode_latent, fashion.autoencoder(), _points(z))
    return _picture(found.picture), found.density


def draw_latents(
    kind: Literal["normal", "uniform", "marginal", "autoregressive"], seed: int = 0, temperature: float = 1.0
) -> tuple[FileData, dict[str, Any]]:
    """Lesson 5: eight pictures of clothes from a distribution of latents.

    Args:
        kind: a Normal latent, or tokens that are uniform, drawn each by its share, or written by a prior
        seed: the same seed gives the same pictures
        temperature: of the prior

    Returns:
        the pictures in a row
        {"by": the model, "cost": bits that the distribution itself pays for a token, "judged": that the prior pays}
    """
    if kind == "normal":
        drawn = patiently(studies, distribution.draw_normal, fashion.autoencoder(), seed)
        return _picture(drawn.pictures), {"by": drawn.by}
    drawn = patiently(studies, distribution.draw_tokens, fashion.prior(), kind, seed, temperature)
    return _picture(drawn.pictures), {"by": drawn.by, "cost": drawn.cost, "judged": drawn.judged}


def next_codes(condition: str = "", tokens: list[int] = []) -> dict[str, Any]:
    """Lesson 6: the sentence of a picture so far, and what a prior of scenes, or where that isn't here of clothes, expects next.

    Args:
        condition: what it is a picture of, as a red cube on sand, or sneaker; nothing where empty
        tokens: the codes so far, in raster order

    Returns:
        {"prefix": the integers that stand before the codes, "words", "next": the likeliest codes with their
        probabilities, null at the end, "uncertainty": in bits}
    """
    return asdict(patiently(moves, sentence.read_sentence, sentence.prior(), condition or None, tokens))


def write_sentence(condition: str = "", tokens: list[int] = [], seed: int = 0, temperature: float | None = None) -> list[int]:
    """Lesson 6: a picture's sentence, written to its end.

    Args:
        condition: what it is a picture of; anything where empty
        tokens: the codes to begin with
        seed: the same seed gives the same sentence
        temperature: logits are divided by it; as the prior draws best where left out

    Returns:
        all codes, in raster order
    """
    return patiently(studies, sentence.write_sentence, sentence.prior(), condition or None, tokens, seed, temperature)


def judge_sentence(tokens: list[int]) -> dict[str, float]:
    """Lesson 6: what a whole sentence costs after each text, in bits.

    Args:
        tokens: as write_sentence gives them

    Returns:
        bits by text, the cheapest first; "" is no text
    """
    return dict(patiently(studies, sentence.judge_sentence, sentence.prior(), tokens))


def _points(values: list) -> Tensor:
    """[x, y], or several, as float64 [2] or [N, 2]."""
    return torch.tensor(values, dtype=torch.float64)


def _picture(pixels: np.ndarray) -> FileData:
    return to_file(to_png(pixels), "picture.png", "image/png")
