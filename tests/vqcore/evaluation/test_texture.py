"""Texture: the distance is zero between equal pictures and grows with blur, and a judge can tell blur from what is real."""

import numpy as np
import pytest
import torch
from torch import nn

from vqcore.evaluation.texture import features, frechet_distance, patches_of, told
from vqcore.metrics import laplacian_energy


class Blurs:
    """Stands in for a tokenizer."""

    def reconstruct(self, images):
        return torch.nn.functional.avg_pool2d(images, 5, 1, 2, count_include_pad=False)


def noise(seed, height=130, width=200):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_frechet_distance_of_normal_features_is_what_the_formula_says():
    draw = np.random.default_rng(0)
    a = draw.normal(size=(200_000, 3)) * [1, 2, 3]
    b = draw.normal(size=(200_000, 3)) * [2, 2, 1] + [1, 0, 0]
    assert frechet_distance(a, b) == pytest.approx(1 + 1 + 0 + 4, abs=0.1)  # of equal axes: Σ (σ_a − σ_b)² + ‖μ_a − μ_b‖²
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_patches_tile_the_pictures_and_blur_moves_their_features():
    real, decoded = patches_of(Blurs(), [noise(0), noise(1)])
    assert real.shape == decoded.shape == (2 * 2 * 3, 3, 64, 64)
    assert torch.equal(told(real, decoded), torch.tensor([0] * 12 + [1] * 12))
    torch.manual_seed(0)
    layers, channels = [], 3
    for width in (4, 4, 4):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    classifier = nn.Sequential(*layers).eval()
    a, b = features(classifier, real), features(classifier, decoded)
    assert a.shape == (12, 8) and frechet_distance(a, b) > 10 * frechet_distance(a[::2], a[1::2])


def test_small_pictures_are_refused_in_words():
    with pytest.raises(ValueError, match="64 pixels"):
        patches_of(Blurs(), [noise(0, 40, 200)])


def test_sharpness_is_lost_by_blur_and_kept_by_a_mirror():
    picture = noise(3)
    blurred = (picture.astype(float) + np.roll(picture, 1, 0) + np.roll(picture, 1, 1)) / 3
    assert laplacian_energy(picture[:, ::-1]) == pytest.approx(laplacian_energy(picture))
    assert laplacian_energy(blurred.astype(np.uint8)) < 0.6 * laplacian_energy(picture)
    assert laplacian_energy(np.full((9, 9, 3), 7, np.uint8)) == 0
