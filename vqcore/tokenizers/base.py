"""The contract Tokenizer: pictures (or sounds, or volumes) to grids of tokens and back; and what a level of tokens is."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from vqcore.quantizers.base import Quantized, Quantizer
from vqcore.tokenizers.networks import Decoder, memory_format
from vqcore.tokenizers.tables import Tables
from vqcore.tokenizers.windows import Region

LookUp = Callable[[Any, Tensor], Tensor]


@dataclass(frozen=True)
class Level:
    """One level of tokens: K = codebook_size, D = code_dim, f = downsampling, the codebook E as float32 [K, D].

    name: what this level is called beside others, such as "coarse";
    usage: how often the training data used each code, int64 [K], or None where nobody counted;
    appearance: what each code decodes to in a grid of nothing else, uint8 [K, f, f, C], or None;
    halo: how far a token reaches beyond the tokens of the finest grid that it spans, in those (half of the decoder's
    receptive field); None: everywhere.
    """

    name: str
    codebook_size: int
    code_dim: int
    downsampling: int
    codebook: Tensor
    usage: Tensor | None = None
    appearance: np.ndarray | None = None
    halo: int | None = None


class Tokenizer(nn.Module, ABC):
    """Everything that turns pictures into grids of integers, and back.

    config: its shape, a frozen dataclass;  name: what it is called;  spatial_dims: 1 for sounds, 2 for pictures, 3 for
    volumes;  channels: C of what it reads and writes;  sample_rate: samples a second, of a tokenizer of sounds;
    halo: the reach of one token of the finest grid, in tokens (half of the decoder's receptive field), None for everywhere;
    largest_side: in pixels, the side up to which a picture is decoded in seconds, None where the size doesn't matter;
    tokens_of: the name of the tokenizer whose encoder and codebooks these are, "" for its own;
    notes: sentences on how it was read that its user should know;
    encoder_halo: how far the encoder looks beyond a token of the coarsest grid, in those (half of its receptive field), None for
    everywhere;
    quantizers: of each level, coarse to fine, what looks its tokens up;
    usages, appearances, tables: of each level, coarse to fine, what is known beside the weights, or None.
    """

    only_encodes: ClassVar[tuple[str, ...]]
    """What the names of the tensors begin with that decoding doesn't need."""
    adds_up: ClassVar[bool] = False
    """Whether what is decoded is the sum of the levels' vectors (residual quantization), so that `decode_levels` can leave some out."""
    config: Any
    name: str
    spatial_dims: int
    channels: int
    sample_rate: int | None = None
    largest_side: int | None = None
    halo: int | None
    encoder_halo: int | None = None
    quantizers: Sequence[Any]
    tokens_of: str = ""
    notes: Sequence[str] = ()
    usages: Sequence[Tensor | None]
    appearances: Sequence[np.ndarray | None]
    tables: list[Tables] | None

    @property
    @abstractmethod
    def levels(self) -> tuple[Level, ...]:
        """Coarse to fine; `downsampling` is in pixels for all."""

    @abstractmethod
    def encode(self, images: Tensor) -> list[Tensor]:
        """images float [B, C, *S] in [-1, 1] → tokens int64 [B, *S'] of each level, coarse to fine; S' = S / f rounded up.

        A size that f doesn't divide is padded, by reflection where it fits, else by repeating the edge.
        """

    def latents(self, images: Tensor) -> list[Tensor]:
        """What `encode` looks up: images → z_e of each level, float32 [B, D, *S'], coarse to fine, D that of its codebook, whose nearest
        code is the token. Where a quantizer rounds, z_e is as it is rounded, in its bounds. ValueError where that can't be told."""
        raise ValueError(f"{self.name} doesn't tell what its encoder sees.")

    @abstractmethod
    def decode(self, tokens: Sequence[Tensor]) -> Tensor:
        """Tokens int64 [B, *S'] of each level → images float32 [B, C, *S'·f], within [-1, 1]."""

    @abstractmethod
    def decode_region(self, tokens: Sequence[Tensor], region: Region) -> Tensor:
        """The pixels of a region of the finest grid, float32 [B, C, *region·f]: the same bits as that part of `decode`.

        region: a tuple of slices in tokens of the finest grid. Only the tokens within the levels' halos of it are looked at,
        so a grid that was itself cut out around the region, by the halo where the whole grid goes on, gives these bits too.
        """

    def decode_levels(self, tokens: Sequence[Tensor], kept: Collection[int], region: Region | None = None) -> Tensor:
        """As `decode_region`, of all where region is None, from the sum of these levels alone, by their places: float32 [B, C, *region·f].
        What is fed to the decoder lacks the others. ValueError where levels don't add up."""
        raise ValueError(f"The levels of {self.name} don't add up, so that none of them can be left out.")

    def encode_at_once(self, images: Tensor, look_up: LookUp) -> list[Tensor]:
        """`encode` in one pass over sizes that the coarsest f divides, in plain arithmetic that can be written down as a graph: not cut
        into windows, and with the tokens found by look_up(quantizer, z_e), int64 [B, *S']. ValueError where there is no such pass."""
        raise ValueError(f"{self.name} can't be written down as a graph.")

    def decode_at_once(self, tokens: Sequence[Tensor]) -> Tensor:
        """`decode` likewise: float32 [B, C, *S'·f], which may leave [-1, 1]."""
        raise ValueError(f"{self.name} can't be written down as a graph.")

    def reconstruct(self, images: Tensor) -> Tensor:
        """images [B, C, *S] → what their tokens decode to, cropped to the same size."""
        return self.decode(self.encode(images))[(..., *(slice(size) for size in images.shape[2:]))]

    @property
    def is_table(self) -> bool:
        """Whether `narrowed` can leave codes out."""
        return False

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def narrowed(self, codes: Tensor) -> Tokenizer:
        """This tokenizer with these codes alone, int64 [n]: the same networks and a narrower choice. ValueError where it can't be."""
        raise ValueError(f"The codes of {self.name} can't be cut: that takes one level, and a codebook that is a table.")


class Trainable(Tokenizer):
    """A tokenizer that is trained here, from its config alone."""

    quantizers: Sequence[Quantizer]
    decoder: Decoder
    """Pixels from codes: what a second decoder takes the place of."""

    @abstractmethod
    def forward(self, x: Tensor) -> tuple[Tensor, list[Quantized]]:
        """One training pass: x [B, C, *S] with sizes that the coarsest f divides → x̃ of that shape, and what each level did."""

    @abstractmethod
    def first_and_last(self) -> tuple[Tensor, Tensor]:
        """The weights of the first layer and of the last, which training treats apart."""

    def decode_vectors(self, z_q: Tensor) -> Tensor:
        """z_q float [B, D, *S'] of the only level → x̃ [B, C, *S'·f], differentiable, and not cut into windows."""
        raise ValueError(f"{self.name} has several levels, which decode together only.")


def suffixes(levels: Sequence[Level]) -> list[str]:
    """What the names of each level's figures end in: its own name, and nothing where it is alone."""
    return [""] if len(levels) == 1 else [f"_{level.name}" for level in levels]


def file_suffixes(levels: Sequence[Level]) -> list[str]:
    """What the names of each level's files and tensors end in: its own name, and nothing for the finest."""
    return [*(f"_{level.name}" for level in levels[:-1]), ""]


def published(model: nn.Module) -> dict[str, Tensor]:
    """The tensors that a model needs to be used: all of its state but what only its quantizers' training needs."""
    private = {
        f"{name}.{tensor}" if name else tensor
        for name, part in model.named_modules() if isinstance(part, Quantizer) for tensor in part.private
    }
    return {name: tensor for name, tensor in model.state_dict().items() if name not in private}


def fingerprint(model: nn.Module) -> bytes:
    """Eight bytes that tell a model by its weights, in the half precision in which they are kept."""
    return _digest(published(model))


def decoder_fingerprint(tokenizer: Tokenizer) -> bytes:
    """Eight bytes that tell what tokens mean: of the codebooks and of what decodes, so that a better encoder changes nothing."""
    return _digest({name: tensor for name, tensor in published(tokenizer).items() if not name.startswith(tokenizer.only_encodes)})


def codebook_fingerprint(tokenizer: Trainable) -> bytes:
    """Eight bytes that tell a tokenizer by its codebooks alone, so that two decoders of the same tokens are known as such."""
    return _digest({
        f"{i}.{name}": tensor for i, quantizer in enumerate(tokenizer.quantizers) for name, tensor in published(quantizer).items()
    })


def _digest(tensors: dict[str, Tensor]) -> bytes:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {list(tensor.shape)} ".encode())
        digest.update(tensor.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.digest()[:8]


def padded(images: Tensor, channels: int, spatial_dims: int, multiple: int) -> Tensor:
    """Sizes rounded up to multiples of `multiple` pixels: by reflection where it fits, else by repeating the edge."""
    if images.ndim != 2 + spatial_dims or images.shape[1] != channels or 0 in images.shape[2:]:
        raise ValueError(
            f"This tokenizer takes [B, {channels}, *S] with {spatial_dims} spatial dimension(s) of at least "
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
    """Run a window of `tokens` tokens in the layout and the arithmetic of every other window, so that bits agree."""
    x = x.contiguous(memory_format=memory_format(x.ndim - 2))
    if len(x) == 1 and tokens < smallest_lone_window:
        return network(torch.cat([x, x]))[:1]
    return network(x)
