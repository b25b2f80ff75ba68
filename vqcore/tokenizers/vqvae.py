"""The one-level tokenizer: VQ-VAE (van den Oord et al. 2017, 1711.00937).

    x → encoder → z_e → nearest code → tokens,      tokens → codes z_q → decoder → x̃
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from vqcore.quantizers.vq import Quantized, VectorQuantizer
from vqcore.tokenizers import windows
from vqcore.tokenizers.networks import Decoder, Encoder, NetworkConfig, memory_format
from vqcore.tokenizers.tables import Tables


@dataclass(frozen=True)
class VQVAEConfig:
    """A tokenizer's shape: its networks, K codes, and how the codebook learns (see VectorQuantizer).

    sample_rate: samples a second, of a tokenizer of sounds.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    codebook_size: int = 4096
    beta: float = 0.25
    ema_decay: float | None = 0.99
    sample_rate: int | None = None


@dataclass(frozen=True)
class Level:
    """One level of tokens: K = codebook_size, D = code_dim, f = downsampling, the codebook E as float32 [K, D].

    usage: how often the training data used each code, int64 [K], or None where nobody counted;
    appearance: what each code decodes to in a grid of nothing else, uint8 [K, f, f, C], or None;
    halo: how far a token reaches beyond the tokens of the finest grid that it spans, in those; None: everywhere.
    """

    codebook_size: int
    code_dim: int
    downsampling: int
    codebook: Tensor
    usage: Tensor | None = None
    appearance: np.ndarray | None = None
    halo: int | None = None


class VQVAE(nn.Module):
    """Pictures (or sounds, or volumes) to grids of tokens and back."""

    def __init__(self, config: VQVAEConfig = VQVAEConfig(), name: str = ""):
        super().__init__()
        self.config, self.name = config, name
        self.encoder, self.decoder = Encoder(config.network), Decoder(config.network)
        self.quantizer = VectorQuantizer(config.codebook_size, config.network.code_dim, config.beta, config.ema_decay)
        self.usages: list[Tensor | None] = [None]
        self.appearances: list[np.ndarray | None] = [None]
        self.tables: list[Tables] | None = None
        self.to(memory_format=memory_format(config.network.spatial_dims))

    @property
    def levels(self) -> tuple[Level, ...]:
        n = self.config.network
        codebook = self.quantizer.codebook.detach()
        return (Level(len(codebook), n.code_dim, n.downsampling, codebook, self.usages[0], self.appearances[0], self.halo),)

    @property
    def halo(self) -> int:
        """The reach of one token, in tokens."""
        return self.config.network.decoder_halo

    def forward(self, x: Tensor) -> tuple[Tensor, list[Quantized]]:
        """One training pass: x [B, C, *S] with sizes that f divides → x̃ of that shape, and what the quantizer did."""
        quantized = self.quantizer(self.encoder(x))
        return self.decoder(quantized.z_q), [quantized]

    @torch.no_grad()  # and not inference mode, whose tensors nobody may write into: tokens are there to be edited
    def encode(self, images: Tensor) -> list[Tensor]:
        """images float [B, C, *S] in [-1, 1] → [tokens int64 [B, *S']], S' = S / f rounded up."""
        n = self.config.network
        images = padded(images, n, n.downsampling)
        f, halo = n.downsampling, n.encoder_halo
        shape = [size // f for size in images.shape[2:]]
        tokens = torch.empty(images.shape[0], *shape, dtype=torch.int64, device=images.device)
        for tile in windows.tiles(shape, halo):
            window = windows.grown(tile, halo, shape)
            for batch in windows.batches(len(images), window):
                x = images[(batch, slice(None), *windows.scaled(window, f))]
                z_e = run_window(self.encoder, x, windows.count(window), n.smallest_lone_window)
                tokens[(batch, *tile)] = self.quantizer.encode(z_e[(..., *windows.inside(tile, window))])
        return [tokens]

    @torch.inference_mode()
    def decode(self, tokens: Sequence[Tensor]) -> Tensor:
        """[tokens int64 [B, *S']] → images float32 [B, C, *S'·f], within [-1, 1]."""
        grid = self._checked(tokens)
        n = self.config.network
        images = torch.empty(len(grid), n.channels, *(size * n.downsampling for size in grid.shape[1:]), device=grid.device)
        for tile in windows.tiles(grid.shape[1:], n.decoder_halo):
            images[(..., *windows.scaled(tile, n.downsampling))] = self._decode(grid, tile)
        return images

    @torch.inference_mode()
    def decode_region(self, tokens: Sequence[Tensor], region: windows.Region) -> Tensor:
        """The pixels of a region of the grid, float32 [B, C, *region·f]: the same bits as that part of `decode`.

        region: a tuple of slices in tokens. Only the tokens within `halo` of it are looked at, so a grid that was
        itself cut out around the region, by `halo` tokens where the whole grid goes on, gives these bits too.
        """
        grid = self._checked(tokens)
        return self._decode(grid, windows.checked(region, grid.shape[1:]))

    def reconstruct(self, images: Tensor) -> Tensor:
        """images [B, C, *S] → what their tokens decode to, cropped to the same size."""
        return self.decode(self.encode(images))[(..., *(slice(size) for size in images.shape[2:]))]

    def _checked(self, tokens: Sequence[Tensor]) -> Tensor:
        if isinstance(tokens, Tensor) or len(tokens) != 1:
            raise ValueError("This tokenizer has one level: give its tokens as a list of one grid [B, *S'].")
        return checked_grid(tokens[0], self.config.network.spatial_dims, self.config.codebook_size)

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


def padded(images: Tensor, network: NetworkConfig, multiple: int) -> Tensor:
    """Sizes rounded up to multiples of so many pixels: by reflection where it fits, else by repeating the edge."""
    if images.ndim != 2 + network.spatial_dims or images.shape[1] != network.channels or 0 in images.shape[2:]:
        raise ValueError(
            f"This tokenizer takes [B, {network.channels}, *S] with {network.spatial_dims} spatial dimension(s) of at least "
            f"one, but got {list(images.shape)}."
        )
    if not images.is_floating_point():
        raise ValueError(f"This tokenizer takes float values in [-1, 1], but got {images.dtype}.")
    images = images.float()
    for axis, size in enumerate(images.shape[2:], start=2):
        if short := -size % multiple:
            edge = torch.arange(size - 2, size - 2 - short, -1) if short < size else torch.full((short,), size - 1)
            images = torch.cat([images, images.index_select(axis, edge.to(images.device))], axis)
    return images


def checked_grid(grid: Tensor, spatial_dims: int, codebook_size: int) -> Tensor:
    """The grid as int64 [B, *S'], once it is sure that these are tokens of this codebook."""
    if grid.ndim != 1 + spatial_dims or 0 in grid.shape[1:] or grid.is_floating_point() or grid.dtype == torch.bool:
        raise ValueError(
            f"Tokens are integers [B, *S'] with {spatial_dims} spatial dimension(s), but got {grid.dtype} {list(grid.shape)}."
        )
    if grid.numel() and not 0 <= int(grid.min()) <= int(grid.max()) < codebook_size:
        raise ValueError(
            f"Tokens of this tokenizer lie in 0 … {codebook_size - 1}, but got {int(grid.min())} … {int(grid.max())}."
        )
    return grid.long()


def run_window(network: Callable[[Tensor], Tensor], x: Tensor, tokens: int, smallest_lone_window: int) -> Tensor:
    """Run a window of so many tokens in the layout and the arithmetic of every other window, so that bits agree."""
    x = x.contiguous(memory_format=memory_format(x.ndim - 2))
    if len(x) == 1 and tokens < smallest_lone_window:
        return network(torch.cat([x, x]))[:1]
    return network(x)
