"""Measure a tokenizer of spoken words, or a prior over its tokens, on takes they never saw:

python -m vqcore.evaluate_sound NAME --data DIR

A small classifier that was trained on the spectrograms of real training takes listens to real test takes, to their
reconstructions, or to what the prior speaks. All figures come from the test takes; the pictures go beside them.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vqcore.checkpoints import find, load, load_prior, read_config
from vqcore.data.sounds import Clips, fitted, read_clips
from vqcore.evaluation.prior import accuracy, likeness, train_classifier
from vqcore.files import write_json, write_picture
from vqcore.metrics import entropy, perplexity
from vqcore.priors.base import Prior
from vqcore.tokenizers.spectral import magnitudes, spectral_loss, spectrogram, to_picture
from vqcore.tokenizers.vqvae import VQVAE
from vqcore.training.sound import encode_fitted, in_rows

HEARD = 6144  # samples that the classifier listens to
SAMPLES_EACH = 20  # of each class
SHOWN_EACH = 4  # of each class in samples.webp
PICTURES = {"vqvae": "reconstructions.webp", "prior": "samples.webp"}


@dataclass(frozen=True)
class SoundEvaluation:
    """spectral: the spectral loss (vqcore.tokenizers.spectral) on the test takes;  accuracies: the share of the takes whose word the
    classifier hears, as they are and as the tokenizer gives them back;  kept: the second over the first."""

    checkpoint: str
    data: str
    clips: int
    tokens_per_second: float
    bits_per_second: float
    spectral: float
    codes_used: int
    perplexity: float
    real_accuracy: float
    reconstructed_accuracy: float
    kept: float
    torch: str


@dataclass(frozen=True)
class SpokenEvaluation:
    """bits_per_token, marginal_entropy: on the test takes;  heard: the share of the samples that the classifier hears as the
    word that was asked for, and of each word;  copies: samples whose tokens are those of a training take; nearest: the mean
    share of a sample's tokens that differ from the training take nearest to it, and of that one from its own nearest."""

    checkpoint: str
    tokenizer: str
    parameters: int
    data: str
    clips: int
    bits_per_token: float
    marginal_entropy: float
    saving: float
    temperature: float
    samples: int
    heard: float
    heard_each: dict[str, float]
    real_accuracy: float
    copies: int
    nearest: float
    nearest_of_nearest: float
    torch: str


class Listener:
    """A small classifier of spectrograms, trained on clips."""

    def __init__(self, clips: Clips):
        self.words = sorted(set(clips.labels))
        self.network: nn.Module = train_classifier(self.look(stacked(clips)), self.answers(clips.labels), len(self.words))

    def look(self, samples: Tensor) -> Tensor:
        """float [N, T] → what the network sees, float32 [N, 1, 32, T/192]: the power in 32 bands, in decibels below each
        clip's loudest, −50 at the least."""
        power = torch.cat([magnitudes(part, 256, 192).square() for part in samples.split(256)])
        bands = power[:, None, :128, : samples.shape[1] // 192].unflatten(2, (32, 4)).mean(3)
        decibels = 10 * (bands / bands.amax((1, 2, 3), keepdim=True)).log10()
        return decibels.clamp_min(-50) / 25 + 1

    def answers(self, labels: list[str]) -> Tensor:
        return torch.tensor([self.words.index(label) for label in labels])

    def share_heard(self, samples: Tensor, labels: list[str]) -> float:
        return accuracy(self.network, self.look(samples), self.answers(labels))


def stacked(clips: Clips) -> Tensor:
    return torch.from_numpy(np.stack([fitted(clip, HEARD) for clip in clips.samples]))


@torch.inference_mode()
def evaluate_tokenizer(tokenizer: VQVAE, folder: Path) -> tuple[SoundEvaluation, np.ndarray]:
    """The figures, and spectrograms of one test take of each word beside its reconstruction: uint8 [H, W, 3]."""
    seen, unseen = (read_clips(folder, split, tokenizer.sample_rate) for split in ("train", "val"))
    with torch.inference_mode(False):
        listener = Listener(seen)
    level, real = tokenizer.levels[0], stacked(unseen)
    tokens = encode_fitted(tokenizer, real.numpy())
    decoded = tokenizer.decode([tokens])[:, 0]
    whole = [tokenizer.encode(torch.from_numpy(clip)[None, None])[0] for clip in unseen.samples]
    counts = np.bincount(torch.cat(whole, 1).flatten(), minlength=level.codebook_size)
    losses = [
        float(spectral_loss(tokenizer.decode([grid])[:, 0, : len(clip)], torch.from_numpy(clip)[None], tokenizer.sample_rate))
        for grid, clip in zip(whole, unseen.samples)
    ]
    heard = [listener.share_heard(samples, unseen.labels) for samples in (real, decoded)]
    rate = tokenizer.sample_rate / level.downsampling
    result = SoundEvaluation(
        tokenizer.name, folder.name, len(real), rate, rate * float(np.log2(level.codebook_size)), float(np.mean(losses)),
        int((counts > 0).sum()), float(perplexity(counts)), *heard, heard[1] / heard[0], torch.__version__,
    )
    firsts = [unseen.labels.index(word) for word in listener.words]
    pictures = [[to_picture(part.numpy()) for part in spectrogram(torch.stack([real[i], decoded[i]]))] for i in firsts]
    return result, in_rows(pictures)


@torch.inference_mode()
def evaluate_speaker(prior: Prior, tokenizer: VQVAE, folder: Path, temperature: float) -> tuple[SpokenEvaluation, np.ndarray]:
    """The figures, and spectrograms of samples, a row a word: uint8 [H, W, 3]."""
    seen, unseen = (read_clips(folder, split, tokenizer.sample_rate) for split in ("train", "val"))
    with torch.inference_mode(False):
        listener = Listener(seen)
    grid = prior.layout.grids[0]
    length = grid.length * tokenizer.levels[0].downsampling
    test, known = (
        encode_fitted(tokenizer, np.stack([fitted(clip, length) for clip in clips.samples])) for clips in (unseen, seen)
    )
    bits, marginal = float(prior.bits([test], unseen.labels)[0].mean()), float(entropy(torch.bincount(test.flatten())))
    conditions = [word for word in prior.conditions for _ in range(SAMPLES_EACH)]
    drawn = prior.sample(len(conditions), conditions, temperature=temperature, seed=0)
    spoken = tokenizer.decode(drawn)[:, 0]
    each = {word: listener.share_heard(spoken[i * SAMPLES_EACH :][:SAMPLES_EACH], [word] * SAMPLES_EACH) for i, word in enumerate(prior.conditions)}
    near = likeness(drawn[0].int(), conditions, known.int())
    result = SpokenEvaluation(
        prior.name, prior.tokenizer, sum(p.numel() for p in prior.parameters()), folder.name, len(test), bits, marginal,
        1 - bits / marginal, temperature, len(conditions), float(np.mean(list(each.values()))), each,
        listener.share_heard(stacked(unseen), unseen.labels), sum(n.distance == 0 for n in near),
        float(np.mean([n.distance for n in near])), float(np.mean([n.distance_of_nearest for n in near])), torch.__version__,
    )
    pictures = [to_picture(part.numpy()) for part in spectrogram(spoken)]
    return result, in_rows([pictures[i : i + SHOWN_EACH] for i in range(0, len(pictures), SAMPLES_EACH)])


def load_sound(name: str) -> VQVAE:
    """A tokenizer, once it is sure that it is one of sounds."""
    tokenizer = load(name)
    if tokenizer.sample_rate is None:
        raise ValueError(f"{name} is a tokenizer of pictures. Measure it with vqcore.evaluate, and its priors with vqcore.evaluate_prior.")
    return tokenizer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vqcore.evaluate_sound", description="Measure a model of spoken words.")
    parser.add_argument("name", help="a tokenizer's or a prior's name in checkpoints/, or a path")
    parser.add_argument("--data", type=Path, required=True, help="a folder of labelled WAV files with both splits")
    parser.add_argument("--temperature", type=float, default=1.0, help="of a prior's samples")
    options = parser.parse_args(arguments)
    try:
        folder = find(options.name)
        kind = read_config(folder)["kind"]
        if kind == "prior":
            prior = load_prior(options.name)
            result, picture = evaluate_speaker(prior, load_sound(prior.tokenizer), options.data, options.temperature)
        else:
            result, picture = evaluate_tokenizer(load_sound(options.name), options.data)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, value in asdict(result).items():
        print(f"{name:24} {value:.4g}" if isinstance(value, float) else f"{name:24} {value}")
    write_json(folder / "metrics.json", asdict(result))
    write_picture(folder / PICTURES[kind], picture)
    print(f"The figures are in {folder / 'metrics.json'}, the spectrograms in {folder / PICTURES[kind]}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
