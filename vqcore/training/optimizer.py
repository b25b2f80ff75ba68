"""One optimizer for every network here: Muon for the hidden weights, AdamW for the rest."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from vqcore import distributed


class Optimizer:
    """Muon (Jordan 2024; learning rates as in 2502.16982, so that both halves share one) and AdamW.

    hidden: the weights between hidden layers; a convolution's counts as one matrix, outputs × inputs·kernel.
    other: biases, embeddings, first and last layers, codebooks.
    momentum: AdamW's β₁.
    """

    def __init__(
        self, hidden: Iterable[nn.Parameter], other: Iterable[nn.Parameter], weight_decay: float = 0.01,
        longest_gradient: float = 1.0, momentum: float = 0.9,
    ):
        self.hidden, self.other, self.longest_gradient = list(hidden), list(other), longest_gradient
        self.matrices = [nn.Parameter(_as_matrix(weight.detach(), weight)) for weight in self.hidden]
        self.parts: list[torch.optim.Optimizer] = []
        if self.matrices:
            self.parts.append(torch.optim.Muon(self.matrices, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"))
        if self.other:
            self.parts.append(torch.optim.AdamW(self.other, betas=(momentum, 0.99), weight_decay=weight_decay))

    def step(self, rate: float) -> float:
        """One step at this learning rate, the same on all ranks, by the mean of their gradients, its norm clipped to
        `longest_gradient`; returns the norm before, and forgets the gradient."""
        distributed.average_gradients(self.hidden + self.other)
        norm = nn.utils.clip_grad_norm_(self.hidden + self.other, self.longest_gradient)
        for matrix, weight in zip(self.matrices, self.hidden):
            matrix.grad = None if weight.grad is None else _as_matrix(weight.grad, weight)
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
        for parameter in self.hidden + self.other + self.matrices:
            parameter.grad = None
        return float(norm)

    def state(self) -> dict[str, Tensor]:
        """All that is needed to go on, as tensors."""
        return {
            f"{i}.{j}.{name}": torch.as_tensor(value)
            for i, part in enumerate(self.parts)
            for j, parameter in enumerate(part.param_groups[0]["params"])
            for name, value in part.state[parameter].items()
        }

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        for key, value in tensors.items():
            i, j, name = key.split(".")
            part = self.parts[int(i)]
            parameter = part.param_groups[0]["params"][int(j)]
            # AdamW counts its steps on the processor, wherever the parameters are.
            part.state[parameter][name] = value if name == "step" else value.to(parameter.device)


def _as_matrix(tensor: Tensor, weight: Tensor) -> Tensor:
    """[out, in, *kernel] → [out, in·kernel], in the order in which the weight lies in memory, so that it is a view."""
    order = sorted(range(1, weight.ndim), key=weight.stride, reverse=True)
    return tensor.permute(0, *order).flatten(1)
