"""Training a tokenizer on pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore import distributed
from vqcore.checkpoints import load
from vqcore.data.labelled import open_pixels, read_labelled
from vqcore.files import write_picture
from vqcore.metrics import perplexity, psnr
from vqcore.tokenizers import TokenizerConfig, networks, new_tokenizer
from vqcore.tokenizers.appearance import appearances
from vqcore.tokenizers.base import Trainable, published, suffixes
from vqcore.tokenizers.networks import memory_format
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.tokenizers.vqvae import VQVAEConfig
from vqcore.training.budget import Budget
from vqcore.training.optimizer import Optimizer
from vqcore.training.run import Job, train

log = logging.getLogger(__name__)
HELD_OUT = 48  # pictures at the most, and never over a tenth
VALIDATIONS = 20  # in a run
SHOWN = 8  # held-out pictures in reconstructions.png
SHOWN_SIDE = 128  # pixels that each of them has there at the most


@dataclass(frozen=True)
class TokenizerRecipe:
    """How to train a tokenizer.

    crop: the side of a training crop, in pixels;  batch: crops a step, of all ranks together;  rate: the peak learning rate;
    mirrored: every other crop is mirrored;  longest_side: pictures are scaled down to it on the way in;
    variance: that of the pixels, about which the reconstruction loss is normalised (1711.00937's published code divides
    by it too).
    """

    model: TokenizerConfig = field(default_factory=VQVAEConfig)
    crop: int = 64
    batch: int = 32
    rate: float = 2.5e-3
    mirrored: bool = True
    longest_side: int = 512
    variance: float = 0.05

    def __post_init__(self):
        f = self.model.downsampling
        if self.crop < f or self.crop % f:
            raise ValueError(f"The side of a crop is a multiple of the {f} pixels of a token, not {self.crop}.")
        if self.batch < 1:
            raise ValueError(f"A step takes at least one crop, not {self.batch}.")


def train_tokenizer(
    recipe: TokenizerRecipe, sources: Sequence[str | Path], out: Path, budget: Budget, seed: int = 0, start: str | None = None
) -> None:
    """Train until the budget is used up and leave a checkpoint in `out`; goes on where an earlier call stopped.

    sources: of the pictures, each as `read_labelled` takes it;  start: a trained tokenizer whose weights to begin with.
    """
    torch.manual_seed(seed)
    pictures, held_out = read_sources(sources, recipe)
    model = new_tokenizer(recipe.model, out.name).to(distributed.device())
    if start is not None:
        begin_with(model, load(start), recipe)
    job = tokenizer_job(model, recipe, pictures, held_out, out)
    train(job, out, budget, VALIDATIONS)
    if distributed.is_first():
        complete(out, pictures)
        log.info("%s is ready.", out)


def begin_with(model: Trainable, trained: Trainable, recipe: TokenizerRecipe) -> None:
    """Take over the networks of a trained tokenizer of the same shape, and its codebooks where they are of the same size."""
    weights, own = (
        {name: tensor for name, tensor in published(part).items() if not name.endswith("codebook")} for part in (trained, model)
    )
    if {name: tensor.shape for name, tensor in weights.items()} != {name: tensor.shape for name, tensor in own.items()}:
        raise ValueError(f"{trained.name} has other networks than this preset makes. Start from one of the same shape, or from none.")
    model.load_state_dict(weights, strict=False)
    pixels = recipe.batch * recipe.crop**model.spatial_dims
    for quantizer, level in zip(model.quantizers, trained.levels):
        if level.codebook_size == quantizer.codebook_size:
            tokens = pixels / level.downsampling**model.spatial_dims
            quantizer.adopt(level.codebook, tokens / level.codebook_size)


def complete(out: Path, pictures: list[np.ndarray]) -> None:
    """Add the codes' usage and appearance, those of the weights as they are stored."""
    model = load(out).to(distributed.device())
    model.usages = count_usage(model, pictures)
    model.cpu()
    model.appearances = appearances(model)
    save_tokenizer(model, out)


def tokenizer_job(
    model: Trainable, recipe: TokenizerRecipe, pictures: list[np.ndarray], held_out: list[np.ndarray], out: Path
) -> Job:
    first_and_last = {id(weight) for weight in model.first_and_last()}
    hidden = [p for p in model.parameters() if p.ndim > 2 and id(p) not in first_and_last]
    other = [p for p in model.parameters() if all(p is not h for h in hidden)]
    device = next(model.parameters()).device
    areas = np.array([p.shape[0] * p.shape[1] for p in pictures], np.float64)
    cumulated = np.cumsum(areas / areas.sum())
    endings = suffixes(model.levels)

    def step() -> dict[str, float]:
        x = crops(pictures, cumulated, distributed.share(recipe.batch), recipe.crop, recipe.mirrored).to(device)
        with autocast():
            x_tilde, quantized = model(x)
        reconstruction = F.mse_loss(x_tilde.float(), x)
        (reconstruction / recipe.variance + sum(q.loss for q in quantized)).backward()
        return {
            "mse": reconstruction.item(),
            "codebook": sum(q.codebook_loss.item() for q in quantized),
            "commitment": sum(q.commitment_loss.item() for q in quantized),
            **{f"perplexity{level}": q.perplexity.item() for level, q in zip(endings, quantized)},
        }

    def validate() -> dict[str, float]:
        quality, counts, shown = [], [np.zeros(level.codebook_size, np.int64) for level in model.levels], []
        for pixels in held_out:
            tokens = model.encode(to_tensor(pixels).to(device))
            for count, grid in zip(counts, tokens):
                count += np.bincount(grid.flatten().cpu(), minlength=len(count))
            decoded = to_pixels(model.decode(tokens))[0, : pixels.shape[0], : pixels.shape[1]]
            quality.append(psnr(decoded, pixels))
            shown.append((pixels, decoded))
        write_picture(out / "run" / "reconstructions.png", side_by_side(shown[:SHOWN]))
        used = {f"codes_used{level}": int((count > 0).sum()) for level, count in zip(endings, counts)}
        even = {f"perplexity{level}": float(perplexity(count)) for level, count in zip(endings, counts)}
        return {"psnr": float(np.mean(quality)), **used, **even}

    optimizer = Optimizer(hidden, other)
    return Job(model, optimizer, recipe.rate, step, validate, lambda figures: figures["psnr"], lambda: save_tokenizer(model, out))


def crops(pictures: Sequence[np.ndarray], cumulated: np.ndarray, count: int, side: int, mirrored: bool = True) -> Tensor:
    """Square crops at the pictures' own scale, every other one mirrored if so wished: float32 [count, C, side, side].

    A picture is drawn by its area (`cumulated`: the running sum of the areas' shares), so that every place in the
    data is as likely as any other.
    """
    batch = np.empty((count, side, side, pictures[0].shape[2]), np.uint8)
    for i, (choice, down, across, mirror) in enumerate(torch.rand(count, 4, dtype=torch.float64).tolist()):
        picture = pictures[min(np.searchsorted(cumulated, choice), len(pictures) - 1)]
        top, left = (int(share * (size - side + 1)) for share, size in zip((down, across), picture.shape[:2]))
        crop = picture[top : top + side, left : left + side]
        batch[i] = crop[:, ::-1] if mirrored and mirror < 0.5 else crop
    return to_tensor(batch).contiguous(memory_format=memory_format(2))


def side_by_side(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The middles of pictures uint8 [H, W, C] in one row, and below each its reconstruction: uint8 [2·side, n·side, 3]."""
    side = min([SHOWN_SIDE, *(size for picture, _ in pairs for size in picture.shape[:2])])
    columns = []
    for pair in pairs:
        top, left = ((size - side) // 2 for size in pair[0].shape[:2])
        columns.append(np.concatenate([picture[top : top + side, left : left + side] for picture in pair]))
    sheet = np.concatenate(columns, axis=1)
    return np.repeat(sheet, 3, axis=2) if sheet.shape[2] == 1 else sheet


def read_sources(sources: Sequence[str | Path], recipe: TokenizerRecipe) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(this rank's share of the training pictures, the held-out ones), uint8 [H, W, C] each."""
    found = [picture for source in sources for picture in read_labelled(source, "train").pictures]
    kept, held_out = hold_out(found)
    share = kept[distributed.rank() :: distributed.count()] if len(kept) >= 2 * distributed.count() else kept
    pictures, unseen = (read_pictures(part, recipe.longest_side, recipe.crop) for part in (share, held_out))
    if not unseen:
        pictures, unseen = pictures[:-1], pictures[-1:]
    if not pictures:
        raise ValueError(f"Of {len(found)} files too few could be read as pictures; training needs two at least.")
    for channels in {picture.shape[2] for picture in pictures + unseen} - {recipe.model.network.channels}:
        raise ValueError(
            f"There are pictures of {channels} channel(s), and this preset is for {recipe.model.network.channels}. Choose another."
        )
    return pictures, unseen


def read_pictures(found: Sequence[np.ndarray | Path | bytes], longest_side: int, shortest_side: int) -> list[np.ndarray]:
    """uint8 [H, W, C] of every one that can be read; the others are named and skipped."""

    def read(picture: np.ndarray | Path | bytes) -> np.ndarray | None:
        try:
            pixels = open_pixels(picture, longest_side)
        except (ValueError, OSError) as error:
            log.warning("skipped %s: %s", picture if isinstance(picture, Path) else "a picture", error)
            return None
        short = [max(0, shortest_side - size) for size in pixels.shape[:2]]
        return np.pad(pixels, ((0, short[0]), (0, short[1]), (0, 0)), "symmetric") if any(short) else pixels

    with ThreadPoolExecutor() as pool:
        return [pixels for pixels in pool.map(read, found) if pixels is not None]


def hold_out(pictures: Sequence) -> tuple[list, list]:
    """(for training, held out): every so many-th is held out, the same ones in every run on the same pictures."""
    stride = max(10, len(pictures) // HELD_OUT) if len(pictures) >= 10 else max(2, len(pictures))
    held_out = [p for i, p in enumerate(pictures) if i % stride == stride - 1]
    return [p for i, p in enumerate(pictures) if i % stride != stride - 1], held_out[:HELD_OUT]


@torch.inference_mode()
def count_usage(model: Trainable, pictures: list[np.ndarray], most: int = 2000) -> list[Tensor]:
    """How often each code stands for a part of these pictures (an even choice of `most` of them), int64 [K] a level."""
    counts = [torch.zeros(level.codebook_size, dtype=torch.int64) for level in model.levels]
    for pixels in pictures[:: -(-len(pictures) // most)]:
        for count, grid in zip(counts, model.encode(to_tensor(pixels).to(distributed.device()))):
            count += torch.bincount(grid.flatten(), minlength=len(count)).cpu()
    return counts


def autocast() -> torch.autocast:
    """The arithmetic of a training step on this rank's device."""
    return networks.autocast(distributed.device().type)
