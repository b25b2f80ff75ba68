"""VQGAN's encoder and decoder (Esser et al. 2021, 2012.09841), as taming-transformers and diffusers both build them.

GroupNorm averages over the whole picture and attention looks across all of it, so here one token reaches every pixel.
The submodules have the names that taming-transformers gave them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-6  # of every GroupNorm


@dataclass(frozen=True)
class VQGANConfig:
    """Sizes of the networks.

    widths: channels at each resolution, from pixels down, each half the one before;  blocks: residual blocks at each
    in the encoder, one more in the decoder;  attention: whether each resolution has attention after every block;
    middle_attention: whether the coarsest does between its last two;  groups: of GroupNorm;  latent: channels between
    the networks and the quantizer;  pixel_range: what black and white are to the networks.
    """

    channels: int
    widths: tuple[int, ...]
    blocks: int
    attention: tuple[bool, ...]
    decoder_attention: tuple[bool, ...]
    latent: int
    middle_attention: bool = True
    groups: int = 32
    pixel_range: tuple[float, float] = (-1, 1)

    spatial_dims = 2

    def __post_init__(self):
        sizes = (self.channels, *self.widths, self.latent, self.blocks, self.groups)
        if not all(type(size) is int and 1 <= size <= 4096 for size in sizes):
            raise ValueError(f"its channels, blocks and groups are whole numbers from 1 to 4096, not {sizes}")
        if not 1 <= len(self.widths) <= 8 or self.blocks > 16:
            raise ValueError(f"it has {len(self.widths)} resolutions of {self.blocks} blocks; at most 8 of 16 are read")
        if not len(self.widths) == len(self.attention) == len(self.decoder_attention):
            raise ValueError("it doesn't give as many kinds of block as widths")
        if any(width % self.groups for width in self.widths):
            raise ValueError(f"its widths {self.widths} are not multiples of the {self.groups} groups of its norms")

    @property
    def downsampling(self) -> int:
        return 2 ** (len(self.widths) - 1)


class ResidualBlock(nn.Module):
    """x + two 3 × 3 convolutions, each after GroupNorm and swish; a pointwise one fits x to another width."""

    def __init__(self, narrow: int, wide: int, groups: int):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, narrow, EPSILON), nn.Conv2d(narrow, wide, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(groups, wide, EPSILON), nn.Conv2d(wide, wide, 3, padding=1)
        self.nin_shortcut = nn.Identity() if narrow == wide else nn.Conv2d(narrow, wide, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return self.nin_shortcut(x) + h


class Attention(nn.Module):
    """x + attention of every place to every place, one head as wide as the channels."""

    def __init__(self, width: int, groups: int):
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, EPSILON)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(width, width, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (part(h).flatten(2).transpose(1, 2)[:, None] for part in (self.q, self.k, self.v))
        h = F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2).reshape(x.shape)
        return x + self.proj_out(h)


class Middle(nn.Module):
    """Two blocks at the coarsest resolution, with attention between."""

    def __init__(self, width: int, groups: int, attention: bool):
        super().__init__()
        self.block_1, self.block_2 = ResidualBlock(width, width, groups), ResidualBlock(width, width, groups)
        self.attn_1 = Attention(width, groups) if attention else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Halve(nn.Module):
    """Half the size, by a strided convolution that looks one pixel past the lower right edge."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Double(nn.Module):
    """Twice the size, each pixel four times, and a convolution."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Resolution(nn.Module):
    """The blocks at one resolution, with or without attention after each, and the step to the next."""

    def __init__(self, widths: list[int], groups: int, attention: bool, **step: nn.Module):
        super().__init__()
        self.block = nn.ModuleList(ResidualBlock(a, b, groups) for a, b in itertools.pairwise(widths))
        self.attn = nn.ModuleList(Attention(width, groups) for width in widths[1:] if attention)
        for name, module in step.items():
            self.add_module(name, module)
        self.step = next(iter(step), None)

    def forward(self, x: Tensor) -> Tensor:
        for i, block in enumerate(self.block):
            x = block(x)
            if self.attn:
                x = self.attn[i](x)
        return self.get_submodule(self.step)(x) if self.step else x


class Encoder(nn.Module):
    """x [B, C, H, W] → [B, latent, H/f, W/f]."""

    def __init__(self, config: VQGANConfig):
        super().__init__()
        c, widths = config, config.widths
        last = len(widths) - 1
        self.conv_in = nn.Conv2d(c.channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            Resolution(
                [widths[max(0, i - 1)]] + [widths[i]] * c.blocks, c.groups, c.attention[i],
                **({} if i == last else {"downsample": Halve(widths[i])}),
            )
            for i in range(len(widths))
        )
        self.mid = Middle(widths[last], c.groups, c.middle_attention)
        self.norm_out, self.conv_out = nn.GroupNorm(c.groups, widths[last], EPSILON), nn.Conv2d(widths[last], c.latent, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for resolution in self.down:
            x = resolution(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    """[B, latent, H/f, W/f] → x̃ [B, C, H, W]."""

    def __init__(self, config: VQGANConfig):
        super().__init__()
        c, widths = config, config.widths
        last = len(widths) - 1
        self.conv_in = nn.Conv2d(c.latent, widths[last], 3, padding=1)
        self.mid = Middle(widths[last], c.groups, c.middle_attention)
        self.up = nn.ModuleList(
            Resolution(
                [widths[min(last, i + 1)]] + [widths[i]] * (c.blocks + 1), c.groups, c.decoder_attention[i],
                **({"upsample": Double(widths[i])} if i else {}),
            )
            for i in range(len(widths))
        )
        self.norm_out, self.conv_out = nn.GroupNorm(c.groups, widths[0], EPSILON), nn.Conv2d(widths[0], c.channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mid(self.conv_in(x))
        for resolution in reversed(self.up):
            x = resolution(x)
        return self.conv_out(F.silu(self.norm_out(x)))
