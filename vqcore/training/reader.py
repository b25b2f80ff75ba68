"""Training the reader of scenes, on fresh renders of all pairs of colour and shape."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore import distributed
from vqcore.checkpoints import load_reader
from vqcore.data.scenes import Renders, Scene, read_scenes
from vqcore.data.scenes.reader import ATTRIBUTES, CELL, Maps, ReaderConfig, SceneReader, save_reader
from vqcore.data.scenes.rendering import seen_at
from vqcore.data.scenes.scene import FLOORS
from vqcore.tokenizers.pixels import to_tensor
from vqcore.training.budget import Budget
from vqcore.training.optimizer import Optimizer
from vqcore.training.run import Job, train
from vqcore.training.tokenizer import autocast

log = logging.getLogger(__name__)
VALIDATIONS = 10  # in a run
HELD_OUT = 256  # scenes that validate
SPREAD = 0.8  # of the target around a middle, in cells
NOISE, BLURRED = 0.06, 0.3  # of the pixels' range, at most; how often a batch is a little blurred


@dataclass(frozen=True)
class ReaderRecipe:
    """batch: pictures a step, of all ranks together;  rate: the peak learning rate."""

    model: ReaderConfig = ReaderConfig()
    batch: int = 64
    rate: float = 1e-3


@dataclass(frozen=True)
class Targets:
    """heat: [B, 1, h, w], 1 at the middle of each thing;  floor: int64 [B];  and of each thing: at: int64 [N, 3], picture, row and
    column of its cell;  looks: int64 [N] of each attribute;  place: [N, 3]."""

    heat: Tensor
    floor: Tensor
    at: Tensor
    looks: dict[str, Tensor]
    place: Tensor


def train_reader(recipe: ReaderRecipe, source: str | Path, out: Path, budget: Budget, seed: int = 0, start: str | None = None) -> None:
    """Train until the budget is used up and leave the checkpoint in `out`; goes on where an earlier call stopped.

    source: `scenes:COUNT` (see data.scenes), the scenes to train on, of all pairs;  start: a trained reader to begin with.
    """
    torch.manual_seed(seed)
    asked = read_scenes(source, "train")
    renders, unseen = Renders(len(asked), asked.side, held_out=frozenset()), Renders(HELD_OUT, asked.side, "val", frozenset())
    log.info("rendering %d scenes", len(renders) + len(unseen))
    pictures, scenes = [np.stack([some[i] for i in range(len(some))]) for some in (renders, unseen)], [
        [some.scene(i) for i in range(len(some))] for some in (renders, unseen)
    ]
    model = SceneReader(recipe.model, out.name).to(distributed.device())
    if start is not None:
        model.load_state_dict(load_reader(start).state_dict())

    def step() -> dict[str, float]:
        rows = torch.randint(len(pictures[0]), (distributed.share(recipe.batch),)).tolist()
        targets = targets_of([scenes[0][i] for i in rows], asked.side)
        with autocast():
            maps = model(roughened(to_tensor(pictures[0][rows])).to(distributed.device()))
        loss = loss_of(maps, targets)
        loss.backward()
        return {"loss": loss.item()}

    def validate() -> dict[str, float]:
        return accuracy(model, to_tensor(pictures[1]), scenes[1])

    first_and_last = {id(model.read.weight), id(model.write.weight)}
    hidden = [p for p in model.parameters() if p.ndim > 2 and id(p) not in first_and_last]
    other = [p for p in model.parameters() if all(p is not h for h in hidden)]
    score = lambda figures: sum(figures.values())
    job = Job(model, Optimizer(hidden, other), recipe.rate, step, validate, score, lambda: save_reader(model, out))
    train(job, out, budget, VALIDATIONS)


def targets_of(scenes: list[Scene], side: int) -> Targets:
    """What the maps of these scenes should hold."""
    n = side // CELL
    heat = torch.zeros(len(scenes), 1, n, n)
    rows, columns = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    at, looks, place = [], {name: [] for name in ATTRIBUTES}, []
    for b, scene in enumerate(scenes):
        for thing in scene.things:
            column, row = (min(n - 1, max(0, int(pixels / CELL))) for pixels in seen_at(thing, side))
            near = torch.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * SPREAD**2))
            heat[b, 0] = torch.maximum(heat[b, 0], near)
            at.append((b, row, column))
            for name, words in ATTRIBUTES.items():
                looks[name].append(words.index(getattr(thing, name)))
            place.append((thing.x, thing.y, thing.z))
    floor = torch.tensor([FLOORS.index(scene.floor) for scene in scenes])
    return Targets(heat, floor, torch.tensor(at), {name: torch.tensor(values) for name, values in looks.items()}, torch.tensor(place))


def loss_of(maps: Maps, targets: Targets) -> Tensor:
    """The penalty-reduced focal loss of the heat map (1904.07850, eq. 1), cross-entropies of what each thing is, and where it stands."""
    device = maps.heat.device
    target, p = targets.heat.to(device), maps.heat.sigmoid().clamp(1e-4, 1 - 1e-4)
    middle = (target == 1).float()
    focal = -(middle * (1 - p) ** 2 * p.log() + (1 - middle) * (1 - target) ** 4 * p**2 * (1 - p).log()).sum() / middle.sum()
    b, row, column = targets.at.to(device).unbind(1)
    looks = sum(F.cross_entropy(maps.looks[name][b, :, row, column], targets.looks[name].to(device)) for name in ATTRIBUTES)
    place = F.smooth_l1_loss(maps.place[b, :, row, column], targets.place.to(device))
    return focal + looks + place + 0.2 * F.cross_entropy(maps.floor, targets.floor.to(device))


def roughened(images: Tensor) -> Tensor:
    """With noise, and now and then blurred, as pictures that a model wrote may be."""
    if torch.rand(()) < BLURRED:
        images = F.avg_pool2d(images, 3, 1, 1, count_include_pad=False)
    images = images + NOISE * 2 * torch.rand(len(images), 1, 1, 1) * torch.randn_like(images)
    return images.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def accuracy(model: SceneReader, images: Tensor, scenes: list[Scene]) -> dict[str, float]:
    """Shares: of pictures whose number of things is read right, of things each of whose attributes is, read at their true places, and of
    floors."""
    right: dict[str, list[float]] = {name: [] for name in ("count", *ATTRIBUTES, "floor")}
    for some, these in zip(images.split(64), [scenes[i : i + 64] for i in range(0, len(scenes), 64)]):
        maps, found, targets = model(some), model.things(some), targets_of(these, some.shape[-1])
        b, row, column = targets.at.unbind(1)
        right["count"] += [len(things) == len(scene.things) for things, scene in zip(found, these)]
        right["floor"] += (maps.floor.argmax(1) == targets.floor).tolist()
        for name in ATTRIBUTES:
            right[name] += (maps.looks[name][b, :, row, column].argmax(1) == targets.looks[name]).tolist()
    return {name: float(np.mean(values)) for name, values in right.items()}
