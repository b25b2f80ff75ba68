"""Spectra of sounds: a loss that hears as people do, and pictures of what was said."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

WINDOWS = (64, 128, 256, 512, 1024)  # samples; hops are a quarter of each
FLOOR = 1e-3  # 54 dB below a tone of full scale: what is fainter counts as silence


def magnitudes(x: Tensor, window: int, hop: int) -> Tensor:
    """float [B, T] → [B, window/2 + 1, 1 + T/hop]: half the amplitude of a tone at each frequency, never below FLOOR."""
    shape = torch.hann_window(window, device=x.device)
    x = F.pad(x, (window // 2, window // 2))
    spectrum = torch.stft(x, window, hop, window=shape / shape.sum(), center=False, return_complex=True)
    return (spectrum.real.square() + spectrum.imag.square()).clamp_min(FLOOR**2).sqrt()


def spectral_loss(x_tilde: Tensor, x: Tensor) -> Tensor:
    """The multi-resolution STFT loss of Parallel WaveGAN (Yamamoto et al. 2020, 1910.11480, eqs. 3–6): spectral
    convergence plus the L1 distance of log magnitudes, the mean over window lengths (as EnCodec has it over scales,
    2210.13438, eq. 3). float [B, T] both."""
    total = x.new_zeros(())
    for window in WINDOWS:
        ours, theirs = magnitudes(x_tilde, window, window // 4), magnitudes(x, window, window // 4)
        convergence = torch.linalg.vector_norm(theirs - ours) / torch.linalg.vector_norm(theirs)
        total = total + convergence + F.l1_loss(ours.log(), theirs.log())
    return total / len(WINDOWS)


def spectrogram(x: Tensor, window: int = 256, hop: int = 32) -> Tensor:
    """float [B, T] → decibels below a tone of full scale [B, window/2 + 1, 1 + T/hop], the lowest frequency first."""
    return 20 * (2 * magnitudes(x, window, hop)).log10()


def to_picture(decibels: np.ndarray) -> np.ndarray:
    """A spectrogram [F, T] as grey pixels, uint8 [F, T, 3], the lowest frequency at the bottom, loud is dark."""
    share = (decibels[::-1] - 20 * np.log10(2 * FLOOR)) / (-20 * np.log10(2 * FLOOR))
    return np.repeat((255 * (1 - share.clip(0, 1))).round().astype(np.uint8)[..., None], 3, axis=2)
