"""One picture through one tokenizer, at some setting, beside JPEG and WebP in as many bytes."""

from __future__ import annotations

import io
import math
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image
from torch import Tensor

from vqcore.codecs import codec_file
from vqcore.metrics import fixed_bits, psnr, ssim
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor

CODECS = ("JPEG", "WEBP")


@dataclass(frozen=True)
class Rival:
    """A codec's file of at most as many bytes as the tokens take: PSNR in dB, SSIM up to 1."""

    codec: str
    file: bytes
    psnr: float
    ssim: float


@dataclass(frozen=True)
class Comparison:
    """rebuilt: uint8 [H, W, C], as large as the picture;  tokens: int64 grids [h, w], coarse to fine;  bits: what they
    take at log2 K each;  psnr, ssim: against the picture;  rivals: by codec, without those whose worst file is larger;
    encoding, decoding: seconds that the tokenizer took, with whatever else the machine did."""

    rebuilt: np.ndarray
    tokens: tuple[Tensor, ...]
    bits: float
    psnr: float
    ssim: float
    rivals: tuple[Rival, ...]
    encoding: float
    decoding: float


def compare(tokenizer: Tokenizer, pixels: np.ndarray, scale: float = 1.0) -> Comparison:
    """What a picture, uint8 [H, W, C], costs and keeps. With a scale below 1 it is tokenized that much smaller, and what
    its tokens decode to is enlarged again: fewer tokens for the same picture."""
    height, width = pixels.shape[:2]
    small = _resized(pixels, max(1, round(width * scale)), max(1, round(height * scale)))
    x, began = to_tensor(small), time.perf_counter()
    tokens = tokenizer.encode(x)
    encoded = time.perf_counter()
    images = tokenizer.decode(tokens)
    decoded_at = time.perf_counter()
    decoded = to_pixels(images)[0, : small.shape[0], : small.shape[1]]
    rebuilt = _resized(decoded, width, height)
    bits = fixed_bits(tokens, [level.codebook_size for level in tokenizer.levels])
    rivals = []
    for codec in CODECS:
        if file := codec_file(pixels, codec, math.ceil(bits / 8)):
            found = np.asarray(Image.open(io.BytesIO(file), formats=[codec]).convert("RGB"))[..., : pixels.shape[2]]
            rivals.append(Rival(codec, file, psnr(pixels, found), ssim(pixels, found)))
    return Comparison(
        rebuilt, tuple(grid[0] for grid in tokens), bits, psnr(pixels, rebuilt), ssim(pixels, rebuilt), tuple(rivals),
        encoded - began, decoded_at - encoded,
    )


def most_used(tokenizer: Tokenizer, count: int) -> tuple[Tokenizer, Tensor]:
    """The tokenizer with only the `count` codes that training used most, and which these are, int64 [count].

    Its networks are those of the whole: only the choice of codes is narrower. Raises ValueError where nobody counted
    the codes' use, or for a number of codes that isn't 1 … K.
    """
    size, usage = tokenizer.levels[-1].codebook_size, tokenizer.levels[-1].usage
    if usage is None:
        raise ValueError(f"The codes of {tokenizer.name} can't be cut: that takes one level, and a count of their use in training.")
    if not 1 <= count <= size:
        raise ValueError(f"Keep 1 to {size:,} codes, not {count:,}.")
    codes = usage.argsort(descending=True, stable=True)[:count].sort().values
    return tokenizer.narrowed(codes), codes


def _resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    if pixels.shape[:2] == (height, width):
        return pixels
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS)).reshape(height, width, pixels.shape[2])
