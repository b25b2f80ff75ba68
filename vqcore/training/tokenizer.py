"""Training a tokenizer, on pictures or on sounds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcore import distributed
from vqcore.checkpoints import load
from vqcore.files import write_picture
from vqcore.metrics import perplexity
from vqcore.tokenizers import networks, new_tokenizer
from vqcore.tokenizers.appearance import appearances
from vqcore.tokenizers.base import Tokenizer, Trainable, published, suffixes
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.training.budget import Budget
from vqcore.training.material.base import Material
from vqcore.training.material.pictures import Pictures, TokenizerRecipe
from vqcore.training.material.sound import SoundRecipe, Sounds
from vqcore.training.optimizer import Optimizer
from vqcore.training.run import Job, train

log = logging.getLogger(__name__)
VALIDATIONS = 20  # in a run
SHOWN = 8  # held-out pictures in reconstructions.png
COUNTED = 2000  # pictures or clips, at the most, in which the codes' use is counted


def train_tokenizer(
    recipe: TokenizerRecipe | SoundRecipe, sources: Sequence[str | Path], out: Path, budget: Budget, seed: int = 0, start: str | None = None
) -> None:
    """Train until the budget is used up and leave a checkpoint in `out`; goes on where an earlier call stopped.

    sources: of the pictures or the sounds, as their recipe reads them;  start: a trained tokenizer whose weights to begin with.
    """
    torch.manual_seed(seed)
    material = Sounds.read(sources, recipe) if isinstance(recipe, SoundRecipe) else Pictures.read(sources, recipe)
    model = new_tokenizer(recipe.model, out.name).to(distributed.device())
    if start is not None:
        begin_with(model, load(start), recipe)
    train(tokenizer_job(model, recipe.rate, recipe.batch, material, out), out, budget, VALIDATIONS)
    if distributed.is_first():
        complete(out, material)
        log.info("%s is ready.", out)


def begin_with(model: Trainable, trained: Tokenizer, recipe: TokenizerRecipe | SoundRecipe) -> None:
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


def complete(out: Path, material: Material) -> None:
    """Add the codes' usage and, of pictures, their appearance, those of the weights as they are stored."""
    model = load(out).to(distributed.device())
    assert isinstance(model, Trainable)
    model.usages = count_usage(model, material)
    model.cpu()
    if model.spatial_dims == 2:
        model.appearances = appearances(model)
    save_tokenizer(model, out)


def tokenizer_job(model: Trainable, rate: float, batch: int, material: Material, out: Path) -> Job:
    """rate: the peak learning rate;  batch: crops a step, of all ranks together."""
    first_and_last = {id(weight) for weight in model.first_and_last()}
    hidden = [p for p in model.parameters() if p.ndim > 2 and id(p) not in first_and_last]
    other = [p for p in model.parameters() if all(p is not h for h in hidden)]
    endings = suffixes(model.levels)

    def step() -> dict[str, float]:
        x = material.draw(distributed.share(batch)).to(model.device)
        with autocast():
            x_tilde, quantized = model(x)
        reconstruction, figures = material.loss(x_tilde.float(), x)
        (reconstruction + sum(q.loss for q in quantized)).backward()
        return {
            **figures,
            "codebook": sum(q.codebook_loss.item() for q in quantized),
            "commitment": sum(q.commitment_loss.item() for q in quantized),
            **{f"perplexity{level}": q.perplexity.item() for level, q in zip(endings, quantized)},
        }

    def validate() -> dict[str, float]:
        quality, counts, shown = [], [np.zeros(level.codebook_size, np.int64) for level in model.levels], []
        for one in material.held_out:
            tokens = model.encode(material.tensor(one).to(model.device))
            for count, grid in zip(counts, tokens):
                count += np.bincount(grid.flatten().cpu(), minlength=len(count))
            figure, pictures = material.judge(model.decode(tokens), one)
            quality.append(figure)
            shown.append(pictures)
        write_picture(out / "run" / "reconstructions.png", material.sheet(shown[:SHOWN]))
        used = {f"codes_used{level}": int((count > 0).sum()) for level, count in zip(endings, counts)}
        even = {f"perplexity{level}": float(perplexity(count)) for level, count in zip(endings, counts)}
        return {material.figure: float(np.mean(quality)), **used, **even}

    sign = 1 if material.higher_is_better else -1
    score = lambda figures: sign * figures[material.figure]
    return Job(model, Optimizer(hidden, other), rate, step, validate, score, lambda: save_tokenizer(model, out))


@torch.inference_mode()
def count_usage(model: Trainable, material: Material) -> list[Tensor]:
    """How often each code stands for a part of what is trained on (an even choice of it), int64 [K] a level."""
    counts = [torch.zeros(level.codebook_size, dtype=torch.int64) for level in model.levels]
    for one in material.kept[:: -(-len(material.kept) // COUNTED)]:
        for count, grid in zip(counts, model.encode(material.tensor(one).to(model.device))):
            count += torch.bincount(grid.flatten(), minlength=len(count)).cpu()
    return counts


def autocast() -> torch.autocast:
    """The arithmetic of a training step on this rank's device."""
    return networks.autocast(distributed.device().type)
