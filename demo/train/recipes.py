"""What a visitor chose, as the recipe of a run: small networks, for minutes on one thread."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from demo.canvas.work import EXAMPLES
from demo.train import scenes
from vqcore.data.idx import holds_idx
from vqcore.data.labelled import open_pixels, read_labelled
from vqcore.data.scenes import is_scenes
from vqcore.files import shown
from vqcore.priors.transformer import TransformerConfig
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.vqvae import VQVAEConfig
from vqcore.training.budget import Budget
from vqcore.training.config import Run
from vqcore.training.material.base import hold_out
from vqcore.training.material.pictures import TokenizerRecipe
from vqcore.training.prior import PriorRecipe

FASHION = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package dataset-fashion-mnist puts it
MOST_MINUTES = float(os.environ.get("VQ_TRAINING_MINUTES", 60))
FACTORS, SIZES = (2, 4, 8, 16), (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
LARGEST_CROP, LONGEST_SIDE = 64, 256  # pixels
LONGEST_GRID = 16  # tokens a side that the prior writes
LOOKED_AT = 40  # pictures, for their size


@dataclass(frozen=True)
class Settings:
    """What a visitor chose: f, K, D, β, whether the codebook follows by moving averages ("ema") or by gradient, and for how long."""

    downsampling: int
    codebook_size: int
    code_dim: int
    beta: float
    codebook: str
    minutes: float


def bundled() -> dict[str, tuple[str, Path]]:
    """The sets that are here: (what to call it, where it is) by name."""
    sets = {"examples": ("Five photographs", EXAMPLES)}
    if holds_idx(FASHION):
        sets["fashion"] = ("Fashion-MNIST, 60,000 × 28 pixels", FASHION)
    return sets


def folder_of(name: str) -> Path:
    """Where a bundled set is."""
    sets = bundled()
    if name not in sets:
        raise ValueError(f"There is no set called “{shown(name)}” here. Choose one of {', '.join(sets)}.")
    return sets[name][1]


def tokenizer_recipe(settings: Settings, pictures: Path) -> Run:
    """ValueError, naming the setting, for one that is not offered."""
    f, size, dim, beta = settings.downsampling, settings.codebook_size, settings.code_dim, settings.beta
    if f not in FACTORS or size not in SIZES or not 1 <= dim <= 256 or not 0 <= beta <= 10:
        raise ValueError("Choose f and K from their lists, D from 1 to 256 and β from 0 to 10.")
    channels, shortest = _look(pictures)
    crop = f * max(1, min(LARGEST_CROP, shortest) // f)
    network = NetworkConfig(
        channels=channels, downsampling=f, code_dim=dim, coarse_width=128, fine_width=64, encoder_fine_blocks=1,
        decoder_coarse_blocks=1, decoder_fine_blocks=1,
    )
    model = VQVAEConfig(network, VQConfig(size, beta, 0.99 if settings.codebook == "ema" else None))
    recipe = TokenizerRecipe(model, crop, batch=64 if crop < 48 else 32, rate=2e-3, longest_side=LONGEST_SIDE)
    if is_scenes(pictures):
        recipe, pictures = replace(recipe, mirrored=False, edges=scenes.EDGES), Path(scenes.for_tokenizer(pictures))
    return Run(recipe, (str(pictures),), _budget(settings.minutes))


def prior_recipe(tokenizer: Path, pictures: Path, downsampling: int, minutes: float) -> Run:
    """A small transformer on the tokens of the same pictures."""
    side = downsampling * max(1, min(LONGEST_GRID, min(LONGEST_SIDE, _look(pictures)[1]) // downsampling))
    if is_scenes(pictures):
        recipe = replace(scenes.PRIOR, side=side)
    else:
        views = 1 if len(read_labelled(pictures, "train").labels) > 2000 else 8
        recipe = PriorRecipe(TransformerConfig(layers=4, width=128, heads=4, dropout=0.1), side, views, 32)
    return Run(recipe, (str(pictures),), _budget(minutes), tokenizer=str(tokenizer))


def unseen(pictures: Path) -> np.ndarray:
    """One of the pictures that training holds out, uint8 [H, W, C]."""
    if is_scenes(pictures):
        return scenes.checked(pictures, "val")[0]
    for picture in hold_out(read_labelled(pictures, "train").pictures)[1]:
        try:
            return open_pixels(picture, LONGEST_SIDE)
        except ValueError:
            continue
    raise ValueError("None of the pictures that were held out can be read.")


def _budget(minutes: float) -> Budget:
    if not 0 < minutes <= MOST_MINUTES:
        raise ValueError(f"Training takes up to {MOST_MINUTES:g} minutes here.")
    return Budget(minutes=minutes)


def _look(source: Path) -> tuple[int, int]:
    """Channels, and the shortest side, in pixels, of some of these pictures."""
    if is_scenes(source):
        return 3, scenes.checked(source).side
    data, shapes = read_labelled(source, "train"), []
    for picture in data.pictures[:: -(-len(data.pictures) // LOOKED_AT)]:
        try:
            shapes.append(open_pixels(picture, LONGEST_SIDE).shape)
        except ValueError:
            continue
    if not shapes:
        raise ValueError("None of these pictures can be read. Use JPEG, PNG, WebP, GIF, BMP or TIFF.")
    return shapes[0][2], min(min(shape[:2]) for shape in shapes)
