"""How other programs lay a tokenizer out on disk: their config, and what they call each tensor.

A layout reads the config, as it is in JSON, into (VQGANConfig, quantizer, width), and gives tensors the names that
taming-transformers gave them, which our modules have. diffusers' and taming-transformers' are here; see `llamagen.py` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vqcore.files import shown
from vqcore.quantizers.fsq import FSQ, MOST_CODES
from vqcore.tokenizers.foreign.codebook import Codebook, GumbelCodebook
from vqcore.tokenizers.foreign.fields import flag, section, whole, wholes, word, words
from vqcore.tokenizers.foreign.fsq import TheirFSQ
from vqcore.tokenizers.foreign.networks import VQGANConfig

Parts = tuple[VQGANConfig, Codebook | GumbelCodebook | FSQ, int]

DOWN = {"DownEncoderBlock2D": False, "AttnDownEncoderBlock2D": True}
UP = {"UpDecoderBlock2D": False, "AttnUpDecoderBlock2D": True}


@dataclass(frozen=True)
class Layout:
    """read: a config → its parts, ValueError for what there are no layers for;  rename: tensors under taming's names;
    within: what the names of the tokenizer's tensors begin with, where it lies among those of a larger model."""

    read: Callable[[Mapping[str, Any]], Parts]
    rename: Callable[[Mapping[str, Tensor], VQGANConfig], Mapping[str, Tensor]] = lambda tensors, config: tensors
    within: str = ""


def from_diffusers(config: Mapping[str, Any]) -> Parts:
    """A diffusers `VQModel`'s config.json. aMUSEd's work on pixels from 0 to 1, which the config doesn't say: they are told by two
    entries that were made for them (2401.01808)."""
    if config.get("norm_type") == "spatial":
        raise ValueError("its norm_type is 'spatial': it is a MoVQ, as Kandinsky's, whose norms look at the codes, which isn't built here")
    word(config, "norm_type", ("group",), "group")
    word(config, "act_fn", ("silu", "swish"), "silu")
    latent, channels = whole(config, "latent_channels"), whole(config, "in_channels", default=3)
    if whole(config, "out_channels", default=3) != channels:
        raise ValueError("it puts out another number of channels than it takes in")
    down, up = words(config, "down_block_types", DOWN), words(config, "up_block_types", UP)
    width = whole(config, "vq_embed_dim", default=latent)
    middle_attention = flag(config, "mid_block_add_attention", True)
    network = VQGANConfig(
        channels=channels,
        widths=wholes(config, "block_out_channels"),
        blocks=whole(config, "layers_per_block", default=1),
        attention=tuple(DOWN[kind] for kind in down),
        decoder_attention=tuple(UP[kind] for kind in reversed(up)),
        latent=latent,
        middle_attention=middle_attention,
        groups=whole(config, "norm_num_groups", default=32),
        pixel_range=(0, 1) if flag(config, "lookup_from_codebook", False) and not middle_attention else (-1, 1),
    )
    return network, Codebook(whole(config, "num_vq_embeddings", MOST_CODES), width), width


def from_taming(config: Mapping[str, Any]) -> Parts:
    """taming-transformers' or latent-diffusion's model config, its YAML as JSON; with `fsq_levels` for an FSQ model."""
    params = section(section(config, "model"), "params")
    if params.get("remap"):
        raise ValueError("it remaps its codes by a file that isn't part of it")
    dd = section(params, "ddconfig")
    if flag(dd, "double_z", True):
        raise ValueError("its encoder has double_z, so it is a continuous autoencoder without tokens")
    for key in ("tanh_out", "give_pre_end", "use_linear_attn"):
        if flag(dd, key, False):
            raise ValueError(f"its ddconfig has {key}, which isn't known here")
    channels = whole(dd, "in_channels")
    if not flag(dd, "resamp_with_conv", True) or whole(dd, "out_ch") != channels:
        raise ValueError("it resamples without convolutions or changes the number of channels, which isn't known here")
    narrow, resolution = whole(dd, "ch"), whole(dd, "resolution", 1 << 16)
    widths = tuple(narrow * factor for factor in wholes(dd, "ch_mult", 64))
    attends = word(dd, "attn_type", ("vanilla", "none"), "vanilla") == "vanilla"
    where = wholes(dd, "attn_resolutions", 1 << 16)
    attention = tuple(attends and resolution >> i in where for i in range(len(widths)))
    network = VQGANConfig(
        channels=channels, widths=widths, blocks=whole(dd, "num_res_blocks"), attention=attention,
        decoder_attention=attention, latent=whole(dd, "z_channels"), middle_attention=attends,
    )
    width = whole(params, "embed_dim")
    if "fsq_levels" in params:
        return network, _fsq(params, width), width
    return network, Codebook(whole(params, "n_embed", MOST_CODES), width), width


def from_gumbel(config: Mapping[str, Any]) -> Parts:
    """taming-transformers' GumbelVQ, whose layer that chooses is as wide as the encoder's latents."""
    network, _, width = from_taming(config)
    if width != network.latent:
        raise ValueError(f"its embed_dim is {width}, and has to be its z_channels, {network.latent}, for the codes to be chosen")
    return network, GumbelCodebook(whole(config["model"]["params"], "n_embed", MOST_CODES), width), width


def _fsq(params: Mapping[str, Any], width: int) -> FSQ:
    """By vector-quantize-pytorch's own names; what isn't read here but would give other tokens is refused."""
    levels = wholes(params, "fsq_levels")
    if whole(params, "num_codebooks", default=1) != 1 or flag(params, "orthogonal_rotation", False):
        raise ValueError("its FSQ has several codebooks or a rotation, which isn't known here")
    if (scale := params.get("scale")) is not None:
        raise ValueError(f"its FSQ has a scale of {shown(scale)}, which isn't known here")
    symmetric, clamped = flag(params, "preserve_symmetry", False), flag(params, "bound_hard_clamp", False)
    return TheirFSQ(levels, width, symmetric, clamped) if symmetric or clamped else FSQ(levels, width)


NAMES = (
    (r"\.down_blocks\.", ".down."),
    (r"\.mid_block\.resnets\.0\.", ".mid.block_1."),
    (r"\.mid_block\.resnets\.1\.", ".mid.block_2."),
    (r"\.mid_block\.attentions\.0\.", ".mid.attn_1."),
    (r"\.resnets\.", ".block."),
    (r"\.attentions\.", ".attn."),
    (r"\.conv_shortcut\.", ".nin_shortcut."),
    (r"\.(down|up)samplers\.0\.", r".\1sample."),
    (r"\.group_norm\.", ".norm."),
    (r"\.(?:to_q|query)\.", ".q."),
    (r"\.(?:to_k|key)\.", ".k."),
    (r"\.(?:to_v|value)\.", ".v."),
    (r"\.(?:to_out\.0|proj_attn)\.", ".proj_out."),
    (r"\.conv_norm_out\.", ".norm_out."),
)
"""diffusers' names and taming's. The attention layers were called query, key, value and proj_attn before diffusers 0.15."""


def renamed(tensors: Mapping[str, Tensor], config: VQGANConfig) -> dict[str, Tensor]:
    """diffusers' tensors under taming's names; its up blocks count from the coarsest, taming's from the finest."""
    named, last = {}, len(config.widths) - 1
    for name, tensor in tensors.items():
        name = re.sub(r"\.up_blocks\.(\d{1,3})\.", lambda place: f".up.{last - int(place[1])}.", name)
        for theirs, ours in NAMES:
            name = re.sub(theirs, ours, name)
        if re.search(r"\.(q|k|v|proj_out)\.weight$", name) and tensor.ndim == 2:
            tensor = tensor[:, :, None, None]  # a linear layer is a pointwise convolution
        named[name] = tensor
    return named


DIFFUSERS, TAMING, GUMBEL = Layout(from_diffusers, renamed), Layout(from_taming), Layout(from_gumbel)
