"""What a tokenizer is trained on, be it pictures or sounds: how a batch is drawn, what the loss is, how good a copy is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from torch import Tensor

HELD_OUT = 48  # pictures or clips at the most, and never over a tenth


class Material(ABC):
    """kept: this rank's share of what is trained on;  held_out: what validates."""

    figure: ClassVar[str]
    """What the quality of a copy is called."""
    higher_is_better: ClassVar[bool]
    kept: Sequence[np.ndarray]
    held_out: Sequence[np.ndarray]

    @abstractmethod
    def draw(self, count: int) -> Tensor:
        """A batch by chance, float32 [count, C, *S]."""

    @abstractmethod
    def tensor(self, one: np.ndarray) -> Tensor:
        """One of those kept or held out, whole, as a tokenizer takes it, float32 [1, C, *S]."""

    @abstractmethod
    def loss(self, x_tilde: Tensor, x: Tensor) -> tuple[Tensor, dict[str, float]]:
        """The reconstruction loss of a batch, normalised, and its figures."""

    @abstractmethod
    def judge(self, decoded: Tensor, one: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """How good a copy is, decoded with no more padding than f asks for; and pictures of both, uint8 [H, W, C]."""

    @abstractmethod
    def sheet(self, shown: Sequence[list[np.ndarray]]) -> np.ndarray:
        """What `judge` showed of several, as one picture, uint8 [H, W, 3]."""


def hold_out(pictures: Sequence | np.ndarray) -> tuple[list, list]:
    """(for training, held out): one in a fixed number is held out, the same ones in every run on the same pictures."""
    stride = max(10, len(pictures) // HELD_OUT) if len(pictures) >= 10 else max(2, len(pictures))
    held_out = [p for i, p in enumerate(pictures) if i % stride == stride - 1]
    return [p for i, p in enumerate(pictures) if i % stride != stride - 1], held_out[:HELD_OUT]
