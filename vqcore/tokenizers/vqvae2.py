"""The two-level tokenizer: VQ-VAE-2 (Razavi et al. 2019, 1906.00446, §3.1).

    x → encoder → h,      h → coarse encoder → nearest code → coarse tokens
    coarse tokens → codes → coarse decoder → g, the guide
    (h, g) → 1×1 → nearest code → fine tokens,      (their codes, g) → decoder → x̃

The coarse level has the shape of things, the fine one their detail given that shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from vqcore.quantizers import QuantizerConfig, VQConfig, new_quantizer
from vqcore.quantizers.base import Quantized, Quantizer
from vqcore.tokenizers import windows
from vqcore.tokenizers.base import Level, LookUp, Trainable, checked_grid, padded, run_window
from vqcore.tokenizers.networks import CONVOLUTIONS, Decoder, Encoder, NetworkConfig, memory_format
from vqcore.tokenizers.tables import Tables

COARSE, FINE = 0, 1
NAMES = ("coarse", "fine")


@dataclass(frozen=True)
class VQVAE2Config:
    """A two-level tokenizer's shape.

    network: between pixels and the fine grid;  coarse: between the features of the fine grid (its `channels` says how
    many) and the coarse grid;  quantizers: what the coarse level is given, and what the fine one is.
    """

    network: NetworkConfig = field(default_factory=lambda: NetworkConfig(
        downsampling=4, coarse_width=128, fine_width=64, decoder_coarse_blocks=2, decoder_fine_blocks=2,
    ))
    coarse: NetworkConfig = field(default_factory=lambda: NetworkConfig(
        channels=64, downsampling=2, coarse_width=192, fine_width=96, encoder_fine_blocks=1, decoder_fine_blocks=1,
    ))
    quantizers: tuple[QuantizerConfig, QuantizerConfig] = (VQConfig(512), VQConfig(512))

    def __post_init__(self):
        if self.network.spatial_dims != self.coarse.spatial_dims:
            raise ValueError("Both levels of a tokenizer have the same number of spatial dimensions.")

    @property
    def downsampling(self) -> int:
        """Pixels that a coarse token spans in each spatial dimension."""
        return self.network.downsampling * self.coarse.downsampling


class VQVAE2(Trainable):
    """Pictures to two grids of tokens, coarse and fine, and back."""

    only_encodes = ("encoder.", "coarse_encoder.", "merge.", "quantizers.0.project_in.", "quantizers.1.project_in.")

    def __init__(self, config: VQVAE2Config = VQVAE2Config(), name: str = ""):
        super().__init__()
        n, c = config.network, config.coarse
        self.config, self.name = config, name
        self.encoder = Encoder(replace(n, code_dim=c.channels))
        self.coarse_encoder, self.coarse_decoder = Encoder(c), Decoder(c)
        self.merge = CONVOLUTIONS[n.spatial_dims](2 * c.channels, n.code_dim, 1)
        self.decoder = Decoder(replace(n, code_dim=n.code_dim + c.channels))
        self.quantizers = cast("Sequence[Quantizer]", nn.ModuleList(
            new_quantizer(quantizer, network.code_dim) for quantizer, network in zip(config.quantizers, (c, n))
        ))
        self.spatial_dims, self.channels = n.spatial_dims, n.channels
        self.usages: Sequence[Tensor | None] = [None, None]
        self.appearances: Sequence[np.ndarray | None] = [None, None]
        self.tables: list[Tables] | None = None
        self.to(memory_format=memory_format(n.spatial_dims))  # pyright: ignore[reportCallIssue]  not in torch's stubs

    @property
    def levels(self) -> tuple[Level, ...]:
        n = self.config.network
        factors, halos = (n.downsampling * self.ratio, n.downsampling), (self.coarse_halo, self.halo)
        return tuple(
            Level(name, len(q.codebook), q.codebook.shape[1], f, q.codebook.detach(), usage, appearance, halo)
            for name, q, f, usage, appearance, halo in zip(NAMES, self.quantizers, factors, self.usages, self.appearances, halos)
        )

    @property
    def ratio(self) -> int:
        """Fine tokens a coarse one spans in each dimension."""
        return self.config.coarse.downsampling

    @property
    def halo(self) -> int:
        """The reach of one fine token, in fine tokens."""
        return self.config.network.decoder_halo

    @property
    def coarse_halo(self) -> int:
        """How far one coarse token reaches beyond the fine tokens that it spans, in fine tokens."""
        return self.ratio * self.config.coarse.decoder_halo + self.halo

    @property
    def encoder_halo(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The fine level looks farthest: by the guide at the coarse tokens about it, and by those at the features about them."""
        c = self.config.coarse
        return c.decoder_halo + c.encoder_halo + -(-self.config.network.encoder_halo // self.ratio)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Quantized]]:
        h = self.encoder(x)
        coarse = self.quantizers[COARSE](self.coarse_encoder(h))
        guide = self.coarse_decoder(coarse.z_q)
        fine = self.quantizers[FINE](self.merge(torch.cat([h, guide], 1)))
        return self.decoder(torch.cat([fine.z_q, guide], 1)), [coarse, fine]

    def first_and_last(self) -> tuple[Tensor, Tensor]:
        return self.encoder.read.weight, self.decoder.write.weight

    @torch.no_grad()  # and not inference mode, whose tensors nobody may write into: tokens are there to be edited
    def encode(self, images: Tensor) -> list[Tensor]:
        return self._encoded(images)[1]

    @torch.no_grad()
    def latents(self, images: Tensor) -> list[Tensor]:
        return [quantizer.locate(z_e) for quantizer, z_e in zip(self.quantizers, self._encoded(images)[0])]

    def _encoded(self, images: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What each quantizer is given of images, float32 [B, D, *S'], and the tokens that it makes of it."""
        n, c = self.config.network, self.config.coarse
        images = padded(images, n.channels, n.spatial_dims, n.downsampling * self.ratio)
        shape = [size // n.downsampling for size in images.shape[2:]]
        coarse_shape = [size // self.ratio for size in shape]
        most = windows.TOKENS_AT_ONCE // self.ratio**n.spatial_dims
        coarse_z_e = torch.empty(len(images), c.code_dim, *coarse_shape, device=images.device)
        for tile in windows.tiles(coarse_shape, c.encoder_halo, most):
            window = windows.grown(tile, c.encoder_halo, coarse_shape)
            for batch in windows.batches(len(images), window, most):
                h = self._features(images[batch], windows.scaled(window, self.ratio), shape)
                seen = run_window(self.coarse_encoder, h, windows.count(window), c.smallest_lone_window)
                coarse_z_e[(batch, slice(None), *tile)] = seen[(..., *windows.inside(tile, window))]
        coarse = self.quantizers[COARSE].encode(coarse_z_e)
        z_e = torch.empty(len(images), n.code_dim, *shape, device=images.device)
        for tile in windows.tiles(shape, n.encoder_halo):
            for batch in windows.batches(len(images), windows.grown(tile, n.encoder_halo, shape)):
                both = torch.cat([self._features(images[batch], tile, shape), self._guide(coarse[batch], tile)], 1)
                z_e[(batch, slice(None), *tile)] = run_window(self.merge, both, windows.count(tile), n.smallest_lone_window)
        return [coarse_z_e, z_e], [coarse, self.quantizers[FINE].encode(z_e)]

    @torch.inference_mode()
    def decode(self, tokens: Sequence[Tensor]) -> Tensor:
        coarse, fine = self._checked(tokens)
        n = self.config.network
        images = torch.empty(len(fine), n.channels, *(size * n.downsampling for size in fine.shape[1:]), device=fine.device)
        for tile in windows.tiles(fine.shape[1:], n.decoder_halo):
            images[(..., *windows.scaled(tile, n.downsampling))] = self._decode(coarse, fine, tile)
        return images

    @torch.inference_mode()
    def decode_region(self, tokens: Sequence[Tensor], region: windows.Region) -> Tensor:
        coarse, fine = self._checked(tokens)
        return self._decode(coarse, fine, windows.checked(region, fine.shape[1:]))

    def encode_at_once(self, images: Tensor, look_up: LookUp) -> list[Tensor]:
        h = self.encoder(images)
        coarse = look_up(self.quantizers[COARSE], self.coarse_encoder(h))
        guide = self.coarse_decoder(self.quantizers[COARSE].decode(coarse))
        return [coarse, look_up(self.quantizers[FINE], self.merge(torch.cat([h, guide], 1)))]

    def decode_at_once(self, tokens: Sequence[Tensor]) -> Tensor:
        coarse, fine = (quantizer.decode(grid) for quantizer, grid in zip(self.quantizers, tokens))
        return self.decoder(torch.cat([fine, self.coarse_decoder(coarse)], 1))

    def _features(self, images: Tensor, region: windows.Region, shape: Sequence[int]) -> Tensor:
        """h of a region of the fine grid, [B, features, *region]."""
        n = self.config.network
        window = windows.grown(region, n.encoder_halo, shape)
        x = images[(..., *windows.scaled(window, n.downsampling))]
        h = run_window(self.encoder, x, windows.count(window), n.smallest_lone_window)
        return h[(..., *windows.inside(region, window))]

    def _guide(self, coarse: Tensor, region: windows.Region) -> Tensor:
        """g of a region of the fine grid, [B, features, *region]."""
        c, shape = self.config.coarse, coarse.shape[1:]
        cover = tuple(slice(s.start // self.ratio, -(-s.stop // self.ratio)) for s in region)
        keep = windows.grown(cover, c.decoder_fine_halo, shape)
        window = windows.grown(keep, c.decoder_coarse_halo, shape)
        decoder = partial(self.coarse_decoder, keep=windows.inside(keep, window))
        z_q = self.quantizers[COARSE].decode(coarse[(slice(None), *window)])
        g = run_window(decoder, z_q, windows.count(keep), c.smallest_lone_window)
        return g[(..., *windows.inside(region, windows.scaled(keep, self.ratio)))]

    def _decode(self, coarse: Tensor, fine: Tensor, region: windows.Region) -> Tensor:
        n, shape = self.config.network, fine.shape[1:]
        keep = windows.grown(region, n.decoder_fine_halo, shape)
        window = windows.grown(keep, n.decoder_coarse_halo, shape)
        part = windows.scaled(windows.inside(region, keep), n.downsampling)
        decoder = partial(self.decoder, keep=windows.inside(keep, window))
        images = []
        for batch in windows.batches(len(fine), window):
            z_q = self.quantizers[FINE].decode(fine[(batch, *window)])
            both = torch.cat([z_q, self._guide(coarse[batch], window)], 1)
            x = run_window(decoder, both, windows.count(keep), n.smallest_lone_window)
            images.append(x[(..., *part)].clamp(-1, 1))
        if not images:
            return torch.empty(0, n.channels, *(s.stop - s.start for s in windows.scaled(region, n.downsampling)))
        return torch.cat(images)

    def _checked(self, tokens: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        if isinstance(tokens, Tensor) or len(tokens) != 2:
            raise ValueError("This tokenizer has two levels: give its tokens as a list of two grids, coarse and fine.")
        dims = self.config.network.spatial_dims
        coarse, fine = (checked_grid(grid, dims, q.codebook_size) for grid, q in zip(tokens, self.quantizers))
        expected = (len(coarse), *(size * self.ratio for size in coarse.shape[1:]))
        if tuple(fine.shape) != expected:
            raise ValueError(
                f"A coarse grid {list(coarse.shape)} goes with a fine one {list(expected)}, but got {list(fine.shape)}."
            )
        return coarse, fine
