"""LlamaGen's tokenizers (Sun et al. 2024, 2406.06525), and Janus's, which are these: a VQGAN's networks, attention at the coarsest
resolution alone, and codes on the unit sphere.

    LlamaGen        FoundationVision's VQ-16 and VQ-8: a config of `codebook_size`, `encoder_ch_mult` and so on
    transformers    a saved `JanusVQVAE`, or a whole Janus, of which only the tokenizer is read
    DeepSeek        its own Janus folders, whose config names the tokenizer and whose tensors are LlamaGen's

transformers compares Janus's codes by distance and makes them one long for the decoder alone; LlamaGen and DeepSeek, by whose code the
weights were trained and the language model reads, by angle. Here the angle decides: the same where the codes are one long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from vqcore.quantizers.fsq import MOST_CODES
from vqcore.tokenizers.foreign.codebook import Codebook
from vqcore.tokenizers.foreign.fields import flag, section, whole, wholes
from vqcore.tokenizers.foreign.layouts import Layout, Parts
from vqcore.tokenizers.foreign.networks import VQGANConfig

NARROW = 128  # channels at the first resolution of all of LlamaGen's networks, which its config doesn't tell
MULTIPLES = [1, 1, 2, 2, 4]  # of them at each resolution of VQ-16


def from_llamagen(config: Mapping[str, Any]) -> Parts:
    """LlamaGen's `ModelArgs`, alone or under `config`. What it leaves out is VQ-16's."""
    args = config if "encoder_ch_mult" in config else section(config, "config")
    full = {"encoder_ch_mult": MULTIPLES, "decoder_ch_mult": MULTIPLES} | dict(args)
    multiples = wholes(full, "encoder_ch_mult", 64)
    if wholes(full, "decoder_ch_mult", 64) != multiples:
        raise ValueError("its encoder and its decoder have other widths, which isn't known here")
    return _parts(
        NARROW, multiples, whole(args, "z_channels", default=256), whole(args, "codebook_size", MOST_CODES, 16384),
        whole(args, "codebook_embed_dim", default=8), flag(args, "codebook_l2_norm", True),
    )


def from_janus(config: Mapping[str, Any]) -> Parts:
    """transformers' `JanusVQVAEConfig`, or that of a whole Janus, which has it as `vq_config`. What it leaves out is its default."""
    c = section(config, "vq_config") if "vq_config" in config else config
    if flag(c, "double_latent", False):
        raise ValueError("its encoder has double_latent, so it is a continuous autoencoder without tokens")
    channels = whole(c, "in_channels", default=3)
    if whole(c, "out_channels", default=3) != channels:
        raise ValueError("it puts out another number of channels than it takes in")
    return _parts(
        whole(c, "base_channels", default=NARROW),
        wholes({"channel_multiplier": MULTIPLES} | dict(c), "channel_multiplier", 64), whole(c, "latent_channels", default=256),
        whole(c, "num_embeddings", MOST_CODES, 16384), whole(c, "embed_dim", default=8), True, channels,
        whole(c, "num_res_blocks", default=2),
    )


def from_deepseek(config: Mapping[str, Any]) -> Parts:
    """The config of a whole Janus by DeepSeek, which names its tokenizer: VQ-16."""
    vision = section(config, "gen_vision_config")
    if vision.get("cls") != "VQ-16":
        raise ValueError("its gen_vision_config names no VQ-16, and no other is known here")
    params = section(vision, "params") if "params" in vision else {}
    return _parts(
        NARROW, tuple(MULTIPLES), 256, whole(params, "image_token_size", MOST_CODES, 16384), whole(params, "n_embed", default=8), True,
    )


def _parts(
    narrow: int, multiples: tuple[int, ...], latent: int, codebook_size: int, code_dim: int, unit: bool,
    channels: int = 3, blocks: int = 2,
) -> Parts:
    attention = tuple(i == len(multiples) - 1 for i in range(len(multiples)))
    network = VQGANConfig(
        channels=channels, widths=tuple(narrow * factor for factor in multiples), blocks=blocks, attention=attention,
        decoder_attention=attention, latent=latent,
    )
    return network, Codebook(codebook_size, code_dim, unit), code_dim


def renamed(tensors: Mapping[str, Tensor], config: VQGANConfig) -> dict[str, Tensor]:
    """Both families' tensors under taming's names: their decoders count resolutions from the coarsest, taming's from the finest."""
    named, last = {}, len(config.widths) - 1
    for name, tensor in tensors.items():
        name = re.sub(r"^encoder\.conv_blocks\.", "encoder.down.", name)
        name = re.sub(r"^decoder\.(?:conv_blocks|up)\.(\d{1,3})\.", lambda place: f"decoder.up.{last - int(place[1])}.", name)
        name = re.sub(r"^(encoder\.down|decoder\.up)\.(-?\d+)\.res\.", r"\1.\2.block.", name)
        for theirs, ours in (("0", "block_1"), ("1", "attn_1"), ("2", "block_2")):
            name = name.replace(f".mid.{theirs}.", f".mid.{ours}.", 1)
        named[name] = tensor
    return named


LLAMAGEN, JANUS_VQVAE = Layout(from_llamagen, renamed), Layout(from_janus, renamed)
JANUS, DEEPSEEK = Layout(from_janus, renamed, "model.vqmodel."), Layout(from_deepseek, renamed, "gen_vision_model.")
