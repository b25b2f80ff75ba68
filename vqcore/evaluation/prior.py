"""A prior on pictures it never saw: bits a token, the classification accuracy score, and whether its samples are copies."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.data.labelled import Labelled, read_labelled, views
from vqcore.evaluation.report import Report, figures
from vqcore.formats.shards import Shards, encode_all, open_shards
from vqcore.metrics import entropy
from vqcore.priors.base import Prior
from vqcore.priors.choice import Settings
from vqcore.tokenizers.base import Tokenizer, suffixes
from vqcore.tokenizers.pixels import to_pixels, to_sheet, to_tensor

log = logging.getLogger(__name__)
MOST_SAMPLES = 20_000  # for the classifier
SAMPLED_AT_ONCE = 200
CLASSIFIER_SIDE = 64  # larger pictures are scaled down to it
EPOCHS = 8
SHEET = "samples.webp"
SHEET_COLUMNS = 8  # samples of each class


@dataclass(frozen=True)
class Likeness:
    """One sample of the sheet, in shares of its tokens: how far it is from the training picture nearest to it, and
    how far that one is from the training picture nearest to itself."""

    condition: str
    nearest: int
    distance: float
    distance_of_nearest: float


def measure_prior(
    prior: Prior, tokenizer: Tokenizer, folder: Path, settings: Settings, most: int = MOST_SAMPLES, tokens: Path | None = None
) -> Report:
    """Bits a token on pictures it never saw, beside the entropy of the tokens' marginal; the classification accuracy score,
    of one classifier trained on samples and one on as many real pictures, both tested on the real pictures of `val` (for
    a prior with classes); and whether its samples are copies of training pictures, with the sheet of samples that these
    figures speak of, a row a class.

    tokens: the folder of those that it was trained on. Without, samples are compared with the middle of each training picture.
    """
    side = prior.layout.grids[-1].shape[0] * tokenizer.levels[-1].downsampling
    seen, unseen = read_labelled(folder, "train"), read_labelled(folder, "val")
    log.info("Reading the pictures of val")
    grids = encode_all(tokenizer, unseen, side)
    bits = [float(b.mean()) for b in prior.bits(grids, unseen.labels)]
    marginal = [float(entropy(torch.bincount(grid.flatten()))) for grid in grids]
    lengths = [g.length for g in prior.layout.grids]
    values, units = {"parameters": count_parameters(prior), "pictures": len(unseen.labels)}, {}
    for suffix, cost, most_cost in zip(suffixes(tokenizer.levels), bits, marginal):
        values |= {f"bits_per_token{suffix}": cost, f"marginal_entropy{suffix}": most_cost}
        units |= {f"bits_per_token{suffix}": "bits", f"marginal_entropy{suffix}": "bits"}
    values["saving"] = 1 - np.dot(bits, lengths) / np.dot(marginal, lengths)
    log.info("%s bits a token, marginal entropy %s", bits, marginal)
    if prior.conditions:
        samples = min(most, len(seen.labels))
        sampled, real = accuracies(prior, tokenizer, seen, unseen, side, settings, samples)
        values |= {
            "samples": samples, "sampled_accuracy": sampled, "real_accuracy": real,
            "accuracy_score": sampled / real if real else None,
        }
    log.info("Comparing samples with the training pictures")
    shards = None if tokens is None else open_shards(tokens)
    known = prior.layout.flatten(encode_all(tokenizer, seen, side) if shards is None else all_views(shards)).int()
    conditions = [c for c in prior.conditions or ("",) for _ in range(SHEET_COLUMNS)]
    drawn = prior.sample(len(conditions), conditions, seed=0, **asdict(settings))
    near = likeness(prior.layout.flatten(drawn).int(), conditions, known, len(seen.labels if shards is None else shards))
    values |= nearness(near)
    return Report(
        prior.name, folder.name, figures(values, units), {"tokenizer": prior.tokenizer, **asdict(settings)},
        {"likeness": [asdict(row) for row in near]}, {SHEET: sheet(to_pixels(tokenizer.decode(drawn)), SHEET_COLUMNS)},
    )


def count_parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def nearness(rows: Sequence[Likeness]) -> dict[str, float]:
    """How many samples are copies, and the mean shares of tokens that differ from the nearest training picture, and of that
    one's from its own nearest."""
    return {
        "samples_compared": len(rows), "copies": sum(row.distance == 0 for row in rows),
        "distance_to_nearest": float(np.mean([row.distance for row in rows])),
        "distance_of_nearest": float(np.mean([row.distance_of_nearest for row in rows])),
    }


def accuracies(
    prior: Prior, tokenizer: Tokenizer, seen: Labelled, unseen: Labelled, side: int, settings: Settings, count: int
) -> tuple[float, float]:
    """The classification accuracy score (VQ-VAE-2, 1906.00446, §4.3.1; 1905.10887): (trained on samples, on real ones)."""
    classes = {name: i for i, name in enumerate(prior.conditions)}
    chosen = np.random.default_rng(0).permutation(len(seen.labels))[:count]
    conditions = [seen.labels[i] for i in chosen]
    images = []
    for start in range(0, count, SAMPLED_AT_ONCE):
        some = conditions[start : start + SAMPLED_AT_ONCE]
        images.append(for_classifier(tokenizer.decode(prior.sample(len(some), some, seed=1 + start, **asdict(settings)))))
        log.info("%s of %s samples", f"{start + len(some):,}", f"{count:,}")
    labels = torch.tensor([classes[c] for c in conditions])
    real = real_images(Labelled([seen.pictures[i] for i in chosen], conditions), side)
    test, answers = real_images(unseen, side), torch.tensor([classes[c] for c in unseen.labels])
    scores = []
    for name, pictures in (("samples", torch.cat(images)), ("real pictures", real)):
        scores.append(accuracy(train_classifier(pictures, labels, len(classes)), test, answers))
        log.info("A classifier trained on %s %s: %.1f%% right", f"{count:,}", name, 100 * scores[-1])
    return scores[0], scores[1]


def real_images(data: Labelled, side: int) -> Tensor:
    return torch.cat([for_classifier(to_tensor(squares)) for squares in views(data, side, 1)])


def for_classifier(images: Tensor) -> Tensor:
    """Scaled down to what the classifier looks at, float32 [B, C, H, W]."""
    factor = images.shape[-1] // CLASSIFIER_SIDE
    return F.avg_pool2d(images, factor) if factor > 1 else images.clone()


def train_classifier(images: Tensor, labels: Tensor, classes: int, seed: int = 0) -> nn.Sequential:
    """A small convolutional network, moved about by up to two pixels in training; float32 [N, C, H, W], int64 [N]."""
    torch.manual_seed(seed)
    layers, channels = [], images.shape[1]
    for width in (32, 64, 128) if images.shape[-1] <= 32 else (32, 64, 128, 192):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(4 * channels, classes))
    model.train()
    batch, (height, width) = 64, images.shape[2:]
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    total = max(1, EPOCHS * (len(images) // batch))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=total + 1)
    for _ in range(total):
        rows = torch.randint(len(images), (min(batch, len(images)),))
        top, left = torch.randint(5, (2,)).tolist()
        x = F.pad(images[rows], (2, 2, 2, 2), mode="replicate")[:, :, top : top + height, left : left + width]
        F.cross_entropy(model(x), labels[rows], label_smoothing=0.05).backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    return model.eval()


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of the pictures whose class it names."""
    answers = torch.cat([model(part).argmax(1) for part in images.split(500)])
    return float((answers == labels).double().mean())


def all_views(shards: Shards) -> list[Tensor]:
    """The first square of every picture, then the second of every picture, and so on: int64 [views · N, *S'] a level."""
    rows, views = torch.arange(len(shards)), shards.index["views"]
    return shards.grids(rows.repeat(views), torch.arange(views).repeat_interleave(len(rows)))


def likeness(drawn: Tensor, conditions: list[str], known: Tensor, pictures: int | None = None) -> list[Likeness]:
    """drawn int32 [n, length], known int32 [N, length], which show `pictures` pictures by turns (None: each its own)."""
    pictures, length = pictures or len(known), known.shape[1]
    results = []
    for sequence, condition in zip(drawn, conditions):
        distances = (known != sequence).sum(1)
        row = int(distances.argmin())
        nearest = row % pictures
        others = (known != known[row]).sum(1)
        others[nearest::pictures] = length + 1
        results.append(Likeness(condition, nearest, int(distances[row]) / length, int(others.min()) / length))
    return results


def sheet(pixels: np.ndarray, columns: int, scale: int = 2, gap: int = 2) -> np.ndarray:
    """Pictures [N, H, W, C] in rows of `columns`, small ones enlarged: uint8 [·, ·, 3]."""
    scale = scale if pixels.shape[1] < 64 else 1
    tiles = np.repeat(np.repeat(pixels, scale, 1), scale, 2)
    tiles = np.repeat(tiles, 3, 3) if tiles.shape[3] == 1 else tiles
    return to_sheet(np.pad(tiles, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=255), columns)
