"""Vector quantization with D = 2, where all of it can be seen: the lookup, its gradients, a step of training.

The picture x is a point of the plane, the encoder is a table (each z_e is free to move), and the decoder is the
identity, so x̃ = z_q. Everything else is what trains a tokenizer: `nearest_codes`, `VectorQuantizer` and autograd.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore.quantizers.vq import VectorQuantizer, nearest_codes


@dataclass(frozen=True)
class Lookup:
    """What N points find in a codebook of K codes.

    tokens: the hard choice, int64 [N];  distances: ‖z_e − e_j‖₂, float64 [N, K];  tied: codes at exactly the least
    distance, bool [N, K];  weights: the soft choice, float64 [N, K];  soft: Σ_j weights_j e_j, float64 [N, 2].
    """

    tokens: Tensor
    distances: Tensor
    tied: Tensor
    weights: Tensor
    soft: Tensor


def look_up(points: Tensor, codebook: Tensor, temperature: float) -> Lookup:
    """The hard lookup (a `dict`) and the soft one: weights softmax_j(−‖z_e − e_j‖² / temperature).

    As the temperature falls to 0, the soft lookup becomes the hard one. points: float [N, D]; codebook: [K, D].
    """
    if not temperature > 0:
        raise ValueError(f"A temperature is above 0, not {temperature}; the hard lookup is its limit at 0.")
    codes = codebook.double()
    squares = (points.double()[:, None] - codes).square().sum(2)
    weights = (-squares / temperature).softmax(1)
    return Lookup(
        nearest_codes(points, codebook), squares.sqrt(), squares == squares.amin(1, keepdim=True), weights, weights @ codes
    )


@dataclass(frozen=True)
class Plane:
    """x: float32 [N, 2];  z_e: float32 [N, 2];  codebook: float32 [K, 2];  counts: running tokens a code, float32 [K]."""

    x: Tensor
    z_e: Tensor
    codebook: Tensor
    counts: Tensor


@dataclass(frozen=True)
class Rules:
    """Which losses train, with or without the stop-gradient, and whether dead codes come back.

    rate: how much of a point's gradient one step takes. A point's z_e stands for an encoder of its own, so its gradient
    is that of its own loss, not of the mean over points.
    """

    reconstruction: bool = True
    codebook: bool = True
    commitment: bool = True
    stop_gradient: bool = True
    beta: float = 0.25
    revive: bool = True
    rate: float = 0.03


@dataclass(frozen=True)
class Gradient:
    """Of one loss with respect to z_e, float32 [N, 2], and to the codebook, float32 [K, 2]; zero where none flows."""

    z_e: Tensor
    codebook: Tensor


@dataclass(frozen=True)
class Step:
    """What one step did: the plane after it, and before it the tokens, the three losses and their gradients.

    switched: which points have another code after the step, bool [N];  revived: which codes were replaced, bool [K].
    """

    plane: Plane
    tokens: Tensor
    losses: dict[str, float]
    gradients: dict[str, Gradient]
    switched: Tensor
    revived: Tensor


def train_step(plane: Plane, rules: Rules) -> Step:
    """One step of gradient descent on the notes' total loss,

        ‖x − z_q‖² + ‖sg(z_e) − z_q‖² + β ‖z_e − sg(z_q)‖²        (1711.00937, eq. 3)

    with the losses that the rules leave on. The gradients of all three are there either way, β's in the third.
    """
    quantizer = _quantizer(plane, rules)
    z_e = plane.z_e.clone().requires_grad_()
    quantized = quantizer(z_e)
    tokens = quantized.tokens
    codebook_loss, commitment_loss = quantized.codebook_loss, quantized.commitment_loss
    if not rules.stop_gradient:
        codebook_loss = commitment_loss = F.mse_loss(F.embedding(tokens, quantizer.codebook), z_e)
    losses = {
        "reconstruction": F.mse_loss(quantized.z_q, plane.x),
        "codebook": codebook_loss,
        "commitment": rules.beta * commitment_loss,
    }
    gradients = {name: _gradient(loss * len(z_e), z_e, quantizer.codebook) for name, loss in losses.items()}
    on = [gradients[name] for name in losses if getattr(rules, name)]
    revived = (quantizer.codebook.detach() != plane.codebook).any(1)
    after = replace(
        plane,
        z_e=plane.z_e - rules.rate * sum(g.z_e for g in on),
        codebook=quantizer.codebook.detach() - rules.rate * sum(g.codebook for g in on),
        counts=quantizer.ema_counts.clone(),
    )
    switched = nearest_codes(after.z_e, after.codebook) != tokens
    return Step(after, tokens, {name: loss.item() for name, loss in losses.items()}, gradients, switched, revived)


@dataclass(frozen=True)
class Slopes:
    """The gradient of ‖x − z_q(z_e)‖² with respect to z_e, found in three ways, each float64 [2], and the loss.

    estimated: autograd through the straight-through estimator;  plain: autograd through the lookup itself;
    differences: central differences of step h.
    """

    loss: float
    token: int
    estimated: Tensor
    plain: Tensor
    differences: Tensor


def slopes(z_e: Tensor, x: Tensor, codebook: Tensor, h: float) -> Slopes:
    """z_e, x: float64 [2]; codebook: float [K, 2]; h > 0."""
    if not h > 0:
        raise ValueError(f"Finite differences take a step above 0, not {h}.")
    quantizer = _quantizer(Plane(x[None], z_e[None], codebook, torch.ones(len(codebook))), Rules()).eval()
    point = z_e[None].clone().requires_grad_()
    quantized = quantizer(point)
    loss = F.mse_loss(quantized.z_q, x[None])
    estimated = _gradient(loss, point, quantizer.codebook).z_e[0]
    looked_up = F.mse_loss(quantizer.decode(quantizer.encode(point)).double(), x[None])
    plain = _gradient(looked_up, point, quantizer.codebook).z_e[0]
    ends = z_e + h * torch.cat([torch.eye(2), -torch.eye(2)]).double()
    high, low = losses_at(ends, x, codebook).view(2, 2)
    return Slopes(loss.item(), int(quantized.tokens), estimated, plain, (high - low) / (2 * h))


@torch.no_grad()
def losses_at(points: Tensor, x: Tensor, codebook: Tensor) -> Tensor:
    """‖x − z_q‖², mean over elements, for each point taken as z_e: float64 [N]. A staircase: flat but at borders."""
    z_q = codebook[nearest_codes(points, codebook)].double()
    return F.mse_loss(z_q, x.expand_as(z_q), reduction="none").mean(1)


def _quantizer(plane: Plane, rules: Rules) -> VectorQuantizer:
    quantizer = VectorQuantizer(len(plane.codebook), 2, rules.beta, revive_below=0.3 if rules.revive else 0)
    quantizer.codebook.data.copy_(plane.codebook)
    quantizer.ema_counts.copy_(plane.counts)
    quantizer.started.fill_(True)
    return quantizer.train()


def _gradient(loss: Tensor, z_e: Tensor, codebook: Tensor) -> Gradient:
    found = (None, None)
    if loss.requires_grad:
        found = torch.autograd.grad(loss, (z_e, codebook), retain_graph=True, allow_unused=True)
    return Gradient(*(torch.zeros_like(of) if g is None else g for g, of in zip(found, (z_e, codebook))))
