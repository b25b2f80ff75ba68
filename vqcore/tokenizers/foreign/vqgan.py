"""A VQGAN behind the five verbs: its networks look at whole pictures, and so do all of them here."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vqcore.quantizers.fsq import FSQ
from vqcore.tokenizers import windows
from vqcore.tokenizers.base import Level, LookUp, Tokenizer, checked_grid, padded
from vqcore.tokenizers.foreign.codebook import Codebook, GumbelCodebook
from vqcore.tokenizers.foreign.networks import Decoder, Encoder, VQGANConfig


class VQGAN(Tokenizer):
    """Someone else's tokenizer, loaded to be used and not to be trained.

    quant_conv and post_quant_conv are the pointwise layers between the networks and the quantizer.
    """

    only_encodes = ("encoder.", "quant_conv.", "quantizer.project_in.", "quantizer.proj.")
    spatial_dims = 2
    halo = None
    """GroupNorm and attention carry every token to every pixel: there is no reach short of the whole grid."""

    def __init__(self, config: VQGANConfig, quantizer: Codebook | GumbelCodebook | FSQ, width: int, name: str = ""):
        super().__init__()
        self.config, self.name, self.quantizer, self.channels = config, name, quantizer, config.channels
        self.usages, self.appearances, self.tables = [None], [None], None
        self.encoder, self.decoder = Encoder(config), Decoder(config)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(config.latent, width, 1), nn.Conv2d(width, config.latent, 1)

    @property
    def levels(self) -> tuple[Level, ...]:
        codebook = self.quantizer.codebook
        return (Level("tokens", len(codebook), codebook.shape[1], self.config.downsampling, codebook),)

    @property
    def largest_side(self) -> int:
        """The side in pixels up to which a picture is decoded in seconds on two processors: 256 and 64 tokens at most."""
        return min(256, 64 * self.config.downsampling)

    @property
    def quantizers(self) -> tuple[Codebook | GumbelCodebook | FSQ]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return (self.quantizer,)

    @torch.no_grad()
    def encode(self, images: Tensor) -> list[Tensor]:
        f = self.config.downsampling
        images = self._to_theirs(padded(images, self.channels, self.spatial_dims, f))
        shape = [size // f for size in images.shape[2:]]
        grids = [self.quantizer.encode(self._z_e(x)) for x in images.split(1)]
        return [torch.cat(grids) if grids else torch.empty(0, *shape, dtype=torch.int64)]

    @torch.no_grad()
    def latents(self, images: Tensor) -> list[Tensor]:
        images = padded(images, self.channels, self.spatial_dims, self.config.downsampling)
        return [torch.cat([self.quantizer.locate(self._z_e(x)) for x in images.split(1)])]

    def _z_e(self, x: Tensor) -> Tensor:
        """What the quantizer is given of one padded image, [1, D, H', W']."""
        return self.quant_conv(self.encoder(x))

    @torch.no_grad()
    def decode(self, tokens: Sequence[Tensor]) -> Tensor:
        if isinstance(tokens, Tensor) or len(tokens) != 1:
            raise ValueError("This tokenizer has one level: give its tokens as a list of one grid [B, H', W'].")
        grid = checked_grid(tokens[0], 2, self.levels[0].codebook_size)
        each = max(1, windows.TOKENS_AT_ONCE // 8 // grid[0].numel()) if len(grid) else 1
        images = [self._to_ours(self.decoder(self.post_quant_conv(self.quantizer.decode(part)))) for part in grid.split(each)]
        f = self.config.downsampling
        return torch.cat(images) if len(grid) else torch.empty(0, self.config.channels, *(n * f for n in grid.shape[1:]))

    def decode_region(self, tokens: Sequence[Tensor], region: windows.Region) -> Tensor:
        """The pixels of a region of the grid, cut from the whole picture, which has to be decoded for it."""
        images = self.decode(tokens)
        region = windows.checked(region, tokens[0].shape[1:])
        return images[(..., *windows.scaled(region, self.config.downsampling))]

    def encode_at_once(self, images: Tensor, look_up: LookUp) -> list[Tensor]:
        return [look_up(self.quantizer, self._z_e(self._to_theirs(images)))]

    def decode_at_once(self, tokens: Sequence[Tensor]) -> Tensor:
        return self._to_ours(self.decoder(self.post_quant_conv(self.quantizer.decode(tokens[0]))))

    def _to_theirs(self, images: Tensor) -> Tensor:
        """Pixels in [-1, 1] → in the range that the networks were trained on."""
        black, white = self.config.pixel_range
        return images if (black, white) == (-1, 1) else black + (images + 1) / 2 * (white - black)

    def _to_ours(self, images: Tensor) -> Tensor:
        black, white = self.config.pixel_range
        return (images if (black, white) == (-1, 1) else 2 * (images - black) / (white - black) - 1).clamp(-1, 1)
