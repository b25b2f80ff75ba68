"""How real decoded pictures look, patch by patch, which PSNR doesn't say: a Fréchet distance, and a judge's rate of success.

Both use small classifiers that are trained on the spot, on real pictures with classes and on nothing of ours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vqcore.data.labelled import open_pixels, read_labelled, unseen_pictures
from vqcore.evaluation.prior import accuracy, real_images, train_classifier
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor

log = logging.getLogger(__name__)
SIDE = 64  # of a patch, in pixels
BLOCK = 4  # layers of the classifier between two poolings, these included
READ = (2, 3)  # after which of its poolings the features are read
FOR_JUDGE = 400  # pictures of the labelled set's `val` that the judge learns from


@dataclass(frozen=True)
class Texture:
    """frechet_distance: between the features of real patches and of the same ones decoded;  told_apart: how often a judge that was
    trained to tell decoded patches from real ones is right on pictures that it never saw, 0.5 by guessing."""

    frechet_distance: float
    told_apart: float


def measure_texture(tokenizer: Tokenizer, folder: Path, labelled: Path) -> Texture:
    """labelled: pictures with classes, in `train` and `val`, on which the two classifiers learn; folder: unseen by all."""
    torch.manual_seed(0)
    seen, others = read_labelled(labelled, "train"), read_labelled(labelled, "val")
    numbers = {name: i for i, name in enumerate(seen.classes)}
    log.info("training a classifier on %d real pictures", len(seen.labels))
    classifier = train_classifier(real_images(seen, SIDE), torch.tensor([numbers[label] for label in seen.labels]), len(numbers))
    real, decoded = patches_of(tokenizer, (pixels for _, pixels in unseen_pictures(folder, tokenizer.channels)))
    distance = frechet_distance(features(classifier, real), features(classifier, decoded))
    chosen = np.random.default_rng(0).permutation(len(others.pictures))[:FOR_JUDGE]
    log.info("training a judge on patches of %d pictures", len(chosen))
    its_real, its_decoded = patches_of(tokenizer, (open_pixels(others.pictures[i]) for i in chosen))
    judge = train_classifier(torch.cat([its_real, its_decoded]), told(its_real, its_decoded), 2)
    return Texture(distance, accuracy(judge, torch.cat([real, decoded]), told(real, decoded)))


def patches_of(tokenizer: Tokenizer, pictures: Iterable[np.ndarray]) -> tuple[Tensor, Tensor]:
    """The patches that tile pictures uint8 [H, W, C], real and decoded whole: float32 [N, C, SIDE, SIDE] in [-1, 1] each."""
    both: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for pixels in pictures:
        decoded = to_pixels(tokenizer.reconstruct(to_tensor(pixels)))[0]
        for picture, found in zip((pixels, decoded), both):
            height, width = (size // SIDE for size in picture.shape[:2])
            found += [picture[i * SIDE : (i + 1) * SIDE, j * SIDE : (j + 1) * SIDE] for i in range(height) for j in range(width)]
    if not both[0]:
        raise ValueError(f"No picture is as large as one patch of {SIDE} pixels.")
    return to_tensor(np.stack(both[0])), to_tensor(np.stack(both[1]))


def told(real: Tensor, decoded: Tensor) -> Tensor:
    """What is right of these two in a row: 0 for real, 1 for decoded."""
    return torch.tensor([0] * len(real) + [1] * len(decoded))


@torch.inference_mode()
def features(classifier: nn.Sequential, patches: Tensor) -> np.ndarray:
    """What the classifier sees in each patch after the poolings READ, means over the patch: [N, channels]."""
    rows = []
    for x in patches.split(256):
        seen = []
        for number, layer in enumerate([*classifier][: BLOCK * max(READ)], start=1):
            x = layer(x)
            if number % BLOCK == 0 and number // BLOCK in READ:
                seen.append(x.mean((2, 3)))
        rows.append(torch.cat(seen, 1))
    return torch.cat(rows).double().numpy()


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2 (Σ_a Σ_b)^½) of two sets of features [N, D] (1706.08500, eq. 6)."""
    mean = np.square(a.mean(0) - b.mean(0)).sum()
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    # tr (Σ_a Σ_b)^½ = tr (Σ_a^½ Σ_b Σ_a^½)^½, which is symmetric
    both = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return float(mean + np.trace(first) + np.trace(second) - 2 * both)
