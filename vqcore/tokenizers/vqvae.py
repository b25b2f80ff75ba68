"""The one-level tokenizer: VQ-VAE (van den Oord et al. 2017, 1711.00937).

    x → encoder → z_e → nearest code → tokens,      tokens → codes z_q → decoder → x̃
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from vqcore.quantizers import QuantizerConfig, VQConfig, new_quantizer
from vqcore.quantizers.base import Quantized, Quantizer
from vqcore.tokenizers import windows
from vqcore.tokenizers.base import Level, LookUp, Trainable, checked_grid, padded, run_window
from vqcore.tokenizers.networks import Decoder, Encoder, NetworkConfig, memory_format
from vqcore.tokenizers.tables import Tables


@dataclass(frozen=True)
class VQVAEConfig:
    """A tokenizer's shape: its networks, and the quantizer that it is given.

    sample_rate: samples a second, of a tokenizer of sounds.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    quantizer: QuantizerConfig = VQConfig()
    sample_rate: int | None = None

    @property
    def downsampling(self) -> int:
        """Pixels that a token spans in each spatial dimension."""
        return self.network.downsampling


class VQVAE(Trainable):
    """Pictures (or sounds, or volumes) to grids of tokens and back."""

    only_encodes = ("encoder.", "quantizer.project_in.")

    def __init__(self, config: VQVAEConfig = VQVAEConfig(), name: str = ""):
        super().__init__()
        self.config, self.name = config, name
        self.encoder, self.decoder = Encoder(config.network), Decoder(config.network)
        self.quantizer = new_quantizer(config.quantizer, config.network.code_dim)
        self.spatial_dims, self.channels, self.sample_rate = config.network.spatial_dims, config.network.channels, config.sample_rate
        self.usages: Sequence[Tensor | None] = [None]
        self.appearances: Sequence[np.ndarray | None] = [None]
        self.tables: list[Tables] | None = None
        self.to(memory_format=memory_format(config.network.spatial_dims))  # pyright: ignore[reportCallIssue]  not in torch's stubs

    @property
    def levels(self) -> tuple[Level, ...]:
        n = self.config.network
        codebook = self.quantizer.codebook.detach()
        shape = len(codebook), codebook.shape[1], n.downsampling
        return (Level("tokens", *shape, codebook, self.usages[0], self.appearances[0], self.halo),)

    @property
    def quantizers(self) -> tuple[Quantizer]:
        return (self.quantizer,)

    @property
    def halo(self) -> int:
        """The reach of one token, in tokens."""
        return self.config.network.decoder_halo

    @property
    def encoder_halo(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.config.network.encoder_halo

    def forward(self, x: Tensor) -> tuple[Tensor, list[Quantized]]:
        quantized = self.quantizer(self.encoder(x))
        return self.decoder(quantized.z_q), [quantized]

    def first_and_last(self) -> tuple[Tensor, Tensor]:
        return self.encoder.read.weight, self.decoder.write.weight

    @torch.no_grad()  # and not inference mode, whose tensors nobody may write into: tokens are there to be edited
    def encode(self, images: Tensor) -> list[Tensor]:
        return [self.quantizer.encode(self._z_e(images))]

    @torch.no_grad()
    def latents(self, images: Tensor) -> list[Tensor]:
        return [self.quantizer.locate(self._z_e(images))]

    def _z_e(self, images: Tensor) -> Tensor:
        """What the quantizer is given of images, float32 [B, D, *S']."""
        n = self.config.network
        images = padded(images, n.channels, n.spatial_dims, n.downsampling)
        f, halo = n.downsampling, n.encoder_halo
        shape = [size // f for size in images.shape[2:]]
        z_e = torch.empty(images.shape[0], n.code_dim, *shape, device=images.device)
        for tile in windows.tiles(shape, halo):
            window = windows.grown(tile, halo, shape)
            for batch in windows.batches(len(images), window):
                x = images[(batch, slice(None), *windows.scaled(window, f))]
                seen = run_window(self.encoder, x, windows.count(window), n.smallest_lone_window)
                z_e[(batch, slice(None), *tile)] = seen[(..., *windows.inside(tile, window))]
        return z_e

    @torch.inference_mode()
    def decode(self, tokens: Sequence[Tensor]) -> Tensor:
        grid = self._checked(tokens)
        n = self.config.network
        images = torch.empty(len(grid), n.channels, *(size * n.downsampling for size in grid.shape[1:]), device=grid.device)
        for tile in windows.tiles(grid.shape[1:], n.decoder_halo):
            images[(..., *windows.scaled(tile, n.downsampling))] = self._decode(grid, tile)
        return images

    @torch.inference_mode()
    def decode_region(self, tokens: Sequence[Tensor], region: windows.Region) -> Tensor:
        grid = self._checked(tokens)
        return self._decode(grid, windows.checked(region, grid.shape[1:]))

    def encode_at_once(self, images: Tensor, look_up: LookUp) -> list[Tensor]:
        return [look_up(self.quantizer, self.encoder(images))]

    def decode_at_once(self, tokens: Sequence[Tensor]) -> Tensor:
        return self.decoder(self.quantizer.decode(tokens[0]))

    def decode_vectors(self, z_q: Tensor) -> Tensor:
        return self.decoder(z_q)

    @property
    def is_table(self) -> bool:
        return self.quantizer.is_table

    def narrowed(self, codes: Tensor) -> VQVAE:
        quantizer = self.quantizer.narrowed(codes)
        part = VQVAE(replace(self.config, quantizer=replace(self.config.quantizer, codebook_size=len(codes))), self.name)
        part.encoder, part.decoder, part.quantizer = self.encoder, self.decoder, quantizer
        return part.eval().requires_grad_(False)

    def _checked(self, tokens: Sequence[Tensor]) -> Tensor:
        if isinstance(tokens, Tensor) or len(tokens) != 1:
            raise ValueError("This tokenizer has one level: give its tokens as a list of one grid [B, *S'].")
        return checked_grid(tokens[0], self.spatial_dims, self.quantizer.codebook_size)

    def _decode(self, grid: Tensor, region: windows.Region) -> Tensor:
        n, shape = self.config.network, grid.shape[1:]
        keep = windows.grown(region, n.decoder_fine_halo, shape)
        window = windows.grown(keep, n.decoder_coarse_halo, shape)
        part = windows.scaled(windows.inside(region, keep), n.downsampling)
        images = []
        for batch in windows.batches(len(grid), window):
            z_q = self.quantizer.decode(grid[(batch, *window)])
            decoder = partial(self.decoder, keep=windows.inside(keep, window))
            x = run_window(decoder, z_q, windows.count(keep), n.smallest_lone_window)
            images.append(x[(..., *part)].clamp(-1, 1))
        if not images:
            return torch.empty(0, n.channels, *(s.stop - s.start for s in windows.scaled(region, n.downsampling)))
        return torch.cat(images)
