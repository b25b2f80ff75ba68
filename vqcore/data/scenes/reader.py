"""Reads what stands in a picture of a scene, so that a model's pictures can be judged by what was asked for.

A small network of the kind that finds things as points (CenterNet, 1904.07850): a heat map whose peaks are the things' middles, and at
each peak what the thing is and where it stands.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.data.scenes.scene import COLORS, FLOORS, MATERIALS, SHAPES, SIZES
from vqcore.files import CONFIG, WEIGHTS, check_sizes, load_weights, read_tensors, settings_of, write_json, write_tensors

CELL = 4  # pixels of a cell of the maps
ATTRIBUTES = {"shape": SHAPES, "color": COLORS, "size": SIZES, "material": MATERIALS}
PLACE = 3  # numbers: x, y and z of what a thing stands on
SURE = 0.35  # a peak below is no thing


@dataclass(frozen=True)
class ReaderConfig:
    """Channels at half, at a quarter, and at an eighth of the picture's side and below."""

    widths: tuple[int, int, int] = (48, 96, 192)


@dataclass(frozen=True)
class Found:
    """A thing as it was read: words, and where it stands, as in data.scenes.Thing."""

    shape: str
    color: str
    size: str
    material: str
    x: float
    y: float
    z: float


@dataclass(frozen=True)
class Maps:
    """heat: logits [B, 1, H/4, W/4];  looks: logits of each attribute [B, n, H/4, W/4];  place: [B, 3, H/4, W/4];  floor: logits [B, 4]."""

    heat: Tensor
    looks: Mapping[str, Tensor]
    place: Tensor
    floor: Tensor


class SceneReader(nn.Module):
    """Pictures [B, 3, H, W] in [-1, 1], of sides that 16 divides → what is in them."""

    def __init__(self, config: ReaderConfig = ReaderConfig(), name: str = ""):
        super().__init__()
        self.config, self.name = config, name
        half, quarter, deep = config.widths
        self.read = nn.Conv2d(3, half, 5, 2, 2)
        self.down = nn.Conv2d(half, quarter, 3, 2, 1)
        self.fine = nn.Sequential(_Block(quarter), _Block(quarter))
        self.pool = nn.Conv2d(quarter, deep, 3, 2, 1)
        self.coarse = nn.Sequential(_Block(deep), _Block(deep))
        self.deep = nn.Conv2d(deep, deep, 3, 2, 1)
        self.deepest = nn.Sequential(_Block(deep))
        self.up2, self.up1 = nn.Conv2d(deep, deep, 1), nn.Conv2d(deep, quarter, 1)
        self.last = _Block(quarter)
        self.write = nn.Conv2d(quarter, 1 + sum(map(len, ATTRIBUTES.values())) + PLACE, 1)
        assert self.write.bias is not None
        nn.init.constant_(self.write.bias[:1], -2.2)  # few cells hold a thing (1904.07850, §5.1)
        self.floor = nn.Linear(deep, len(FLOORS))
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  not in torch's stubs

    def forward(self, images: Tensor) -> Maps:
        fine = self.fine(F.relu(self.down(F.relu(self.read(images)))))
        coarse = self.coarse(F.relu(self.pool(F.relu(fine))))
        deepest = self.deepest(F.relu(self.deep(F.relu(coarse))))
        coarse = coarse + self.up2(F.interpolate(deepest, scale_factor=2.0))
        fine = self.last(fine + self.up1(F.interpolate(coarse, scale_factor=2.0)))
        heat, *looks, place = self.write(F.relu(fine)).float().split([1, *map(len, ATTRIBUTES.values()), PLACE], 1)
        return Maps(heat, dict(zip(ATTRIBUTES, looks)), place, self.floor(deepest.mean((2, 3))).float())

    def things(self, images: Tensor) -> list[list[Found]]:
        """What stands in each picture, the surest first."""
        return [things for things, _ in self.scenes(images)]

    @torch.inference_mode()
    def scenes(self, images: Tensor) -> list[tuple[list[Found], str]]:
        """Of each picture what stands in it, the surest first, and its floor."""
        maps = self(images)
        heat = maps.heat.sigmoid()
        peaks = (heat == F.max_pool2d(heat, 3, 1, 1)) & (heat > SURE)
        found: list[list[tuple[float, Found]]] = [[] for _ in images]
        for b, _, i, j in peaks.nonzero().tolist():
            words = {name: ATTRIBUTES[name][int(logits[b, :, i, j].argmax())] for name, logits in maps.looks.items()}
            found[b].append((float(heat[b, 0, i, j]), Found(**words, **dict(zip("xyz", maps.place[b, :, i, j].tolist())))))
        things = [[thing for _, thing in sorted(some, key=lambda pair: -pair[0])] for some in found]
        return list(zip(things, [FLOORS[i] for i in maps.floor.argmax(1).tolist()]))


class _Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(F.relu(x))))


def save_reader(model: SceneReader, folder: str | os.PathLike) -> Path:
    """Write config.json and model.safetensors in half precision."""
    folder = Path(folder)
    write_tensors(folder / WEIGHTS, {name: tensor.half() for name, tensor in model.state_dict().items()})
    write_json(folder / CONFIG, {"kind": "reader", "version": 1, "network": dataclasses.asdict(model.config)})
    return folder


def read_reader(folder: Path, config: Mapping[str, Any], name: str) -> SceneReader:
    """The reader in a folder whose config is this. ValueError says what is wrong with it."""
    tensors = read_tensors(folder / WEIGHTS)
    try:
        described = settings_of(ReaderConfig, config["network"])
        check_sizes(described.widths, tensors)
        model = SceneReader(described, name)
    except (TypeError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(f"{folder / CONFIG} doesn't describe a model that this version knows: {error}.") from None
    load_weights(model, tensors, folder)
    return model.eval().requires_grad_(False)
