"""Training a tokenizer on sounds: waveforms in and out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore import distributed
from vqcore.checkpoints import load
from vqcore.data.sounds import Clips, fitted, read_clips
from vqcore.files import write_json, write_picture, write_tensors
from vqcore.formats.shards import INDEX, holds_tokens, read_index, shard_file
from vqcore.metrics import perplexity
from vqcore.tokenizers.base import fingerprint
from vqcore.tokenizers.spectral import spectral_loss, spectrogram, to_picture
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.training.budget import Budget
from vqcore.training.optimizer import Optimizer
from vqcore.training.run import Job, train
from vqcore.training.tokenizer import VALIDATIONS, autocast, hold_out

log = logging.getLogger(__name__)
SHOWN = 8  # held-out clips in reconstructions.png
QUIETEST = 0.4  # of a clip's loudness, to which a crop may be turned down
ENCODED_AT_ONCE = 256  # clips


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


def train_sound(recipe: SoundRecipe, sources: Sequence[str | Path], out: Path, budget: Budget, seed: int = 0) -> None:
    """Train until the budget is used up and leave a checkpoint in `out`; goes on where an earlier call stopped.

    sources: of the clips, each as `read_clips` takes it.
    """
    torch.manual_seed(seed)
    found = [clip for source in sources for clip in read_clips(source, "train", recipe.model.sample_rate).samples]
    clips, held_out = hold_out(found)
    if not clips or not held_out:
        raise ValueError(f"{len(found)} clip(s) are too few; training needs two at least.")
    model = VQVAE(recipe.model, name=out.name).to(distributed.device())
    job = sound_job(model, recipe, clips[distributed.rank() :: distributed.count()] or clips, held_out, out)
    train(job, out, budget, VALIDATIONS)
    if distributed.is_first():
        model = load(out)
        counts = [torch.bincount(encode(model, clip), minlength=recipe.model.quantizer.codebook_size) for clip in clips]
        model.usages = [torch.stack(counts).sum(0)]
        save_tokenizer(model, out)
        log.info("%s is ready.", out)


def sound_job(model: VQVAE, recipe: SoundRecipe, clips: list[np.ndarray], held_out: list[np.ndarray], out: Path) -> Job:
    first_and_last = {id(model.encoder.read.weight), id(model.decoder.write.weight)}
    hidden = [p for p in model.parameters() if p.ndim > 2 and id(p) not in first_and_last]
    other = [p for p in model.parameters() if all(p is not h for h in hidden)]
    device = next(model.parameters()).device

    def step() -> dict[str, float]:
        x = crops(clips, distributed.share(recipe.batch), recipe.crop).to(device)
        with autocast():
            x_tilde, (quantized,) = model(x)
        x_tilde = x_tilde.float()
        spectral, error = spectral_loss(x_tilde[:, 0], x[:, 0], recipe.model.sample_rate), F.mse_loss(x_tilde, x)
        (spectral + recipe.waveform * error / recipe.variance + quantized.loss).backward()
        return {
            "spectral": spectral.item(), "mse": error.item(), "codebook": quantized.codebook_loss.item(),
            "commitment": quantized.commitment_loss.item(), "perplexity": quantized.perplexity.item(),
        }

    def validate() -> dict[str, float]:
        losses, counts, shown = [], np.zeros(recipe.model.quantizer.codebook_size, np.int64), []
        for clip in held_out:
            x, tokens = torch.from_numpy(clip).to(device), encode(model, clip)
            x_tilde = model.decode([tokens[None]])[:, 0, : len(clip)]
            losses.append(float(spectral_loss(x_tilde, x[None], recipe.model.sample_rate)))
            counts += np.bincount(tokens.cpu(), minlength=len(counts))
            if len(shown) < SHOWN:
                shown.append([to_picture(spectrogram(part)[0].cpu().numpy()) for part in (x[None], x_tilde)])
        write_picture(out / "run" / "reconstructions.png", in_rows(shown))
        return {"spectral": float(np.mean(losses)), "codes_used": int((counts > 0).sum()), "perplexity": float(perplexity(counts))}

    optimizer = Optimizer(hidden, other)
    return Job(model, optimizer, recipe.rate, step, validate, lambda figures: -figures["spectral"], lambda: save_tokenizer(model, out))


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


def encode(model: VQVAE, clip: np.ndarray) -> Tensor:
    """float32 [T] → tokens int64 [T/f], rounded up."""
    return model.encode(torch.from_numpy(clip)[None, None].to(next(model.parameters()).device))[0][0]


def in_rows(rows: Sequence[Sequence[np.ndarray]], gap: int = 4) -> np.ndarray:
    """Pictures uint8 [H, W, 3] of one height, beside one another and row upon row, on white: uint8 [·, ·, 3]."""
    height = rows[0][0].shape[0] + gap
    sheet = np.full((height * len(rows), max(sum(p.shape[1] + gap for p in row) for row in rows), 3), 255, np.uint8)
    for i, row in enumerate(rows):
        left = 0
        for picture in row:
            sheet[i * height : i * height + picture.shape[0], left : left + picture.shape[1]] = picture
            left += picture.shape[1] + gap
    return sheet


def tokenize_sounds(tokenizer: VQVAE, clips: Clips, out: Path, length: int, count: int) -> None:
    """The tokens of every clip in a folder as `vqcore.tokenize` writes it, each `count` times: from its beginning, and
    after a silence of any length that leaves room for it. length: of a sequence, in samples."""
    classes, level = sorted({label for label in clips.labels if label}), tokenizer.levels[0]
    index = {
        "version": 1, "kind": "tokens", "tokenizer": tokenizer.name, "fingerprint": fingerprint(tokenizer).hex(),
        "made_of": clips.digest(), "side": length, "views": count,
        "grids": [{"codebook_size": level.codebook_size, "shape": [-(-length // level.downsampling)]}],
        "pictures": len(clips.labels), "shard_size": len(clips.labels), "texts": classes,
    }
    if holds_tokens(out) and read_index(out) == index and shard_file(out, 0).is_file():
        return
    draw = np.random.default_rng(0)
    placed = [
        fitted(clip, length, 0 if view == 0 else int(draw.integers(max(0, length - len(clip)) + 1)))
        for clip in clips.samples for view in range(count)
    ]  # fmt: skip
    grids = encode_fitted(tokenizer, np.stack(placed)).view(len(clips.samples), count, -1)
    texts = [classes.index(label) if label else len(classes) for label in clips.labels]
    write_json(out / INDEX, index)
    write_tensors(shard_file(out, 0), {
        "level0": grids.to(torch.int16 if level.codebook_size <= 1 << 15 else torch.int32),
        "texts": torch.tensor(texts, dtype=torch.int32), "pictures": torch.arange(len(texts)),
    })


def encode_fitted(tokenizer: VQVAE, samples: np.ndarray) -> Tensor:
    """float32 [N, T] → tokens int64 [N, T/f], rounded up."""
    device = tokenizer.levels[0].codebook.device
    parts = torch.from_numpy(samples)[:, None].split(ENCODED_AT_ONCE)
    return torch.cat([tokenizer.encode(part.to(device))[0].cpu() for part in parts])
