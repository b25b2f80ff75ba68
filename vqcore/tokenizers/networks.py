"""Encoder and decoder for 1, 2 and 3 spatial dimensions, strictly local.

Convolutions, ReLU and pointwise layers only: nothing mixes far places, so a token reaches just the pixels within
its halo, and a picture of any size runs in windows. Both networks work on two grids, that of the tokens (coarse) and
one twice as fine, where half of the arithmetic buys detail at the smallest reach:

    encoder   pixels → space-to-depth → 3×3 → fine blocks → space-to-depth → coarse blocks → z_e
    decoder   z_q → 1×1 → coarse blocks → pointwise blocks → depth-to-space → fine blocks → 3×3 → depth-to-space → pixels
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.tokenizers.spectral import Spectrum

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
LONGEST_WINDOW = 4096  # samples
MOST_BLOCKS = 100  # of each kind; a config that asks for billions is a hostile one
# A lone picture whose layer has no more values than this goes through ATen's own convolution, everything else through
# oneDNN's, which sums in another order (use_mkldnn in aten/src/ATen/native/Convolution.cpp). Within one of the two
# the bits of an output don't depend on the shape of the window around it.
LARGEST_ATEN_INPUT = 20_480


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of an encoder and its decoder.

    downsampling: f, the pixels a token spans in each spatial dimension, a power of two;  code_dim: D;
    coarse_width, fine_width: channels on the two grids;  the blocks: numbers of residual blocks;  spectral_window: the
    encoder of sounds reads the spectrum of that many samples about each cell too, 0 for the samples alone.
    """

    spatial_dims: int = 2
    channels: int = 3
    downsampling: int = 8
    code_dim: int = 32
    coarse_width: int = 256
    fine_width: int = 128
    encoder_fine_blocks: int = 2
    encoder_coarse_blocks: int = 2
    decoder_coarse_blocks: int = 2
    decoder_pointwise_blocks: int = 1
    decoder_fine_blocks: int = 3
    spectral_window: int = 0

    def __post_init__(self):
        if self.spatial_dims not in CONVOLUTIONS:
            raise ValueError(f"spatial_dims is 1, 2 or 3, not {self.spatial_dims}.")
        if self.downsampling < 1 or self.downsampling & (self.downsampling - 1):
            raise ValueError(f"downsampling is a power of two (1, 2, 4, 8 …), not {self.downsampling}.")
        for name in ("channels", "code_dim", "coarse_width", "fine_width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}.")
        for name in (field.name for field in fields(self) if field.name.endswith("_blocks")):
            if not 0 <= getattr(self, name) <= MOST_BLOCKS:
                raise ValueError(f"{name} is a number from 0 to {MOST_BLOCKS}, not {getattr(self, name)}.")
        w, cell = self.spectral_window, self.downsampling // self.fine_factor
        if w and (self.spatial_dims != 1 or not cell <= w <= LONGEST_WINDOW or (w - cell) % 2):
            raise ValueError(
                f"spectral_window is for sounds, of one dimension, and an even number of samples more than the {cell} of a "
                f"cell, up to {LONGEST_WINDOW}, not {w}."
            )

    @property
    def fine_factor(self) -> int:
        """Cells of the fine grid a token spans in each dimension: 2, or 1 where f is 1."""
        return min(2, self.downsampling)

    @property
    def encoder_halo(self) -> int:
        """How far an encoder output looks beyond its own token, in tokens: half of its receptive field."""
        cell = self.downsampling // self.fine_factor
        spectrum = math.ceil(max(0, self.spectral_window - cell) / 2 / cell)
        return self.encoder_coarse_blocks + math.ceil((spectrum + 1 + self.encoder_fine_blocks) / self.fine_factor)

    @property
    def decoder_coarse_halo(self) -> int:
        return self.decoder_coarse_blocks

    @property
    def decoder_fine_halo(self) -> int:
        """Reach of the part behind the first depth-to-space, in tokens."""
        return math.ceil((1 + self.decoder_fine_blocks) / self.fine_factor)

    @property
    def decoder_halo(self) -> int:
        """The reach of one token, in tokens."""
        return self.decoder_coarse_halo + self.decoder_fine_halo

    @property
    def smallest_lone_window(self) -> int:
        """Tokens from which on a batch of one is computed by oneDNN throughout, as larger batches always are."""
        if self.spatial_dims == 3:  # where the two differ even in pointwise layers, and on more sizes
            return sys.maxsize
        values = min(
            self.coarse_width,
            self.fine_width * self.fine_factor**self.spatial_dims,
            self.channels * self.downsampling**self.spatial_dims,
        )
        return LARGEST_ATEN_INPUT // values + 1


def space_to_depth(x: Tensor, r: int) -> Tensor:
    """[B, C, n_1 … n_S] → [B, C·r^S, n_1/r … n_S/r]."""
    if r == 1:
        return x
    if x.ndim == 4:
        return F.pixel_unshuffle(x, r)
    sizes = x.shape[2:]
    x = x.reshape(*x.shape[:2], *(n for size in sizes for n in (size // r, r)))
    cells, inside = range(2, 2 + 2 * len(sizes), 2), range(3, 3 + 2 * len(sizes), 2)
    return x.permute(0, 1, *inside, *cells).reshape(x.shape[0], -1, *(size // r for size in sizes))


def depth_to_space(x: Tensor, r: int) -> Tensor:
    """[B, C·r^S, n_1 … n_S] → [B, C, n_1·r … n_S·r], the inverse of space_to_depth."""
    if r == 1:
        return x
    if x.ndim == 4:
        return F.pixel_shuffle(x, r)
    sizes = x.shape[2:]
    dims = len(sizes)
    x = x.reshape(x.shape[0], -1, *[r] * dims, *sizes)
    x = x.permute(0, 1, *(axis for d in range(dims) for axis in (2 + dims + d, 2 + d)))
    return x.reshape(*x.shape[:2], *(size * r for size in sizes))


class ResidualBlock(nn.Module):
    """x + W₂ relu(W₁ relu(x)); W₁ is 3 wide, or pointwise and twice the channels."""

    def __init__(self, dims: int, width: int, pointwise: bool = False):
        super().__init__()
        convolution = CONVOLUTIONS[dims]
        inner = 2 * width if pointwise else width
        self.first = convolution(width, inner, 1 if pointwise else 3, padding=0 if pointwise else 1)
        self.second = convolution(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(F.relu(x))))


def _blocks(count: int, *args) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(*args) for _ in range(count)))


class Encoder(nn.Module):
    """x [B, C, *S] with sizes that f divides → z_e [B, D, *S/f]."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        c, convolution = config, CONVOLUTIONS[config.spatial_dims]
        cells = c.fine_factor**c.spatial_dims
        self.fine_factor, self.stem = c.fine_factor, c.downsampling // c.fine_factor
        self.spectrum = Spectrum(c.spectral_window, self.stem) if c.spectral_window else None
        bins = c.spectral_window // 2 + 1 if c.spectral_window else 0
        self.read = convolution(c.channels * (self.stem**c.spatial_dims + bins), c.fine_width, 3, padding=1)
        self.fine = _blocks(c.encoder_fine_blocks, c.spatial_dims, c.fine_width)
        self.merge = convolution(c.fine_width * cells, c.coarse_width, 1)
        self.coarse = _blocks(c.encoder_coarse_blocks, c.spatial_dims, c.coarse_width)
        self.write = convolution(c.coarse_width, c.code_dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        cells = space_to_depth(x, self.stem)
        if self.spectrum is not None:
            cells = torch.cat([cells, self.spectrum(x)], 1)
        x = self.fine(self.read(cells))
        x = self.merge(space_to_depth(x, self.fine_factor))
        return self.write(self.coarse(x))


class Decoder(nn.Module):
    """z_q [B, D, *S'] → x̃ [B, C, *S'·f]."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        c, convolution = config, CONVOLUTIONS[config.spatial_dims]
        cells = c.fine_factor**c.spatial_dims
        self.fine_factor, self.stem = c.fine_factor, c.downsampling // c.fine_factor
        self.read = convolution(c.code_dim, c.coarse_width, 1)
        self.coarse = nn.Sequential(
            _blocks(c.decoder_coarse_blocks, c.spatial_dims, c.coarse_width),
            _blocks(c.decoder_pointwise_blocks, c.spatial_dims, c.coarse_width, True),
        )
        self.split = convolution(c.coarse_width, c.fine_width * cells, 1)
        self.fine = _blocks(c.decoder_fine_blocks, c.spatial_dims, c.fine_width)
        self.write = convolution(c.fine_width, c.channels * self.stem**c.spatial_dims, 3, padding=1)

    def forward(self, z_q: Tensor, keep: tuple[slice, ...] | None = None) -> Tensor:
        """`keep`: the tokens whose surroundings go on to the fine grid; the rest has done its part by then."""
        x = self.split(self.coarse(self.read(z_q)))
        if keep is not None:
            x = x[(..., *keep)].contiguous(memory_format=memory_format(len(keep)))
        x = self.write(self.fine(depth_to_space(x, self.fine_factor)))
        return depth_to_space(x, self.stem)


def autocast(device_type: str) -> torch.autocast:
    """bfloat16 where the device multiplies it natively, float32 elsewhere."""
    on_cpu = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)  # no public part of torch
    native = {"cpu": on_cpu, "cuda": torch.cuda.is_bf16_supported}
    return torch.autocast(device_type, torch.bfloat16, enabled=device_type in native and native[device_type]())


def memory_format(spatial_dims: int) -> torch.memory_format:
    """The layout in which convolutions of `spatial_dims` dimensions are fastest on a CPU."""
    return {2: torch.channels_last, 3: torch.channels_last_3d}.get(spatial_dims, torch.contiguous_format)
