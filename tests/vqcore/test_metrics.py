import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tests.tiny import draw_picture
from vqcore.metrics import entropy, fixed_bits, grid_energy, pattern_energy, perplexity, psnr, ssim


def test_psnr_and_ssim_are_those_of_scikit_image():
    a = draw_picture(1)
    b = (a + np.random.default_rng(0).normal(0, 12, a.shape)).clip(0, 255).astype(np.uint8)
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b))
    assert ssim(a, b) == pytest.approx(structural_similarity(a, b, channel_axis=2), abs=2e-3)
    assert psnr(a, a) == math.inf and ssim(a, a) == pytest.approx(1)
    assert ssim(a[:3, :5], a[:3, :5]) == pytest.approx(1)
    for wrong in ((a[..., 0], b[..., 0]), (a, b[1:]), (a[:0], b[:0])):
        with pytest.raises(ValueError, match="H, W, C"):
            ssim(*wrong)


def test_a_grid_on_flat_ground_is_told_from_texture_and_from_tone():
    rng = np.random.default_rng(0)
    flat = np.full((96, 128, 3), 120, np.uint8)
    dots = flat.copy()
    dots[::4, ::4] += 16  # a sixteenth of the pixels: 16² · 1/16 · 15/16
    assert grid_energy(flat, dots, 8) == pytest.approx(15) and grid_energy(flat, flat + 7, 8) == 0
    grain = (flat + rng.normal(0, 4, (96, 128, 1))).astype(np.uint8)
    assert grid_energy(flat, grain, 8) < 1.5
    half = flat.copy()
    half[:, 64:] = rng.integers(0, 255, (96, 64, 1))
    dotted = half.copy()
    dotted[::4, 64::4] //= 2
    assert grid_energy(half, dotted, 8) == 0, "grass may hide a grid"
    assert grid_energy(half[:, 64:], dotted[:, 64:], 8) is None and grid_energy(flat[:16], dots[:16], 8) is None


def test_what_repeats_from_token_to_token_is_told_from_texture():
    torch.manual_seed(0)
    texture = torch.randn(2, 64, 64)
    grid = torch.zeros(2, 64, 64)
    grid[:, ::8] = 1
    assert pattern_energy(grid, 8).mean() == pytest.approx(7 / 64)
    assert pattern_energy(texture, 8).mean() < 0.1 and pattern_energy(torch.ones(1, 64, 64), 8).mean() == 0


def test_perplexity_of_a_histogram():
    assert perplexity([4, 4, 0, 4, 4]) == pytest.approx(4)
    assert perplexity([0, 0]) == 0
    assert float(perplexity(torch.tensor([5, 5, 0, 5]))) == pytest.approx(3) and float(perplexity(torch.tensor([7, 0]))) == pytest.approx(1)


def test_entropy_is_in_bits_of_counts_and_of_shares():
    assert float(entropy([1, 1, 1, 1, 0])) == pytest.approx(2) and float(entropy([0, 0])) == 0
    assert float(entropy(torch.tensor([0.25, 0.75]))) == pytest.approx(0.25 * 2 + 0.75 * np.log2(4 / 3))


def test_tokens_cost_log2_k_bits_each():
    assert fixed_bits([np.zeros((2, 3)), torch.zeros(1, 4)], [8, 1000]) == pytest.approx(6 * 3 + 4 * np.log2(1000))
