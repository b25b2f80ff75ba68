"""How other programs lay a tokenizer out on disk: their config, and what they call each tensor.

Each reader takes the config as read from JSON and returns (VQGANConfig, quantizer, width); `renamed` turns diffusers'
names into those of taming-transformers, which our modules have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vqcore.quantizers.fsq import FSQ
from vqcore.tokenizers.foreign.codebook import Codebook
from vqcore.tokenizers.foreign.networks import VQGANConfig

Parts = tuple[VQGANConfig, Codebook | FSQ, int]

DOWN = {"DownEncoderBlock2D": False, "AttnDownEncoderBlock2D": True}
UP = {"UpDecoderBlock2D": False, "AttnUpDecoderBlock2D": True}


def from_diffusers(config: Mapping[str, Any]) -> Parts:
    """A diffusers `VQModel`'s config.json. ValueError or KeyError for what this program has no layers for."""
    if config.get("norm_type", "group") != "group":
        raise ValueError(f"its norm_type is {config['norm_type']!r}, and only 'group' is known here")
    if config.get("act_fn", "silu") not in ("silu", "swish"):
        raise ValueError(f"its act_fn is {config['act_fn']!r}, and only 'silu' is known here")
    for key, known in (("down_block_types", DOWN), ("up_block_types", UP)):
        if strange := set(config[key]) - known.keys():
            raise ValueError(f"it has blocks of kind {sorted(strange)[0]}; known here are {', '.join(known)}")
    if config.get("in_channels", 3) != config.get("out_channels", 3):
        raise ValueError("it puts out another number of channels than it takes in")
    latent = config["latent_channels"]
    width = config.get("vq_embed_dim") or latent
    network = VQGANConfig(
        channels=config.get("in_channels", 3),
        widths=tuple(config["block_out_channels"]),
        blocks=config.get("layers_per_block", 1),
        attention=tuple(DOWN[kind] for kind in config["down_block_types"]),
        decoder_attention=tuple(UP[kind] for kind in reversed(config["up_block_types"])),
        latent=latent,
        middle_attention=config.get("mid_block_add_attention", True),
        groups=config.get("norm_num_groups", 32),
    )
    return network, Codebook(config["num_vq_embeddings"], width), width


def from_taming(config: Mapping[str, Any]) -> Parts:
    """taming-transformers' or latent-diffusion's model config, its YAML as JSON; with `fsq_levels` for an FSQ model."""
    model = config["model"]
    if str(model.get("target", "")).rpartition(".")[2] not in ("VQModel", "VQModelInterface", "FSQModel"):
        raise ValueError(f"its class is {model.get('target')!r}; VQModel, VQModelInterface and FSQModel are known here")
    params = model["params"]
    if params.get("remap"):
        raise ValueError("it remaps its codes by a file that isn't part of it")
    dd = params["ddconfig"]
    if dd.get("double_z", True):
        raise ValueError("its encoder has double_z, so it is a continuous autoencoder without tokens")
    if not dd.get("resamp_with_conv", True) or dd["in_channels"] != dd["out_ch"]:
        raise ValueError("it resamples without convolutions or changes the number of channels, which isn't known here")
    widths = tuple(dd["ch"] * factor for factor in dd["ch_mult"])
    attention = tuple(dd["resolution"] >> i in dd["attn_resolutions"] for i in range(len(widths)))
    network = VQGANConfig(
        channels=dd["in_channels"], widths=widths, blocks=dd["num_res_blocks"], attention=attention,
        decoder_attention=attention, latent=dd["z_channels"],
    )
    width = params["embed_dim"]
    if "fsq_levels" in params:
        return network, FSQ(tuple(params["fsq_levels"]), width), width
    return network, Codebook(params["n_embed"], width), width


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


def renamed(tensors: Mapping[str, Tensor], resolutions: int) -> dict[str, Tensor]:
    """diffusers' tensors under taming's names; its up blocks count from the coarsest, taming's from the finest."""
    named = {}
    for name, tensor in tensors.items():
        name = re.sub(r"\.up_blocks\.(\d+)\.", lambda place: f".up.{resolutions - 1 - int(place[1])}.", name)
        for theirs, ours in NAMES:
            name = re.sub(theirs, ours, name)
        if re.search(r"\.(q|k|v|proj_out)\.weight$", name) and tensor.ndim == 2:
            tensor = tensor[:, :, None, None]  # a linear layer is a pointwise convolution
        named[name] = tensor
    return named
