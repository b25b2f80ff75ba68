"""What the lessons ask of the server, outside the queue: as demo/kit/page.py."""

import base64
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from demo import models
from demo.kit.images import tile_sheet, to_png_url
from demo.kit.page import EXPLAINING
from demo.lessons import blur, components, distribution, fashion, losses, plane, sentence, straight_through
from demo.lessons.crews import moves, studies
from demo.workers import answered_by
from vqcore.study.plane import Rules

# 1. From PCA to codes


@answered_by(studies)
def compress_patches(question: dict) -> dict:
    """{"picture", "numbers": n', "bits": b} → both reconstructions as PNGs, their PSNR in dB, and the codes as a PNG."""
    return _compressed(question["picture"], int(question["numbers"]), int(question["bits"]))


@answered_by(studies)
def read_components(question: dict) -> dict:
    """{"picture"} → the picture itself, the components as a sheet of pictures, and what a trained tokenizer makes of it."""
    tokenizer = models.tokenizer()
    found = components.read_components(question["picture"], tokenizer)
    return {
        "picture": to_png_url(found.picture),
        "components": to_png_url(found.components),
        "learned": {
            "name": tokenizer.name, "picture": to_png_url(found.learned), "psnr": found.learned_psnr, "bits": found.learned_bits,
        },
    }


@answered_by(moves)
def read_patch(question: dict) -> dict:
    """{"picture", "numbers", "bits", "row", "column"} → {"weights", "codes"}: the numbers that each writes for a patch."""
    place = (int(question[name]) for name in ("numbers", "bits", "row", "column"))
    weights, codes = components.read_patch(question["picture"], *place)
    return {"weights": weights.tolist(), "codes": codes.tolist()}


# 2. Quantization in the plane


@answered_by(moves)
def look_up_points(question: dict) -> dict:
    """{"codes": [[x, y], …], "points", "temperature"} → what each point finds, and the cells of the plane: base64 of one byte
    for each of its places."""
    codes, points, temperature = _points(question["codes"]), _points(question["points"]), float(question["temperature"])
    found = plane.look_up_points(codes, points, temperature)
    return {
        "tokens": found.tokens.tolist(),
        "tied": [row.nonzero()[:, 0].tolist() for row in found.tied],
        "distances": found.distances.tolist(),
        "weights": found.weights.tolist(),
        "soft": found.soft.tolist(),
        "cells": base64.b64encode(plane.cells(codes, temperature).numpy().tobytes()).decode("ascii"),
    }


# 3. Three losses and a stop-gradient


@answered_by(moves)
def scatter_plane(question: dict) -> dict:
    """{"seed"} → {"plane"}: pictures x, an encoder that has learned nothing, and codes."""
    return {"plane": losses.to_lists(losses.scatter_plane(int(question["seed"])))}


@answered_by(moves)
def train_plane(question: dict) -> dict:
    """{"plane", "rules"} → the plane after one step, and what the step saw: tokens, losses, gradients, switches."""
    given = question["rules"]
    rules = Rules(beta=float(given["beta"]), **{name: bool(given[name]) for name in losses.SWITCHES})
    step = losses.train_plane(losses.from_lists(question["plane"]), rules)
    return {
        "plane": losses.to_lists(step.plane),
        "tokens": step.tokens.tolist(),
        "losses": step.losses,
        "gradients": {
            name: {"z_e": gradient.z_e.tolist(), "codebook": gradient.codebook.tolist()} for name, gradient in step.gradients.items()
        },
        "switched": step.switched.nonzero()[:, 0].tolist(),
        "revived": step.revived.nonzero()[:, 0].tolist(),
    }


@answered_by(studies)
def read_meanings(question: dict) -> dict:
    """{"number"} → {"code", "squares", "mean", "decoded"}: PNGs, the squares side by side; all null where nobody cut squares."""
    found = blur.read_meanings(models.tokenizer(), int(question["number"]))
    if found is None:
        return dict.fromkeys(("code", "squares", "mean", "decoded"))
    pictures = {"squares": np.concatenate(list(found.squares), 1), "mean": found.mean, "decoded": found.decoded}
    return {"code": found.code} | {name: to_png_url(pixels) for name, pixels in pictures.items()}


@answered_by(studies)
def read_decoders(question: dict) -> dict:
    """{"picture"} → {"original", "decoders": [{"name", "picture", "psnr", "sharpness"}]}: an example's tokens through each of their
    decoders, the tokenizer's own first."""
    original, seen = blur.through_decoders(models.tokenizer(), question["picture"])
    return {"original": to_png_url(original), "decoders": [vars(each) | {"picture": to_png_url(each.picture)} for each in seen]}


# 4. Straight through


@answered_by(moves)
def find_slopes(question: dict) -> dict:
    """{"codes", "z_e": [x, y], "x": [x, y], "h"} → the loss, its gradient in three ways, and its slice along z_e's line."""
    codes, z_e, x = (_points(question[name]) for name in ("codes", "z_e", "x"))
    found = straight_through.find_slopes(codes, z_e, x, float(question["h"]))
    return {
        "loss": found.loss,
        "token": found.token,
        "estimated": found.estimated.tolist(),
        "plain": found.plain.tolist(),
        "differences": found.differences.tolist(),
        "slice": straight_through.slice_loss(codes, z_e, x).tolist(),
    }


# 5. Learning the distribution


@answered_by(moves)
def read_latents(question: dict) -> dict:
    """{} → {"seen"}: where the encoder puts pictures that it didn't train on, [[x, y], …]."""
    seen = fashion.autoencoder().seen
    return {"seen": [] if seen is None else seen.tolist()}


@answered_by(moves)
def decode_latent(question: dict) -> dict:
    """{"z": [x, y]} → {"picture", "density"}: its decoding, and N(0, I)'s density there over that at 0."""
    found = distribution.decode_latent(fashion.autoencoder(), _points(question["z"]))
    return {"picture": to_png_url(found.picture), "density": found.density}


@answered_by(studies)
def draw_pictures(question: dict) -> dict:
    """{"kind", "seed", "temperature"} → {"pictures", "by", "cost", "judged"}: a strip of what is drawn, and bits a token, which
    the Normal latent doesn't have."""
    kind, seed = question["kind"], int(question["seed"])
    if kind == "normal":
        drawn = distribution.draw_normal(fashion.autoencoder(), seed)
        return {"pictures": to_png_url(drawn.pictures), "by": drawn.by}
    drawn = distribution.draw_tokens(fashion.prior(), kind, seed, float(question["temperature"]))
    return {"pictures": to_png_url(drawn.pictures), "by": drawn.by, "cost": drawn.cost, "judged": drawn.judged}


# 6. A picture is a sentence


@answered_by(studies)
def read_vocabulary(question: dict) -> dict:
    """{} → the one vocabulary, the grid's shape, what each code looks like, and the texts to choose from."""
    prior = sentence.prior()
    layout, tokenizer = prior.layout, models.tokenizer_of(prior)
    return {
        "prior": prior.name,
        "words": layout.text.size,
        "blank": layout.blank,
        "sep": layout.sep,
        "first_code": layout.first_code,
        "size": layout.vocabulary_size,
        "shape": list(layout.grids[0].shape),
        "downsampling": tokenizer.levels[0].downsampling,
        "conditions": sentence.texts(prior),
        "tiles": to_png_url(tile_sheet(models.appearance(tokenizer))),
    }


@answered_by(moves)
def read_sentence(question: dict) -> dict:
    """{"condition", "tokens": the codes so far} → the whole prefix as integers and words, what comes next, and the picture.

    next: the likeliest codes with their probabilities, null at the end;  uncertainty: what the next one costs on
    average, in bits;  picture: the decoded grid, where the page covers the codes that aren't written yet.
    """
    prior, tokens = sentence.prior(), question["tokens"]
    read = sentence.read_sentence(prior, question["condition"] or None, tokens)
    return asdict(read) | {"picture": to_png_url(sentence.picture_of(prior, tokens))}


@answered_by(studies)
def write_sentence(question: dict) -> dict:
    """{"condition", "tokens", "seed"} → {"tokens"}: the sentence, written to its end as the prior draws best."""
    seed = int(question["seed"])
    return {"tokens": sentence.write_sentence(sentence.prior(), question["condition"] or None, question["tokens"], seed, None)}


@answered_by(studies)
def judge_sentence(question: dict) -> dict:
    """{"tokens": a whole sentence} → {"bits": [[text, bits], …]}: what its codes cost after each text, cheapest first."""
    return {"bits": [list(each) for each in sentence.judge_sentence(sentence.prior(), question["tokens"])]}


SERVER_FUNCTIONS = [
    *EXPLAINING, compress_patches, read_components, read_patch, look_up_points, scatter_plane, train_plane, read_meanings,
    read_decoders, find_slopes, read_latents, decode_latent, draw_pictures, read_vocabulary, read_sentence, write_sentence, judge_sentence,
]


@lru_cache(maxsize=256)
def _compressed(picture: str, numbers: int, bits: int) -> dict:
    found = components.compress_patches(picture, numbers, bits)
    return {
        "linear": to_png_url(found.linear),
        "coded": to_png_url(found.coded),
        "linear_psnr": found.linear_psnr,
        "coded_psnr": found.coded_psnr,
        "codes": to_png_url(found.codes),
        "codes_used": found.codes_used,
    }


def _points(value: Any) -> Tensor:
    """[x, y], or several, as float64 [2] or [N, 2]."""
    return torch.tensor(value, dtype=torch.float64)
