"""Sounds to train a tokenizer on: parts of clips at any loudness, and the spectral loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore import distributed
from vqcore.data.sounds import read_clips
from vqcore.tokenizers.pixels import in_rows
from vqcore.tokenizers.spectral import spectral_loss, spectrogram, to_picture
from vqcore.tokenizers.vqvae import VQVAEConfig
from vqcore.training.material.base import Material, hold_out

QUIETEST = 0.4  # of a clip's loudness, to which a crop may be turned down


@dataclass(frozen=True)
class SoundRecipe:
    """How to train a tokenizer of sounds.

    crop: the length of a training crop, in samples;  batch: crops a step, of all ranks together;  rate: the peak learning rate;
    waveform: the weight of the squared error of the samples beside the spectral loss;  variance: that of the samples, by
    which the squared error is divided.
    """

    model: VQVAEConfig
    crop: int = 4096
    batch: int = 8
    rate: float = 2e-3
    waveform: float = 0.03
    variance: float = 0.02

    def __post_init__(self):
        f = self.model.network.downsampling
        if self.model.network.spatial_dims != 1 or self.model.sample_rate is None:
            raise ValueError("A tokenizer of sounds has one spatial dimension and a sample_rate.")
        if self.crop < f or self.crop % f:
            raise ValueError(f"The length of a crop is a multiple of the {f} samples of a token, not {self.crop}.")
        if self.batch < 1:
            raise ValueError(f"A step takes at least one crop, not {self.batch}.")

    @property
    def sample_rate(self) -> int:
        assert self.model.sample_rate is not None
        return self.model.sample_rate


class Sounds(Material):
    """Clips, float32 [T] each."""

    figure, higher_is_better = "spectral", False

    def __init__(self, recipe: SoundRecipe, kept: Sequence[np.ndarray], held_out: Sequence[np.ndarray]):
        self.recipe, self.kept, self.held_out = recipe, kept, held_out
        self.rate = recipe.sample_rate

    @classmethod
    def read(cls, sources: Sequence[str | Path], recipe: SoundRecipe) -> Sounds:
        """This rank's share of the clips of these sources, each as `read_clips` takes it, and the held-out ones."""
        found = [clip for source in sources for clip in read_clips(source, "train", recipe.sample_rate).samples]
        clips, held_out = hold_out(found)
        if not clips or not held_out:
            raise ValueError(f"{len(found)} clip(s) are too few; training needs two at least.")
        return cls(recipe, clips[distributed.rank() :: distributed.count()] or clips, held_out)

    def draw(self, count: int) -> Tensor:
        return crops(self.kept, count, self.recipe.crop)

    def tensor(self, one: np.ndarray) -> Tensor:
        return torch.from_numpy(one)[None, None]

    def loss(self, x_tilde: Tensor, x: Tensor) -> tuple[Tensor, dict[str, float]]:
        spectral, error = spectral_loss(x_tilde[:, 0], x[:, 0], self.rate), F.mse_loss(x_tilde, x)
        return spectral + self.recipe.waveform * error / self.recipe.variance, {"spectral": spectral.item(), "mse": error.item()}

    def judge(self, decoded: Tensor, one: np.ndarray) -> tuple[float, list[np.ndarray]]:
        x, x_tilde = torch.from_numpy(one)[None].to(decoded.device), decoded[:, 0, : len(one)]
        pictures = [to_picture(spectrogram(part)[0].cpu().numpy()) for part in (x, x_tilde)]
        return float(spectral_loss(x_tilde, x, self.rate)), pictures

    def sheet(self, shown: Sequence[list[np.ndarray]]) -> np.ndarray:
        return in_rows(shown)


def crops(clips: Sequence[np.ndarray], count: int, length: int) -> Tensor:
    """Parts of clips, and where a clip is shorter silence about it, at any loudness: float32 [count, 1, length]."""
    batch = np.zeros((count, length), np.float32)
    for row, (choice, place, loudness) in zip(batch, torch.rand(count, 3).tolist()):
        clip = clips[min(int(choice * len(clips)), len(clips) - 1)]
        spare = length - len(clip)
        if spare > 0:
            start = int(place * (spare + 1))
            row[start : start + len(clip)] = clip
        else:
            start = int(place * (1 - spare))
            row[:] = clip[start : start + length]
        row *= QUIETEST + (1 - QUIETEST) * loudness
    return torch.from_numpy(batch)[:, None]
