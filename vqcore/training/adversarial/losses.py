"""What a second decoder is trained by: an error, a discriminator's verdict, and how much fine detail there is; in shares that are set at
the picture, so that no part drowns another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

CALM_WINDOW = 16  # pixels a side, in which a picture is calm or rough
CALM = 0.02  # the variance of brightness, in [-1, 1], from which on a window is rough
DETAIL_WINDOWS = 8, 16  # pixels a side, in which detail is counted
FAINT = 4e-4  # the mean square of a derivative below which detail is the grain of a camera


def balanced(x_tilde: Tensor, error: Tensor, others: Sequence[tuple[Tensor, float]]) -> Tensor:
    """The gradient of an error with respect to the picture x̃ that it was worked out from, and of the other losses, each scaled to so
    large a share of the error's: VQGAN's adaptive weight (2012.09841, eq. 7), at the picture instead of the last layer."""
    (total,) = torch.autograd.grad(error, x_tilde, retain_graph=True)
    length = total.norm()
    for loss, share in others:
        (gradient,) = torch.autograd.grad(loss, x_tilde, retain_graph=True)
        total = total + share * length / gradient.norm().clamp_min(1e-12) * gradient
    return total


def visible_error(x: Tensor, x_tilde: Tensor, grey: Tensor) -> Tensor:
    """The mean squared error of pictures [B, C, H, W], half of it weighed by how calm the original is there: on a wall one sees what in
    grass one doesn't, and a mean of PSNR over pictures is lost on the calm ones. grey: the original's brightness, [B, 1, H, W]."""
    squares = (x_tilde - x).square().mean(1, keepdim=True)
    pooled = lambda picture: F.avg_pool2d(picture, CALM_WINDOW, CALM_WINDOW // 2)
    variance = (pooled(grey.square()) - pooled(grey).square()).clamp_min(0)
    weight = 1 / (variance + CALM)
    return 0.5 * squares.mean() + 0.5 * (weight / weight.mean() * pooled(squares)).mean()


def detail_gap(real: Tensor, decoded: Tensor) -> Tensor:
    """How far two grey pictures [B, 1, H, W] are apart in how much fine detail there is, window by window, whatever it shows: of first and
    second derivatives the root mean squares in each window, their differences as a share of the real ones' mean."""
    smooth, slope, bend = torch.tensor([[1.0, 2, 1], [-2, 0, 2], [-2, 4, -2]]) / 4
    pairs = ((smooth, slope), (slope, smooth), (smooth, bend), (bend, smooth))
    kernels = torch.stack([torch.outer(down, across) for down, across in pairs])[:, None].to(real.device)
    total = real.new_zeros(())
    for window in DETAIL_WINDOWS:
        r, d = (F.avg_pool2d(F.conv2d(x, kernels).square(), window, window // 2).add(FAINT).sqrt() for x in (real, decoded))
        total = total + ((r - d).abs().mean((0, 2, 3)) / r.mean((0, 2, 3))).mean()
    return total / len(DETAIL_WINDOWS)


def hinge(real: Tensor, decoded: Tensor) -> Tensor:
    """What the discriminator minimises: max(0, 1 − D(x)) + max(0, 1 + D(x̃)), means over patches (1705.02894)."""
    return F.relu(1 - real).mean() + F.relu(1 + decoded).mean()


def shifted(pictures: Sequence[Tensor], f: int) -> list[Tensor]:
    """All cut by the same f pixels [B, C, H − f, W − f], from where chance has it, so that no stride of a discriminator keeps step with
    the tokens: what it asks of one place in its stride would come out as a grid."""
    down, across = torch.randint(f, (2,)).tolist()
    return [x[..., down : x.shape[-2] - f + down, across : x.shape[-1] - f + across] for x in pictures]
