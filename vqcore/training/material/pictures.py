"""Pictures to train a tokenizer on: crops of them, mirrored or not, and PSNR."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vqcore import distributed
from vqcore.data.colors import in_channels
from vqcore.data.labelled import open_pixels, read_labelled
from vqcore.metrics import psnr
from vqcore.tokenizers import TokenizerConfig
from vqcore.tokenizers.networks import memory_format
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.vqvae import VQVAEConfig
from vqcore.training.material.base import Material, hold_out

log = logging.getLogger(__name__)
SHOWN_SIDE = 128  # pixels that each picture has in reconstructions.png at the most


@dataclass(frozen=True)
class TokenizerRecipe:
    """How to train a tokenizer.

    crop: the side of a training crop, in pixels;  batch: crops a step, of all ranks together;  rate: the peak learning rate;
    mirrored: every other crop is mirrored;  longest_side: pictures are scaled down to it on the way in;
    variance: that of the pixels, about which the reconstruction loss is normalised (1711.00937's published code divides
    by it too);  edges: how much more an error counts where a picture is busy than where it is flat (see `busyness`).
    """

    model: TokenizerConfig = field(default_factory=VQVAEConfig)
    crop: int = 64
    batch: int = 32
    rate: float = 2.5e-3
    mirrored: bool = True
    longest_side: int = 512
    variance: float = 0.05
    edges: float = 0.0

    def __post_init__(self):
        f = self.model.downsampling
        if self.crop < f or self.crop % f:
            raise ValueError(f"The side of a crop is a multiple of the {f} pixels of a token, not {self.crop}.")
        if self.batch < 1:
            raise ValueError(f"A step takes at least one crop, not {self.batch}.")


class Pictures(Material):
    """uint8 [H, W, C] each."""

    figure, higher_is_better = "psnr", True

    def __init__(self, recipe: TokenizerRecipe, kept: Sequence[np.ndarray], held_out: Sequence[np.ndarray]):
        self.recipe, self.kept, self.held_out = recipe, kept, held_out
        areas = np.array([picture.shape[0] * picture.shape[1] for picture in kept], np.float64)
        self.cumulated = np.cumsum(areas / areas.sum())

    @classmethod
    def read(cls, sources: Sequence[str | Path], recipe: TokenizerRecipe) -> Pictures:
        """This rank's share of the pictures of these sources, each as `read_labelled` takes it, and the held-out ones."""
        return cls(recipe, *read_sources(sources, recipe))

    def draw(self, count: int) -> Tensor:
        return crops(self.kept, self.cumulated, count, self.recipe.crop, self.recipe.mirrored)

    def tensor(self, one: np.ndarray) -> Tensor:
        return to_tensor(one)

    def loss(self, x_tilde: Tensor, x: Tensor) -> tuple[Tensor, dict[str, float]]:
        error = F.mse_loss(x_tilde, x)
        if not self.recipe.edges:
            return error / self.recipe.variance, {"mse": error.item()}
        weights = 1 + self.recipe.edges * busyness(x)
        weighted = (weights * (x_tilde - x).square()).mean() / weights.mean()
        return weighted / self.recipe.variance, {"mse": error.item()}

    def judge(self, decoded: Tensor, one: np.ndarray) -> tuple[float, list[np.ndarray]]:
        pixels = to_pixels(decoded)[0, : one.shape[0], : one.shape[1]]
        return min(psnr(pixels, one), closest_psnr(one.size)), [one, pixels]

    def sheet(self, shown: Sequence[list[np.ndarray]]) -> np.ndarray:
        return side_by_side(shown)


def closest_psnr(values: int) -> float:
    """The PSNR, in dB, of pictures of this many values of which one is off by one: what exact copies, whose own is infinite,
    count for in a mean."""
    return 10 * math.log10(255**2 * values)


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


def busyness(x: Tensor) -> Tensor:
    """How much happens around each pixel, 1 on a picture's average and 4 at most: [B, C, H, W] → [B, 1, H, W].

    In a picture that is mostly sky or floor the few pixels that matter have no weight in a mean over all of them.
    """
    detail = (x - F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)).abs().mean(1, keepdim=True)
    around = F.avg_pool2d(detail, 9, 1, 4, count_include_pad=False)
    return (around / around.mean((2, 3), keepdim=True).clamp_min(1e-6)).clamp(max=4)


def side_by_side(pairs: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
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
    channels = recipe.model.network.channels
    if others := sum(picture.shape[2] != channels for picture in pictures + unseen):
        log.warning("%d pictures are read in %s, as this preset has them.", others, "grey" if channels == 1 else f"{channels} channels")
    return [in_channels(picture, channels) for picture in pictures], [in_channels(picture, channels) for picture in unseen]


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
