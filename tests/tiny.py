"""A small tokenizer, trained for real on pictures that are made here, and a small prior over its tokens."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from vqcore.data.scenes import WORDS
from vqcore.data.sounds import write_wav
from vqcore.priors.local import LocalPixelCNN, LocalPixelCNNConfig
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.stored import save_prior
from vqcore.priors.text import Text
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2Config
from vqcore.train import main
from vqcore.training.budget import Budget
from vqcore.training.material.pictures import TokenizerRecipe
from vqcore.training.tokenizer import train_tokenizer

PRIOR_SHAPE = (8, 8)
TWO_LEVELS = VQVAE2Config(
    NetworkConfig(
        downsampling=4, code_dim=8, coarse_width=32, fine_width=16, encoder_fine_blocks=1, encoder_coarse_blocks=1,
        decoder_coarse_blocks=1, decoder_pointwise_blocks=0, decoder_fine_blocks=1,
    ),
    NetworkConfig(
        channels=16, downsampling=2, code_dim=8, coarse_width=32, fine_width=16, encoder_fine_blocks=0,
        encoder_coarse_blocks=1, decoder_coarse_blocks=1, decoder_pointwise_blocks=0, decoder_fine_blocks=0,
    ),
    quantizers=(VQConfig(32), VQConfig(64)),
)


def draw_picture(seed: int, width: int = 160, height: int = 128) -> np.ndarray:
    """A gradient sky with discs and bars in random colours: uint8 [height, width, 3]."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    ends = draw.integers(0, 256, (2, 3))
    picture = ends[0] + (ends[1] - ends[0]) * (y / height)[..., None]
    for _ in range(6):
        cy, cx, r = draw.integers(height), draw.integers(width), draw.integers(8, 40)
        shape = (y - cy) ** 2 + (x - cx) ** 2 < r**2 if draw.random() < 0.6 else (abs(x - cx) < r // 2) & (abs(y - cy) < r)
        picture = np.where(shape[..., None], draw.integers(0, 256, 3), picture)
    return picture.astype(np.uint8)


def picture_folder(folder: Path, count: int = 24) -> Path:
    """A folder of `count` drawn pictures as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        Image.fromarray(draw_picture(seed)).save(folder / f"{seed:03}.png")
    return folder


@contextmanager
def one_thread():
    """Models as tiny as these are as fast on one, and are not held up by whatever else runs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def colours_folder(folder: Path) -> Path:
    """A checkpoint of an untrained tokenizer, f = 4, K = 16: a mean colour decides on the token."""
    torch.manual_seed(0)
    network = NetworkConfig(
        downsampling=4, code_dim=4, coarse_width=8, fine_width=8, encoder_fine_blocks=0, encoder_coarse_blocks=0,
        decoder_coarse_blocks=0, decoder_pointwise_blocks=0, decoder_fine_blocks=0,
    )
    return save_tokenizer(VQVAE(VQVAEConfig(network, VQConfig(16))), folder)


def tiny_tokenizer_folder(folder: Path, steps: int = 200) -> Path:
    """A checkpoint of the `tiny` preset (f = 8, K = 64, halo 2), trained on drawn pictures for `steps` steps."""
    data = picture_folder(folder / "pictures")
    out = folder / "tiny"
    with one_thread():
        status = main(["tokenizer", "--preset", "tiny", "--data", str(data), "--out", str(out), "--steps", str(steps)])
    assert status == 0
    return out


def two_level_folder(folder: Path, steps: int = 200) -> Path:
    """A checkpoint of two levels (f = 8 and 4, K = 32 and 64), trained on drawn pictures for `steps` steps."""
    data = picture_folder(folder / "pictures")
    with one_thread():
        train_tokenizer(TokenizerRecipe(TWO_LEVELS, rate=4e-3, batch=8), [data], folder / "two-level", Budget(steps=steps))
    return folder / "two-level"


def tiny_prior_folder(tokenizer_folder: Path) -> Path:
    """A prior beside that checkpoint, over 8 × 8 of its tokens, of `bar` and `disc`: untrained, with weights so large
    that every token depends on those before it."""
    layout = Layout(Words.of(["bar", "disc"]), 1, (Grid(64, PRIOR_SHAPE),))
    return _strong_prior_folder(layout, tokenizer_folder, ["bar", "disc"], "tiny-prior")


def tiny_text_prior_folder(tokenizer_folder: Path) -> Path:
    """One like it that reads sentences, and offers two of them."""
    layout = Layout(Text.of(["red bar square", "blue disc round"]), 8, (Grid(64, PRIOR_SHAPE),))
    folder = _strong_prior_folder(layout, tokenizer_folder, [], "tiny-text-prior")
    styles = [["square", "Squares"], ["round", "Rounds"]]
    offers = {"styles": styles, "examples": ["red bar", "blue disc"]}
    (folder / "prompts.json").write_text(json.dumps(offers))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"settings": {"temperature": 0.5}}))
    return folder


def tiny_scenes_prior_folder(tokenizer_folder: Path) -> Path:
    """One that knows the words of scenes, of 12 × 12 tokens."""
    layout = Layout(Text(WORDS), 24, (Grid(64, (12, 12)),))
    return _strong_prior_folder(layout, tokenizer_folder, [], "tiny-scenes-prior")


def two_level_prior_folder(tokenizer_folder: Path) -> Path:
    """One like the first over 4 × 4 and 8 × 8 tokens of the tokenizer of two levels."""
    layout = Layout(Words.of(["bar", "disc"]), 1, (Grid(32, (4, 4)), Grid(64, (8, 8))))
    return _strong_prior_folder(layout, tokenizer_folder, ["bar", "disc"], "two-level-prior")


def _strong_prior_folder(layout: Layout, tokenizer_folder: Path, conditions: list[str], name: str) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        prior = Transformer(layout, TransformerConfig(2, 32, 2), str(tokenizer_folder), conditions)
    with torch.no_grad():
        for weights in prior.parameters():
            if weights.ndim > 1:
                weights *= 12
    return save_prior(prior, tokenizer_folder.parent / name, torch.float32)


def any_size_prior_folder(tokenizer_folder: Path) -> Path:
    """A prior of any size beside that checkpoint: untrained, with weights so large that what is near matters."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        prior = LocalPixelCNN(Layout(Words(()), 0, (Grid(64, PRIOR_SHAPE),)), LocalPixelCNNConfig(3, 12, 16, 6), str(tokenizer_folder))
        prior.adopt([torch.randn(64, 6)])
    for weights in prior.parameters():
        weights.data.mul_(2)
    return save_prior(prior, tokenizer_folder.parent / "tiny-any-size", torch.float32)


def tones_folder(folder: Path, count: int) -> Path:
    """`count` clips for `train`, and half as many for `val`, of a low and of a high tone that swells and fades, 8 kHz WAV."""
    for split, clips, first in (("train", count, 0), ("val", count // 2, 1000)):
        for word, hertz in (("low", 250), ("high", 900)):
            (folder / split / word).mkdir(parents=True, exist_ok=True)
            for seed in range(first, first + max(1, clips // (1 if split == "train" else 2))):
                draw = np.random.default_rng(seed)
                time = np.arange(int(draw.uniform(0.4, 0.6) * 8000)) / 8000
                wave = np.sin(2 * np.pi * hertz * draw.uniform(0.9, 1.1) * time) * np.sin(np.pi * time / time[-1])
                (folder / split / word / f"{seed}.wav").write_bytes(write_wav(0.5 * wave, 8000))
    return folder


def tiny_sound_folders(folder: Path) -> tuple[Path, Path]:
    """Checkpoints of a tokenizer of sounds (8 kHz, f = 64, K = 32, halo 2) and of a prior over 24 of its tokens, of `no`
    and `yes`: both untrained, with weights so large that everything matters."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = NetworkConfig(1, 1, 64, 8, 16, 16, 1, 1, 1, 0, 1)
        tokenizer = VQVAE(VQVAEConfig(network, VQConfig(32), 8000))
        layout = Layout(Words.of(["no", "yes"]), 1, (Grid(32, (24,)),))
        prior = Transformer(layout, TransformerConfig(2, 32, 2), str(folder / "speech"), ["no", "yes"])
    with torch.no_grad():
        for model, scale in ((tokenizer, 2), (prior, 12)):
            for weights in model.parameters():
                if weights.ndim > 1:
                    weights *= scale
    return save_tokenizer(tokenizer, folder / "speech"), save_prior(prior, folder / "speech-prior", torch.float32)
