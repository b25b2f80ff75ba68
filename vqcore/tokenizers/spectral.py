"""Spectra of sounds: what an encoder reads beside the samples, a loss that hears as people do, and pictures."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOWS = (64, 128, 256, 512, 1024)  # samples; hops are a quarter of each
SAMPLES_A_BAND = 8  # of a window, for each band of the mel scale
CONVERGENCE, MAGNITUDES = 0.3, 0.3  # weights of these parts of the loss beside that of the bands
FLOOR = 1e-3  # 54 dB below a tone of full scale: what is fainter counts as silence


def magnitudes(x: Tensor, window: int, hop: int) -> Tensor:
    """float [B, T] → [B, window/2 + 1, 1 + T/hop]: half the amplitude of a tone at each frequency, never below FLOOR."""
    shape = torch.hann_window(window, device=x.device)
    x = F.pad(x, (window // 2, window // 2))
    spectrum = torch.stft(x, window, hop, window=shape / shape.sum(), center=False, return_complex=True)
    return (spectrum.real.square() + spectrum.imag.square()).clamp_min(FLOOR**2).sqrt()


def spectral_loss(x_tilde: Tensor, x: Tensor, rate: int) -> Tensor:
    """How differently two sounds of `rate` samples a second are heard: float [B, T] both → a number, 0 for the same.

    The multi-resolution STFT loss of Parallel WaveGAN (Yamamoto et al. 2020, 1910.11480, eqs. 3–6), spectral convergence
    plus the L1 distance of log magnitudes, and the L1 distance of log energies in the bands of the mel scale (as
    EnCodec's, 2210.13438, eq. 2, at every window); the mean over window lengths.
    """
    total = x.new_zeros(())
    for window in WINDOWS:
        ours, theirs = magnitudes(x_tilde, window, window // 4), magnitudes(x, window, window // 4)
        convergence = torch.linalg.vector_norm(theirs - ours) / torch.linalg.vector_norm(theirs)
        filters = mel_filters(window, rate).to(x)
        our_bands, their_bands = (0.5 * (filters @ part.square()).log() for part in (ours, theirs))
        loudness = F.l1_loss(our_bands, their_bands)
        total = total + CONVERGENCE * convergence + MAGNITUDES * F.l1_loss(ours.log(), theirs.log()) + loudness
    return total / len(WINDOWS)


@lru_cache(maxsize=16)
def mel_filters(window: int, rate: int) -> Tensor:
    """Triangles that overlap by half, evenly spaced in mel (2595 log₁₀(1 + f/700)), each with the sum 1: float32
    [window/8, window/2 + 1]. A triangle narrower than a frequency's step is that frequency's alone."""
    count, step = window // SAMPLES_A_BAND, rate / window
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), count + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    frequencies = np.arange(window // 2 + 1) * step
    filters = np.minimum((frequencies - low) / (middle - low), (high - frequencies) / (high - middle)).clip(0)
    alone = np.abs(frequencies - middle) <= step / 2
    filters = np.where(filters.sum(1, keepdims=True) > 0, filters, alone)
    return torch.from_numpy((filters / filters.sum(1, keepdims=True)).astype(np.float32))


class Spectrum(nn.Module):
    """The log power spectrum about each stretch of `hop` samples, under a Hann window: float [B, C, T] → float32
    [B, C·(window/2 + 1), T/hop], about −1 for silence and 2 for the loudest tone. It learns nothing."""

    waves: Tensor

    def __init__(self, window: int, hop: int):
        super().__init__()
        self.hop, self.beyond = hop, (window - hop) // 2
        turns = 2 * torch.pi / window * (torch.outer(torch.arange(window // 2 + 1), torch.arange(window)) % window)
        shape = torch.hann_window(window)
        self.register_buffer("waves", torch.cat([turns.cos(), turns.sin()])[:, None] * (shape / shape.sum()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, length = x.shape
        with torch.autocast(x.device.type, enabled=False):  # bfloat16 is too coarse for what is faint beside what is loud
            parts = F.conv1d(x.float().reshape(batch * channels, 1, length), self.waves, stride=self.hop, padding=self.beyond)
        real, imaginary = parts.chunk(2, 1)
        power = (real.square() + imaginary.square()).clamp_min(0.1 * FLOOR**2)
        return (power.log() / 5 + 2).reshape(batch, -1, length // self.hop)


def spectrogram(x: Tensor, window: int = 256, hop: int = 32) -> Tensor:
    """float [B, T] → decibels below a tone of full scale [B, window/2 + 1, 1 + T/hop], the lowest frequency first."""
    return 20 * (2 * magnitudes(x, window, hop)).log10()


def to_picture(decibels: np.ndarray) -> np.ndarray:
    """A spectrogram [F, T] as grey pixels, uint8 [F, T, 3], the lowest frequency at the bottom, loud is dark."""
    share = (decibels[::-1] - 20 * np.log10(2 * FLOOR)) / (-20 * np.log10(2 * FLOOR))
    return np.repeat((255 * (1 - share.clip(0, 1))).round().astype(np.uint8)[..., None], 3, axis=2)
