"""Someone else's tokenizer as a folder: taming-transformers' layout, small, with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from vqcore.tokenizers.foreign.layouts import from_taming
from vqcore.tokenizers.foreign.vqgan import VQGAN

CONFIG = {
    "model": {
        "target": "taming.models.vqgan.VQModel",
        "params": {
            "embed_dim": 4, "n_embed": 40,
            "ddconfig": {
                "double_z": False, "z_channels": 8, "resolution": 64, "in_channels": 3, "out_ch": 3, "ch": 32, "ch_mult": [1, 1, 2, 2],
                "num_res_blocks": 1, "attn_resolutions": [8],
            },
        },
    }
}


def small_vqgan_folder(folder: Path, config: dict = CONFIG) -> Path:
    """f = 8, K = 40, D = 4."""
    torch.manual_seed(0)
    model = VQGAN(*from_taming(config))
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name.replace("quantizer.", "quantize.", 1): tensor for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return folder
