"""Texts and pictures in one space, where a picture lies near the texts that fit it: CLIP (Radford et al. 2021, 2103.00020), small.

It tells which of several pictures fits a text best, as DALL·E's samples are reranked (2102.12092, §2.6), and which known
picture a drawn one is nearest to.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.files import CONFIG, WEIGHTS, check_sizes, load_weights, read_tensors, settings_of, write_json, write_tensors
from vqcore.priors.text import Text

KIND = "contrastive"


@dataclass(frozen=True)
class ContrastiveConfig:
    """side: of the pictures, in pixels;  text_length: text tokens that are read at most;  width: of the space;
    text_layers, heads: of the text's transformer;  channels: of the picture's convolutions, each at half the size of the last."""

    side: int = 64
    text_length: int = 20
    width: int = 128
    text_layers: int = 2
    heads: int = 4
    channels: tuple[int, ...] = (32, 64, 128, 192)


class Contrastive(nn.Module):
    """Two encoders into one space of unit vectors.

    text: how it reads;  tokenizer: the name of the checkpoint whose tokens the pictures it knows are kept as.
    """

    def __init__(self, text: Text, config: ContrastiveConfig = ContrastiveConfig(), tokenizer: str = "", name: str = ""):
        super().__init__()
        self.text, self.config, self.tokenizer, self.name = text, config, tokenizer, name
        c = config
        self.words = nn.Embedding(text.size + 1, c.width)
        self.places = nn.Embedding(c.text_length, c.width)
        layer = nn.TransformerEncoderLayer(c.width, c.heads, 2 * c.width, dropout=0.1, batch_first=True, norm_first=True)
        self.reads = nn.TransformerEncoder(layer, c.text_layers, enable_nested_tensor=False)
        self.of_text = nn.Linear(c.width, c.width)
        sizes = (3, *c.channels)
        self.looks = nn.Sequential(*(
            part for a, b in itertools.pairwise(sizes)
            for part in (nn.Conv2d(a, b, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU())
        ))
        self.of_image = nn.Linear(sizes[-1] * (c.side // 2 ** len(c.channels)) ** 2, c.width)
        self.log_scale = nn.Parameter(torch.tensor(2.7))

    def numbers(self, texts: Sequence[str]) -> Tensor:
        """Texts → int64 [B, text_length], the rest filled with a blank; of a text that is too long, what fits."""
        most, blank = self.config.text_length, self.text.size
        rows = [self.text.encode(text)[:most] for text in texts]
        return torch.tensor([row + [blank] * (most - len(row)) for row in rows]).view(-1, most)

    def embed_numbers(self, numbers: Tensor) -> Tensor:
        """int64 [B, text_length] → unit vectors [B, width]."""
        there = numbers != self.text.size
        there[:, 0] = True  # an empty text is one blank
        x = self.reads(self.words(numbers) + self.places.weight, src_key_padding_mask=~there)
        mean = (x * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        return F.normalize(self.of_text(mean).float(), dim=1)

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors, float32 [B, width]."""
        return self.embed_numbers(self.numbers(texts).to(self.log_scale.device))

    def embed_images(self, images: Tensor) -> Tensor:
        """float [B, 3, H, W] in [-1, 1], scaled to the model's side → unit vectors, float32 [B, width]."""
        side = self.config.side
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"Pictures are [B, 3, H, W], not {list(images.shape)}.")
        if images.shape[2:] != (side, side):
            images = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
        return F.normalize(self.of_image(self.looks(images).flatten(1)).float(), dim=1)

    def forward(self, numbers: Tensor, images: Tensor) -> Tensor:
        """The symmetric loss of a batch of pairs (2103.00020, figure 3), a scalar."""
        scores = self.log_scale.clamp(max=4.6).exp() * self.embed_numbers(numbers) @ self.embed_images(images).T
        pairs = torch.arange(len(scores), device=scores.device)
        return (F.cross_entropy(scores, pairs) + F.cross_entropy(scores.T, pairs)) / 2

    @torch.inference_mode()
    def fit(self, text: str, images: Tensor) -> Tensor:
        """How well each picture fits the text: cosines, float32 [B], −1 … 1."""
        return self.embed_images(images) @ self.embed_texts([text])[0]


def save_contrastive(model: Contrastive, folder: str | os.PathLike, dtype: torch.dtype = torch.float16) -> Path:
    """Write config.json, with the words that it reads, and model.safetensors."""
    folder = Path(folder)
    write_tensors(folder / WEIGHTS, {name: tensor.to(dtype) for name, tensor in model.state_dict().items()})
    write_json(folder / CONFIG, {
        "kind": KIND, "version": 1, "tokenizer": model.tokenizer,
        "words": list(model.text.words), "network": dataclasses.asdict(model.config),
    })
    return folder


def read_contrastive(folder: Path, config: Mapping[str, Any], name: str) -> Contrastive:
    """The model in a folder whose config is this, ready to use. ValueError says what is wrong with it."""
    tensors = read_tensors(folder / WEIGHTS)
    try:
        described = settings_of(ContrastiveConfig, config["network"])
        flat = described.channels[-1] * (described.side >> len(described.channels)) ** 2
        check_sizes((described.width, described.text_layers, described.text_length, *described.channels, flat), tensors)
        model = Contrastive(Text(tuple(config["words"])), described, config["tokenizer"], name)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"{folder / CONFIG} doesn't describe a model that this version knows: {error}.") from None
    load_weights(model, tensors, folder)
    return model.eval().requires_grad_(False)


