"""What the configs of codecs of sound say, as transformers writes them: read and checked entry by entry, without transformers.

A plan has the settings that transformers' own config class is given, and no others, so that nothing unchecked reaches it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vqcore.files import shown
from vqcore.tokenizers.foreign.fields import MOST_ENTRIES, flag, number, whole, wholes, word

MOST_LEVELS = 64
MOST_CODES = 1 << 16
MOST_RATE = 96_000  # samples a second
MOST_RATIO, MOST_RATIOS = 64, 8  # by which a layer changes the rate, and how many of those there are
MOST_LAYERS = 32  # of a transformer or an LSTM
MOST_KERNEL, MOST_RESIDUAL, MOST_GROWTH = 64, 4, 4  # dilations grow by a power, so they are few
MONO = "it codes {} channels of sound, and one is what is coded here: open the model of one channel, as facebook/encodec_24khz"


@dataclass(frozen=True)
class Plan:
    """A codec's shape: its rate in samples a second, f in samples a token, levels, K, D, and what its library's config is given.

    halo: the reach of a token, in tokens, where the decoder is local; None: everywhere.
    """

    sample_rate: int
    downsampling: int
    levels: int
    codebook_size: int
    code_dim: int
    settings: Mapping[str, Any]
    halo: int | None = None


def from_encodec(config: Mapping[str, Any]) -> Plan:
    """EnCodec (Défossez et al. 2022, 2210.13438) of one channel. It has as many levels as its highest bandwidth pays for (§3.2)."""
    if (channels := whole(config, "audio_channels", default=1)) != 1:
        raise ValueError(MONO.format(channels))
    if flag(config, "normalize", False) or config.get("chunk_length_s") is not None:
        raise ValueError("it levels its input or codes it in chunks, which isn't read here; facebook/encodec_24khz does neither")
    ratios, settings = _seanet(config, (8, 5, 4, 2), {"kernel": 7, "last": 7, "filters": 32, "shortcut": True}, "reflect")
    width, codes = whole(config, "hidden_size", default=128), whole(config, "codebook_size", MOST_CODES, 1024)
    if whole(config, "codebook_dim", default=width) != width:
        raise ValueError(f"its codebook_dim is {config['codebook_dim']}, and has to be its hidden_size, {width}")
    rate, f = whole(config, "sampling_rate", MOST_RATE, 24_000), math.prod(ratios)
    bandwidths = _bandwidths(config)
    levels = int(1000 * bandwidths[-1] // (math.ceil(rate / f) * _bits(codes)))  # as transformers counts them, in kilobits a second
    if not 1 <= levels <= MOST_LEVELS:
        raise ValueError(f"its target_bandwidths, to {bandwidths[-1]:g}, pay for {levels} levels, and 1 to {MOST_LEVELS} are read")
    settings |= {
        "target_bandwidths": bandwidths, "sampling_rate": rate, "hidden_size": width, "codebook_size": codes,
        "num_lstm_layers": whole(config, "num_lstm_layers", MOST_LAYERS, 2),
        "norm_type": word(config, "norm_type", ("weight_norm", "time_group_norm"), "weight_norm"),
    }
    return Plan(rate, f, levels, codes, width, settings)


def from_mimi(config: Mapping[str, Any]) -> Plan:
    """Mimi (Défossez et al. 2024, 2410.00037, §3.3): the first level by a quantizer of its own, the others residual to one another."""
    if (channels := whole(config, "audio_channels", default=1)) != 1:
        raise ValueError(MONO.format(channels))
    if any(half in config and config[half] is None for half in ("encoder_config", "decoder_config")):
        raise ValueError("it was saved without its encoder or its decoder: save the whole model")
    ratios, settings = _seanet(config, (8, 6, 5, 4), {"kernel": 7, "last": 3, "filters": 64, "shortcut": False}, "constant")
    rate, codes = whole(config, "sampling_rate", MOST_RATE, 24_000), whole(config, "codebook_size", MOST_CODES, 2048)
    frames = config.get("frame_rate", config.get("_frame_rate"))
    f = 2 * math.prod(ratios)  # its encoder's frames are halved
    if frames is not None and number({"frame_rate": frames}, "frame_rate", MOST_RATE) * f != rate:
        raise ValueError(f"its frame_rate is {shown(frames)}, and {rate} samples a second by {f} a token are {rate / f:g}")
    levels, semantic = whole(config, "num_quantizers", MOST_LEVELS, 32), whole(config, "num_semantic_quantizers", MOST_LEVELS, 1)
    if semantic >= levels:
        raise ValueError(f"its num_semantic_quantizers is {semantic}, and has to be below its num_quantizers, {levels}")
    _bits(codes)
    width, heads = whole(config, "hidden_size", default=512), whole(config, "num_attention_heads", default=8)
    dims = whole(config, "vector_quantization_hidden_dimension", default=256)
    if whole(config, "codebook_dim", default=256) != dims:
        raise ValueError(f"its codebook_dim isn't its vector_quantization_hidden_dimension, {dims}")
    few, groups = whole(config, "num_key_value_heads", default=heads), whole(config, "upsample_groups", default=512)
    if heads % few or width % groups:
        raise ValueError("its heads or its upsample_groups don't divide what they are groups of")
    settings |= {
        "sampling_rate": rate, "frame_rate": rate / f, "hidden_size": width, "codebook_size": codes, "codebook_dim": dims,
        "vector_quantization_hidden_dimension": dims, "num_quantizers": levels, "num_semantic_quantizers": semantic,
        "upsample_groups": groups, "num_hidden_layers": whole(config, "num_hidden_layers", MOST_LAYERS, 8),
        "intermediate_size": whole(config, "intermediate_size", 1 << 16, 2048), "num_attention_heads": heads, "num_key_value_heads": few,
        "head_dim": whole(config, "head_dim", default=max(1, width // heads)),
        "hidden_act": word(config, "hidden_act", ("gelu", "relu", "silu"), "gelu"), "norm_eps": number(config, "norm_eps", 1, 1e-5),
        "sliding_window": whole(config, "sliding_window", default=250), "attention_bias": flag(config, "attention_bias", False),
        "rope_parameters": {"rope_type": "default", "rope_theta": _rope(config)},
    }
    return Plan(rate, f, levels, codes, dims, settings)


def from_dac(config: Mapping[str, Any]) -> Plan:
    """The Descript Audio Codec (Kumar et al. 2023, 2306.06546): convolutions alone, codes of few dimensions compared by angle (§3.2)."""
    ratios = _ratios(config, "downsampling_ratios", (2, 4, 8, 8))
    narrow, wide = whole(config, "encoder_hidden_size", default=64), whole(config, "decoder_hidden_size", default=1536)
    if wide % 2 ** len(ratios):
        raise ValueError(f"its decoder_hidden_size is {wide}, and has to be halved {len(ratios)} times")
    levels, codes = whole(config, "n_codebooks", MOST_LEVELS, 9), whole(config, "codebook_size", MOST_CODES, 1024)
    _bits(codes)
    rate, dims = whole(config, "sampling_rate", MOST_RATE, 16_000), whole(config, "codebook_dim", default=8)
    settings = {
        "encoder_hidden_size": narrow, "decoder_hidden_size": wide, "downsampling_ratios": list(ratios), "n_codebooks": levels,
        "codebook_size": codes, "codebook_dim": dims, "sampling_rate": rate,
    }
    return Plan(rate, math.prod(ratios), levels, codes, dims, settings, _dac_halo(ratios[::-1]))


def _seanet(
    config: Mapping[str, Any], ratios: tuple[int, ...], usual: Mapping[str, Any], pad: str,
) -> tuple[tuple[int, ...], dict[str, Any]]:
    """The ratios and the settings that EnCodec's networks and Mimi's have in common."""
    chosen = _ratios(config, "upsampling_ratios", ratios)
    return chosen, {
        "upsampling_ratios": list(chosen), "num_filters": whole(config, "num_filters", 1024, usual["filters"]),
        "num_residual_layers": whole(config, "num_residual_layers", MOST_RESIDUAL, 1),
        "kernel_size": whole(config, "kernel_size", MOST_KERNEL, usual["kernel"]),
        "last_kernel_size": whole(config, "last_kernel_size", MOST_KERNEL, usual["last"]),
        "residual_kernel_size": whole(config, "residual_kernel_size", MOST_KERNEL, 3),
        "dilation_growth_rate": whole(config, "dilation_growth_rate", MOST_GROWTH, 2),
        "use_causal_conv": _causal(config), "pad_mode": word(config, "pad_mode", ("reflect", "constant", "replicate"), pad),
        "compress": whole(config, "compress", 64, 2), "use_conv_shortcut": flag(config, "use_conv_shortcut", usual["shortcut"]),
        "trim_right_ratio": number(config, "trim_right_ratio", 1, 1.0),
    }


def _causal(config: Mapping[str, Any]) -> bool:
    causal = flag(config, "use_causal_conv", True)
    if not causal and number(config, "trim_right_ratio", 1, 1.0) != 1:
        raise ValueError("its trim_right_ratio has to be 1 where its convolutions look ahead")
    return causal


def _ratios(config: Mapping[str, Any], key: str, usual: tuple[int, ...]) -> tuple[int, ...]:
    ratios = usual if config.get(key) is None else wholes(config, key, MOST_RATIO)
    if not 1 <= len(ratios) <= MOST_RATIOS or min(ratios) < 2:
        raise ValueError(f"its {key} are {shown(list(ratios))}, and have to be 1 to {MOST_RATIOS} numbers from 2 to {MOST_RATIO}")
    return ratios


def _bandwidths(config: Mapping[str, Any]) -> list[float]:
    """Kilobits a second, the highest last."""
    listed = config.get("target_bandwidths", [1.5, 3.0, 6.0, 12.0, 24.0])
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_ENTRIES:
        raise ValueError(f"its target_bandwidths are {shown(listed)}, and have to be a list of 1 to {MOST_ENTRIES} numbers")
    return [number({"target_bandwidths": each}, "target_bandwidths", 1000) for each in listed]


def _bits(codes: int) -> int:
    if codes < 2 or codes & (codes - 1):
        raise ValueError(f"its codebook_size is {codes}, and has to be a power of 2")
    return codes.bit_length() - 1


def _rope(config: Mapping[str, Any]) -> float:
    """The base of the rotary places, which newer configs have among `rope_parameters`."""
    given = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 10_000.0)}
    if not isinstance(given, Mapping) or given.get("rope_type", "default") != "default":
        raise ValueError(f"its rope_parameters are {shown(given)}, and have to be of the default type")
    return number(given, "rope_theta", 1e9, 10_000.0)


def _dac_halo(strides: tuple[int, ...]) -> int:
    """How far a token of DAC's decoder reaches beyond itself, in tokens: its first and last sample, layer after layer."""
    first, last = -3, 3  # a kernel of 7
    for stride in strides:
        pad = -(-stride // 2)
        first, last = first * stride - pad, last * stride - pad + 2 * stride - 1  # a transposed kernel of 2 strides
        first, last = first - 39, last + 39  # kernels of 7, dilated by 1, 3 and 9
    f = math.prod(strides)
    return max(-((first - 3) // f), -(-(last + 3 - (f - 1)) // f))
