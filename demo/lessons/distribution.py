"""Lesson 5: a latent that is assumed Normal, beside latents that are uniform, marginal and autoregressive."""

import math

import torch

from demo import models
from demo.kit.images import to_png_url
from demo.lessons import fashion
from demo.lessons.questions import moves, read_number, read_points, studies
from demo.workers import answered_by
from vqcore.metrics import entropy
from vqcore.priors.independent import draw_independent

DRAWN = 8
MOST_SEED = 1_000_000


@answered_by(moves)
def read_latents(question: dict) -> dict:
    """{} → {"seen"}: where the encoder puts pictures that it didn't train on, [[x, y], …]."""
    seen = fashion.autoencoder().seen
    return {"seen": [] if seen is None else seen.tolist()}


@answered_by(moves)
def decode_latent(question: dict) -> dict:
    """{"z": [x, y]} → {"picture", "density"}: its decoding, and N(0, I)'s density there over that at 0."""
    z = read_points([question["z"]], 1).float()
    return {
        "picture": to_png_url(fashion.strip(fashion.autoencoder().decode(z))),
        "density": math.exp(-float(z.square().sum()) / 2),
    }


@answered_by(studies)
def draw_pictures(question: dict) -> dict:
    """{"kind", "seed", "temperature"} → {"pictures", "cost", "judged", "by"}: a strip of what is drawn, and bits a token.

    cost: what the distribution itself pays for a token on average;  judged: what the autoregressive prior pays for
    these tokens;  by: its name. The Normal latent has no tokens, and so no bits.
    """
    kind, seed = question["kind"], int(read_number(question["seed"], 0, MOST_SEED))
    if kind == "normal":
        model = fashion.autoencoder()
        return {"pictures": to_png_url(fashion.strip(model.sample(DRAWN, seed))), "by": model.name}
    prior = fashion.prior()
    (grid,) = prior.layout.grids
    shares = torch.ones(grid.codebook_size)
    if kind == "marginal":
        shares = torch.from_numpy(models.usage(models.tokenizer_of(prior).levels[-1]).copy())
    if kind == "autoregressive":
        tokens = prior.sample(DRAWN, temperature=read_number(question["temperature"], 0, 4), seed=seed)[0]
    elif kind in ("uniform", "marginal"):
        tokens = draw_independent(shares, grid.shape, DRAWN, seed)
    else:
        raise ValueError("Draw from the normal, uniform, marginal or autoregressive distribution.")
    judged = float(prior.bits([tokens])[0].mean())
    return {
        "pictures": to_png_url(fashion.strip(fashion.pictures_of(tokens))),
        "cost": judged if kind == "autoregressive" else float(entropy(shares)),
        "judged": judged,
        "by": prior.name,
    }


SERVER_FUNCTIONS = [read_latents, decode_latent, draw_pictures]
