"""A tokenizer of spoken words, or a prior over its tokens, on takes they never saw.

A small classifier that was trained on the spectrograms of real training takes listens to real test takes, to their
reconstructions, or to what the prior speaks. All figures come from the test takes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vqcore.data.sounds import Clips, fitted, read_clips
from vqcore.evaluation.prior import accuracy, count_parameters, likeness, nearness, train_classifier
from vqcore.evaluation.report import Report, figures
from vqcore.formats.clips import encode_fitted
from vqcore.metrics import entropy, fixed_bits, perplexity
from vqcore.priors.base import Prior
from vqcore.tokenizers.base import Tokenizer, suffixes
from vqcore.tokenizers.pixels import in_rows
from vqcore.tokenizers.spectral import magnitudes, spectral_loss, spectrogram, to_picture

HEARD = 6144  # samples that the classifier listens to
SAMPLES_EACH = 20  # of each class
SHOWN_EACH = 4  # of each class in samples.webp


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
def measure_sounds(tokenizer: Tokenizer, folder: Path) -> Report:
    """The spectral loss on the test takes, the share of them whose word the classifier hears as they are and as the
    tokenizer gives them back, and spectrograms of one test take of each word beside its reconstruction."""
    rate = _rate(tokenizer)
    seen, unseen = (read_clips(folder, split, rate) for split in ("train", "val"))
    with torch.inference_mode(False):
        listener = Listener(seen)
    levels, real = tokenizer.levels, stacked(unseen)
    decoded = tokenizer.decode(encode_fitted(tokenizer, real.numpy()))[:, 0]
    whole = [tokenizer.encode(torch.from_numpy(clip)[None, None]) for clip in unseen.samples]
    counts = [np.bincount(torch.cat(grids, 1).flatten(), minlength=level.codebook_size) for grids, level in zip(zip(*whole), levels)]
    losses = [
        float(spectral_loss(tokenizer.decode(grids)[:, 0, : len(clip)], torch.from_numpy(clip)[None], rate))
        for grids, clip in zip(whole, unseen.samples)
    ]
    heard = [listener.share_heard(samples, unseen.labels) for samples in (real, decoded)]
    each_second = [rate / level.downsampling for level in levels]
    bits = sum(fixed_bits([torch.empty(1)], [level.codebook_size]) * often for level, often in zip(levels, each_second))
    names = [(suffix, count) for suffix, count in zip(suffixes(levels), counts)]
    values = {
        "clips": len(real), "tokens_per_second": sum(each_second), "bits_per_second": bits, "spectral": float(np.mean(losses)),
        **{f"codes_used{suffix}": int((count > 0).sum()) for suffix, count in names},
        **{f"perplexity{suffix}": float(perplexity(count)) for suffix, count in names},
        "real_accuracy": heard[0], "reconstructed_accuracy": heard[1], "kept": heard[1] / heard[0] if heard[0] else None,
    }
    units = {"tokens_per_second": "tokens", "bits_per_second": "bits"}
    units |= {f"{figure}{suffix}": "codes" for figure in ("codes_used", "perplexity") for suffix, _ in names}
    firsts = [unseen.labels.index(word) for word in listener.words]
    pictures = [[to_picture(part.numpy()) for part in spectrogram(torch.stack([real[i], decoded[i]]))] for i in firsts]
    return Report(tokenizer.name, folder.name, figures(values, units), pictures={"reconstructions.webp": in_rows(pictures)})


@torch.inference_mode()
def measure_speaker(prior: Prior, tokenizer: Tokenizer, folder: Path, temperature: float) -> Report:
    """Bits a token on the test takes; the share of the samples that the classifier hears as the word that was asked for, and
    of each word; whether samples are copies of training takes; and spectrograms of samples, a row a word."""
    seen, unseen = (read_clips(folder, split, _rate(tokenizer)) for split in ("train", "val"))
    with torch.inference_mode(False):
        listener = Listener(seen)
    length = prior.layout.grids[0].length * tokenizer.levels[0].downsampling
    test, known = (
        encode_fitted(tokenizer, np.stack([fitted(clip, length) for clip in clips.samples])) for clips in (unseen, seen)
    )
    bits = float(torch.cat([grid.flatten() for grid in prior.bits(test, unseen.labels)]).mean())
    marginal = float(np.mean([float(entropy(torch.bincount(grid.flatten()))) for grid in test]))
    conditions = [word for word in prior.conditions for _ in range(SAMPLES_EACH)]
    drawn = prior.sample(len(conditions), conditions, temperature=temperature, seed=0)
    spoken = tokenizer.decode(drawn)[:, 0]
    each = {
        word: listener.share_heard(spoken[i * SAMPLES_EACH :][:SAMPLES_EACH], [word] * SAMPLES_EACH)
        for i, word in enumerate(prior.conditions)
    }
    values = {
        "parameters": count_parameters(prior), "clips": len(test[0]), "bits_per_token": bits, "marginal_entropy": marginal,
        "saving": 1 - bits / marginal, "heard": float(np.mean(list(each.values()))),
        **{f"heard_{word}": share for word, share in each.items()}, "real_accuracy": listener.share_heard(stacked(unseen), unseen.labels),
        **nearness(likeness(drawn[0].int(), conditions, known[0].int())),
    }
    pictures = [to_picture(part.numpy()) for part in spectrogram(spoken)]
    sheet = in_rows([pictures[i : i + SHOWN_EACH] for i in range(0, len(pictures), SAMPLES_EACH)])
    return Report(
        prior.name, folder.name, figures(values, {"bits_per_token": "bits", "marginal_entropy": "bits"}),
        {"tokenizer": prior.tokenizer, "temperature": temperature}, pictures={"samples.webp": sheet},
    )


def _rate(tokenizer: Tokenizer) -> int:
    """Samples a second. ValueError for a tokenizer of something else."""
    if tokenizer.sample_rate is None:
        raise ValueError(f"{tokenizer.name} is no tokenizer of sounds.")
    return tokenizer.sample_rate
