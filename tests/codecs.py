"""Shrunk codecs of sound with random weights, as the library that they come from writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

LOUDNESS = 0.2
SEANET = {"num_filters": 4, "sampling_rate": 8000, "codebook_size": 64}
SETTINGS: dict[str, dict[str, Any]] = {
    "Encodec": SEANET | {"upsampling_ratios": [8, 5, 2], "hidden_size": 16, "target_bandwidths": [1.2, 2.4, 4.8]},
    "Mimi": SEANET | {
        "upsampling_ratios": [5, 4, 2], "hidden_size": 32, "codebook_dim": 16, "vector_quantization_hidden_dimension": 16,
        "num_quantizers": 5, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16,
        "intermediate_size": 32, "upsample_groups": 32, "sliding_window": 20, "frame_rate": 100.0,
    },
    "Dac": {
        "encoder_hidden_size": 4, "decoder_hidden_size": 64, "downsampling_ratios": [2, 5, 8], "n_codebooks": 4, "codebook_size": 64,
        "codebook_dim": 8, "sampling_rate": 8000,
    },
}
"""By what the library calls them: f = 80, and of levels 8, 5 and 4. One of DAC's strides is odd, as in its model of 24 kHz."""
CLIPS = 0.5 * torch.randn(2, 1, 80 * 60, generator=torch.Generator().manual_seed(1)).clamp(-2, 2)


@torch.no_grad()
def codec_folder(family: str, folder: Path) -> Any:
    """Save one with random weights in a folder, its codes spread over what is quantized; the original."""
    import transformers

    original = getattr(transformers, f"{family}Model")(getattr(transformers, f"{family}Config")(**SETTINGS[family])).eval()
    _enliven(original)
    latents = original.encoder(CLIPS)
    latents = latents if isinstance(latents, torch.Tensor) else latents.latents
    if family == "Dac":
        _spread(original.quantizer.quantizers, latents, lambda part: part.codebook.weight, lambda part, rest: part.in_proj(rest))
    elif family == "Encodec":
        _spread(original.quantizer.layers, latents, lambda part: part.codebook.embed)
    else:
        for chain in (original.quantizer.semantic_residual_vector_quantizer, original.quantizer.acoustic_residual_vector_quantizer):
            _spread(chain.layers, chain.input_proj(latents), lambda part: part.codebook.embed_sum)
    *_, last = (module for module in original.decoder.modules() if isinstance(module, torch.nn.Conv1d))
    for _ in range(3):  # of which one is enough where nothing bends the loudness, as DAC's last layer does
        tokens = original.encode(CLIPS, bandwidth=4.8).audio_codes if family == "Encodec" else original.encode(CLIPS).audio_codes
        heard = original.decode(tokens, [None]) if family == "Encodec" else original.decode(audio_codes=tokens)
        loudness = heard.audio_values.std()
        for name, weights in last.named_parameters():
            if "original1" not in name:  # of a weight norm, the direction
                weights.mul_(LOUDNESS / loudness)
    original.save_pretrained(folder)
    return original


def _enliven(model: torch.nn.Module) -> None:
    """Random weights by which what goes in comes out as large, and every bias away from where it starts, so that a mix-up shows."""
    torch.manual_seed(0)
    for name, weights in model.named_parameters():
        if name.endswith("original0"):
            weights.copy_(0.8 + 0.4 * torch.rand_like(weights))
        elif weights.ndim > 1 and "alpha" not in name:
            weights.normal_(0, 0.7 * weights[0].numel() ** -0.5)
        else:
            weights.add_(0.1 * torch.randn_like(weights))


def _spread(quantizers: Any, residual: torch.Tensor, table: Any, enter: Any = lambda part, rest: rest) -> None:
    """Each level's codes are some of the vectors that it is given, each moved a little, and what they leave goes to the next."""
    draw = torch.Generator().manual_seed(2)
    for part in quantizers:
        vectors = enter(part, residual).transpose(1, 2).flatten(0, 1)
        codes = table(part)
        picked = vectors[torch.randperm(len(vectors), generator=draw)[: len(codes)]]
        codes.copy_(picked + 0.2 * vectors.std() * torch.randn(codes.shape, generator=draw))
        residual = residual - (part.decode(part.encode(residual)) if hasattr(part, "encode") else part(residual)[0])
