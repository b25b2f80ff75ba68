"""A second decoder for the tokens of a tokenizer that is there: same encoder, same codebook, other pixels.

The folder holds the decoder's weights alone, and in config.json whose tokens it decodes:

    {"kind": "decoder", "version": 1, "tokenizer": "photos", "codebook": "1f0c…"}
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch

from vqcore.files import CONFIG, WEIGHTS, check_weights, load_weights, read_tensors, write_json, write_picture, write_tensors
from vqcore.tokenizers.appearance import FILE as APPEARANCE
from vqcore.tokenizers.appearance import codes_sheet, read_appearance
from vqcore.tokenizers.base import Tokenizer, Trainable, codebook_fingerprint, file_suffixes


def second_decoder(tokenizer: Tokenizer, name: str) -> Trainable:
    """A copy of a tokenizer, with a decoder of its own that begins as that one's."""
    if not isinstance(tokenizer, Trainable):
        raise ValueError(f"{tokenizer.name} was trained elsewhere, and its decoder can't be trained on here. Choose a tokenizer of ours.")
    if tokenizer.tokens_of:
        raise ValueError(f"{tokenizer.name} is itself a second decoder. Name the tokenizer whose tokens it decodes, {tokenizer.tokens_of}.")
    model = deepcopy(tokenizer)
    model.name, model.tokens_of = name, tokenizer.name
    return model


def save_second_decoder(model: Trainable, home: str, folder: str | os.PathLike, dtype: torch.dtype = torch.float16) -> None:
    """Write config.json, model.safetensors and the sheets of what its codes look like.

    home: how the config names the tokenizer whose tokens these are.
    """
    folder = Path(folder)
    write_tensors(folder / WEIGHTS, {name: tensor.to(dtype) for name, tensor in model.decoder.state_dict().items()})
    write_json(folder / CONFIG, {
        "kind": "decoder", "version": 1, "tokenizer": home, "codebook": codebook_fingerprint(model).hex(),
    })
    for suffix, level in zip(file_suffixes(model.levels), model.levels):
        if level.appearance is not None:
            write_picture(folder / APPEARANCE.format(suffix), codes_sheet(level.appearance))


def read_second_decoder(folder: Path, config: Mapping[str, Any], name: str, load: Callable[[str], Tokenizer]) -> Trainable:
    """The tokenizer that a folder's decoder makes of the one it names, which `load` finds. ValueError says what is wrong."""
    home = config.get("tokenizer")
    if not isinstance(home, str):
        raise ValueError(f"{folder / CONFIG} doesn't say whose tokens it decodes. Copy the checkpoint again.")
    model = second_decoder(load(home), name)
    if config.get("codebook") != codebook_fingerprint(model).hex():
        raise ValueError(f"{name} decodes the tokens of another {home} than the one that is there. Train it again, or take that one.")
    tensors = read_tensors(folder / WEIGHTS)
    own = model.decoder.state_dict()
    check_weights(own, tensors, folder)
    load_weights(model.decoder, tensors, folder, own)
    model.appearances = [
        read_appearance(folder / APPEARANCE.format(suffix), level) for suffix, level in zip(file_suffixes(model.levels), model.levels)
    ]
    return model.eval().requires_grad_(False)
