"""Training a contrastive model on captioned pictures."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore import distributed
from vqcore.checkpoints import home_name, load, load_contrastive
from vqcore.data.labelled import Labelled, read_labelled, views
from vqcore.priors.text import Text
from vqcore.retrieval.contrastive import Contrastive, ContrastiveConfig, save_contrastive
from vqcore.retrieval.known import Known, save_known
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_tensor
from vqcore.training.budget import Budget
from vqcore.training.optimizer import Optimizer
from vqcore.training.run import Job, train
from vqcore.training.tokenizer import autocast

log = logging.getLogger(__name__)
MOVED = 4  # pixels that a picture is moved by at the most
BRIGHTER = 0.1
VALIDATED = 256  # pairs
VALIDATIONS = 5  # in a run


@dataclass(frozen=True)
class ContrastiveRecipe:
    """batch: pairs a step, of all ranks together;  rate: the peak learning rate."""

    model: ContrastiveConfig = ContrastiveConfig()
    batch: int = 256
    rate: float = 1.5e-3


def train_contrastive(
    recipe: ContrastiveRecipe, source: str | Path, tokenizer_name: str, out: Path, budget: Budget, seed: int = 0
) -> None:
    """Train until the budget is used up and leave a checkpoint in `out`, with the pictures it knows as tokens of the tokenizer.

    source: of the pictures, as `read_labelled` takes it; each needs a text. ValueError, saying so, where one has none, and for
    a tokenizer of two levels.
    """
    torch.manual_seed(seed)
    data, tokenizer = read_labelled(source, "train"), load(tokenizer_name)
    if not all(data.labels):
        raise ValueError(f"{data.labels.count('')} of the pictures in {source} have no text. Give every line of metadata.jsonl one.")
    if len(tokenizer.levels) > 1:
        raise ValueError(f"{tokenizer_name} has {len(tokenizer.levels)} levels of tokens. Choose a tokenizer of one.")
    text = Text.of(data.labels, itertools.chain(*data.variants.values()))
    model = Contrastive(text, recipe.model, home_name(tokenizer_name), out.name).to(distributed.device())
    pixels = read_squares(data, recipe.model.side)
    train(contrastive_job(model, recipe, data, pixels, out), out, budget, VALIDATIONS)
    if distributed.is_first():
        save_known(known_of(load_contrastive(out), tokenizer, data, pixels), out)
        log.info("%s is ready.", out)


def read_squares(data: Labelled, side: int) -> Tensor:
    """The middle square of each picture, uint8 [N, 3, side, side]."""
    squares = np.concatenate([square[:1] for square in views(data, side, 1)])
    if len(squares) < len(data.labels):
        raise ValueError(f"{len(data.labels) - len(squares)} of these pictures can't be read. Take them out of the data.")
    return torch.from_numpy(squares).movedim(-1, 1)


def contrastive_job(model: Contrastive, recipe: ContrastiveRecipe, data: Labelled, pixels: Tensor, out: Path) -> Job:
    forms = [[label, *data.variants.get(label, [])] for label in data.labels]
    most = max(map(len, forms))
    numbers = torch.stack([model.numbers((form * most)[:most]) for form in forms])  # [N, forms, text_length]
    device = model.log_scale.device
    fixed = torch.linspace(0, len(pixels) - 1, min(VALIDATED, len(pixels))).long()

    def step() -> dict[str, float]:
        rows = torch.randperm(len(pixels))[: distributed.share(recipe.batch)]
        form = torch.where(torch.rand(len(rows)) < 0.5, 0, torch.randint(most, (len(rows),)))
        with autocast():
            loss = model(numbers[rows, form].to(device), moved(pixels[rows].to(device)))
        loss.backward()
        return {"loss": loss.item()}

    def validate() -> dict[str, float]:
        images = pixels[fixed].to(device).float() / 127.5 - 1
        scores = model.embed_numbers(numbers[fixed, 0].to(device)) @ model.embed_images(images).T
        return {"recall_of_seen": float((scores.argmax(1) == torch.arange(len(fixed), device=device)).float().mean())}

    is_hidden = lambda name: name.startswith(("reads.", "looks.")) and not name.startswith("looks.0.")
    hidden = [p for name, p in model.named_parameters() if p.ndim > 1 and is_hidden(name)]
    other = [p for p in model.parameters() if all(p is not h for h in hidden)]
    # The last weights are kept: nothing that is held out judges them.
    return Job(model, Optimizer(hidden, other), recipe.rate, step, validate, lambda _: 0.0, lambda: save_contrastive(model, out))


def moved(pixels: Tensor) -> Tensor:
    """uint8 [B, C, H, W] → float in [-1, 1], the whole batch moved a little, each picture a little brighter or darker."""
    x = pixels.float() / 127.5 - 1
    height, width = x.shape[2:]
    top, left = torch.randint(2 * MOVED + 1, (2,)).tolist()
    x = F.pad(x, [MOVED] * 4, mode="replicate")[:, :, top : top + height, left : left + width]
    return (x * (1 + BRIGHTER * (2 * torch.rand(len(x), 1, 1, 1, device=x.device) - 1))).clamp(-1, 1)


@torch.inference_mode()
def known_of(model: Contrastive, tokenizer: Tokenizer, data: Labelled, pixels: Tensor) -> Known:
    embeddings, tokens = [], []
    for part in pixels.split(256):
        images = to_tensor(part.movedim(1, -1).numpy())
        embeddings.append(model.embed_images(images))
        tokens.append(tokenizer.encode(images)[0])
    return Known(data.labels, torch.cat(embeddings), torch.cat(tokens))
