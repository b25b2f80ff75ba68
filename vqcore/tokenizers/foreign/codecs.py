"""EnCodec, Mimi and DAC behind the five verbs: levels at one rate, whose vectors add up (residual quantization, SoundStream, 2107.03312).

The networks are those of transformers, imported where one is opened: that takes some seconds. It is given a config of checked entries and
the tensors that were read here, so that it opens no file, runs no code of a model's and asks no Hub.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vqcore.files import shown
from vqcore.tokenizers import windows
from vqcore.tokenizers.base import Level, Tokenizer, checked_grid, padded
from vqcore.tokenizers.foreign.codec_configs import Plan, from_dac, from_encodec, from_mimi

log = logging.getLogger(__name__)
MISSING = 'EnCodec, Mimi and DAC take one more package: pip install "transformers>=5,<6", or ".[codecs]" of this repository.'
FAR = "A token is heard far beyond its own time, so each edit decodes the whole clip."
SAMPLES_AT_ONCE = 1 << 20  # of a batch that is encoded or decoded together
WINDOW = 1024  # tokens that a local decoder takes at once, with their halo


@dataclass(frozen=True)
class Family:
    """Codecs of one architecture.

    read: a config → its plan, ValueError for what isn't coded here;  library: what transformers' classes are called before `Model` and
    `Config`;  pads: whether its encoder takes sounds of any length, padding them itself;  cut: leaves a model its first levels, and tells
    of each its quantizer and the layer that its vectors pass on their way out, None where there is none;  encode: samples [B, 1, T] →
    int64 [B, levels, T/f].
    """

    read: Callable[[Mapping[str, Any]], Plan]
    library: str
    pads: bool
    cut: Callable[[Any, int], list[tuple[Any, nn.Module | None]]]
    encode: Callable[[Any, Tensor], Tensor] = lambda model, samples: model.encode(samples).audio_codes


class Codec(Tokenizer):
    """Someone else's codec of sound, loaded to be used and not to be trained: [B, 1, T] to a grid [B, T/f] a level, named as "1 of 8".

    model: transformers', of whose levels the first `config.levels` are left.
    """

    only_encodes = ("model.encoder.",)
    spatial_dims = 1
    channels = 1
    adds_up = True
    model: Any

    def __init__(self, model: nn.Module, family: Family, config: Plan, name: str = ""):
        super().__init__()
        self.model, self.family, self.config, self.name = model, family, config, name
        self.sample_rate, self.halo = config.sample_rate, config.halo
        self.stages = family.cut(model, config.levels)
        self.quantizers = [quantizer for quantizer, _ in self.stages]
        self.usages, self.appearances, self.tables = [None] * config.levels, [None] * config.levels, None
        self.notes = () if config.halo is not None else (FAR,)

    @property
    def levels(self) -> tuple[Level, ...]:
        count = len(self.quantizers)
        return tuple(
            Level(f"{i + 1} of {count}", len(codes), codes.shape[1], self.config.downsampling, codes, halo=self.halo)
            for i, codes in enumerate(map(_codes, self.quantizers))
        )

    @torch.no_grad()
    def encode(self, images: Tensor) -> list[Tensor]:
        """As the original does: a length that f doesn't divide is padded as its own code pads it."""
        f, count = self.config.downsampling, len(self.quantizers)
        samples = padded(images, self.channels, self.spatial_dims, 1)
        if not self.family.pads:
            samples = F.pad(samples, (0, -samples.shape[-1] % f))
        parts = [self.family.encode(self.model, part) for part in samples.split(max(1, SAMPLES_AT_ONCE // samples.shape[-1]))]
        return list(torch.cat(parts).unbind(1)) if len(images) else [torch.empty(0, -(-images.shape[-1] // f), dtype=torch.int64)] * count

    @torch.inference_mode()
    def decode(self, tokens: Sequence[Tensor]) -> Tensor:
        return self._decoded(self._checked(tokens), range(len(self.quantizers)))

    @torch.inference_mode()
    def decode_region(self, tokens: Sequence[Tensor], region: windows.Region) -> Tensor:
        """That part of `decode`, up to rounding: of these networks the last bits of a float32 depend on how much is decoded at once."""
        return self.decode_levels(tokens, range(len(self.quantizers)), region)

    @torch.inference_mode()
    def decode_levels(self, tokens: Sequence[Tensor], kept: Collection[int], region: windows.Region | None = None) -> Tensor:
        grids = self._checked(tokens)
        if strange := set(kept) - set(range(len(grids))):
            raise ValueError(f"Levels are counted from 0 to {len(grids) - 1}, but got {shown(min(strange))}.")
        region = windows.checked((slice(None),) if region is None else region, grids[0].shape[1:])
        if self.halo is None:
            return self._decoded(grids, kept)[(..., *windows.scaled(region, self.config.downsampling))]
        return self._window(grids, kept, region)

    def _checked(self, tokens: Sequence[Tensor]) -> list[Tensor]:
        count = len(self.quantizers)
        if isinstance(tokens, Tensor) or len(tokens) != count:
            raise ValueError(f"This tokenizer has {count} level(s): give its tokens as a list of as many grids [B, T'].")
        grids = [checked_grid(grid, 1, self.config.codebook_size) for grid in tokens]
        if any(grid.shape != grids[0].shape for grid in grids):
            raise ValueError(f"All levels have one rate: their grids are of one size, not {', '.join(str(list(g.shape)) for g in grids)}.")
        return grids

    def _decoded(self, grids: list[Tensor], kept: Collection[int]) -> Tensor:
        shape = grids[0].shape[1:]
        if self.halo is not None:
            return torch.cat([self._window(grids, kept, tile) for tile in windows.tiles(shape, self.halo, WINDOW)], -1)
        each = max(1, SAMPLES_AT_ONCE // (shape[0] * self.config.downsampling))
        parts = [self._samples(self._sum(part, kept)) for part in zip(*(grid.split(each) for grid in grids))]
        return torch.cat(parts).clamp(-1, 1) if len(grids[0]) else torch.empty(0, 1, shape[0] * self.config.downsampling)

    def _window(self, grids: list[Tensor], kept: Collection[int], region: windows.Region) -> Tensor:
        """A region's samples from the tokens that reach it."""
        shape, f = grids[0].shape[1:], self.config.downsampling
        window = windows.grown(region, self.halo or 0, shape)
        part = windows.scaled(windows.inside(region, window), f)
        samples = [torch.empty(0, 1, part[0].stop - part[0].start)]
        for batch in windows.batches(len(grids[0]), window, WINDOW):
            z_q = self._sum([grid[(batch, *window)] for grid in grids], kept)
            samples.append(self._samples(z_q)[(..., *part)].clamp(-1, 1))
        return torch.cat(samples)

    def _sum(self, grids: Sequence[Tensor], kept: Collection[int]) -> Tensor:
        """z_q, the sum of the vectors of the levels that are kept: float32 [B, D, T/f]."""
        width = self.model.config.hidden_size
        z_q = torch.zeros(len(grids[0]), width, grids[0].shape[1], device=self.device)
        for i in sorted(kept):
            quantizer, out = self.stages[i]
            vectors = F.embedding(grids[i].to(self.device), _table(quantizer)).transpose(1, 2)
            z_q = z_q + (vectors if out is None else out(vectors))
        return z_q

    def _samples(self, z_q: Tensor) -> Tensor:
        """float32 [B, D, T'] → [B, 1, T'·f]; where strides are odd DAC's decoder gives some fewer, and silence takes their place."""
        decoded = self.model.decoder(z_q)
        samples = decoded if isinstance(decoded, Tensor) else decoded.audio_values
        length = z_q.shape[-1] * self.config.downsampling
        return F.pad(samples[..., :length], (0, length - min(length, samples.shape[-1])))


def read_codec(family: Family, theirs: Mapping[str, Any], tensors: Mapping[str, Tensor], name: str, levels: int | None = None) -> Codec:
    """The codec whose config.json is `theirs` and whose weights are these. levels: how many of its levels, from the first; all if None.

    ValueError where transformers isn't installed, where weights and config don't fit, or where it has fewer levels.
    """
    plan = family.read(theirs)
    count = plan.levels if levels is None else levels
    if type(count) is not int or not fewest(plan) <= count <= plan.levels:
        raise ValueError(f"{shown(name)} has {plan.levels} levels: levels is {fewest(plan)} to {plan.levels}, not {shown(levels)}.")
    config_class, model_class = _classes(family.library)
    config = config_class(**plan.settings)
    unfit = f"The weights of {shown(name)} don't fit its config.json"
    with torch.device("meta"):  # no memory is taken before it is known that the file has as many weights
        wanted = sum(tensor.numel() for tensor in model_class(config).state_dict().values())
    if wanted > (there := sum(tensor.numel() for tensor in tensors.values())):
        raise ValueError(f"{unfit}, which asks for {wanted:,} numbers: there are {there:,}.")
    whole = {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in tensors.items()}
    try:
        model, told = model_class.from_pretrained(None, config=config, state_dict=whole, output_loading_info=True)
    except RuntimeError as problem:  # what transformers raises for a tensor of another shape
        raise ValueError(f"{unfit}: {shown(str(problem))}") from None
    if missing := sorted(told["missing_keys"]):
        raise ValueError(f"{unfit}: {shown(missing[0])}{f' and {len(missing) - 1} more are' if missing[1:] else ' is'} missing.")
    return Codec(model, family, replace(plan, levels=count), name).eval().requires_grad_(False)


def fewest(plan: Plan) -> int:
    """The fewest levels that a codec can be opened with: Mimi's first have a quantizer of their own."""
    return plan.settings.get("num_semantic_quantizers", 1)


def _classes(library: str) -> tuple[Any, Any]:
    log.info("Importing transformers, which takes some seconds …")
    try:
        transformers = importlib.import_module("transformers")
        return getattr(transformers, f"{library}Config"), getattr(transformers, f"{library}Model")
    except (ImportError, AttributeError):
        raise ValueError(MISSING) from None


def _cut_encodec(model: Any, count: int) -> list[tuple[Any, nn.Module | None]]:
    model.quantizer.layers = model.quantizer.layers[:count]
    return [(layer, None) for layer in model.quantizer.layers]


def _cut_mimi(model: Any, count: int) -> list[tuple[Any, nn.Module | None]]:
    quantizer = model.quantizer
    first, others = quantizer.semantic_residual_vector_quantizer, quantizer.acoustic_residual_vector_quantizer
    others.layers, quantizer.max_num_quantizers = others.layers[: count - len(first.layers)], count
    return [(layer, chain.output_proj) for chain in (first, others) for layer in chain.layers]


def _cut_dac(model: Any, count: int) -> list[tuple[Any, nn.Module | None]]:
    quantizer = model.quantizer
    quantizer.quantizers, quantizer.n_codebooks = quantizer.quantizers[:count], count
    return [(part, part.out_proj) for part in quantizer.quantizers]


def _table(quantizer: Any) -> Tensor:
    """A level's vectors as they go out, float32 [K, D]."""
    codebook = quantizer.codebook
    return codebook.weight.detach() if isinstance(codebook, nn.Embedding) else codebook.embed.detach()


def _codes(quantizer: Any) -> Tensor:
    """A level's vectors as they are compared, float32 [K, D]: of length 1 each where their angle decides, as DAC's does."""
    table = _table(quantizer)
    return F.normalize(table, dim=1) if isinstance(quantizer.codebook, nn.Embedding) else table


ENCODEC = Family(
    from_encodec, "Encodec", True, _cut_encodec,
    lambda model, samples: model.encode(samples, bandwidth=model.config.target_bandwidths[-1]).audio_codes[0],
)
MIMI, DAC = Family(from_mimi, "Mimi", True, _cut_mimi), Family(from_dac, "Dac", False, _cut_dac)
