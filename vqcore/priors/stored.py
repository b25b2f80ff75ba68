"""A prior as a folder: config.json, which names the tokenizer and what its tokens mean, and model.safetensors."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vqcore import priors
from vqcore.files import (
    CONFIG,
    MOST_LETTERS,
    WEIGHTS,
    check_sizes,
    load_weights,
    read_tensors,
    settings_of,
    shown,
    write_json,
    write_tensors,
)
from vqcore.priors import new_prior
from vqcore.priors.base import Prior
from vqcore.priors.choice import Settings
from vqcore.priors.packed import rows_in_bytes
from vqcore.priors.sequence import Layout

FACTORS = ".factors"  # the end of the name of what the rows of an int8 matrix are multiplied with


def save_prior(model: Prior, folder: str | os.PathLike, dtype: torch.dtype = torch.int8) -> Path:
    """Write config.json and model.safetensors, weights in `dtype`.

    In torch.int8 each row of a matrix is kept as integers −127 … 127 and one factor, and vectors are in half precision; so
    are buffers, such as a codebook, whose near codes would become one.
    """
    folder = Path(folder)
    tensors = model.state_dict()
    if dtype == torch.int8:
        kept = in_bytes(tensors, {name for name, _ in model.named_buffers()})
    else:
        kept = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    write_tensors(folder / WEIGHTS, kept)
    write_json(folder / CONFIG, {
        "kind": "prior", "version": 1, "prior": model.kind, "tokenizer": model.tokenizer,
        **({"decoder": model.decoder} if model.decoder else {}),
        **({"settings": dataclasses.asdict(model.settings)} if model.settings != Settings() else {}),
        "conditions": list(model.conditions), "layout": model.layout.to_json(), "network": dataclasses.asdict(model.config),
    })
    return folder


def read_prior(folder: Path, config: Mapping[str, Any], name: str) -> Prior:
    """The prior in a folder whose config is this, ready to use. ValueError says what is wrong with it."""
    tensors = from_bytes(read_tensors(folder / WEIGHTS), folder)
    try:
        network = priors.from_json({"kind": config["prior"], **config["network"]})
        layout = Layout.from_json(config["layout"])
        grids = [size for grid in layout.grids for size in (grid.codebook_size, *grid.shape)]
        sizes = [value for value in vars(network).values() if isinstance(value, int)]
        check_sizes((*sizes, layout.text_length, *grids), tensors)
        names = [config["tokenizer"], *config["conditions"]]
        if any(type(each) is not str or len(each) > MOST_LETTERS for each in names):
            raise ValueError(f"its tokenizer and its conditions are {shown(names)}, and not names")
        model = new_prior(layout, network, config["tokenizer"], config["conditions"], name)
        model.decoder = str(config.get("decoder", ""))
        model.settings = settings_of(Settings, config.get("settings", {}))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"{folder / CONFIG} doesn't describe a prior that this version knows: {error}.") from None
    load_weights(model, tensors, folder)
    return model.eval().requires_grad_(False)


def in_bytes(tensors: Mapping[str, Tensor], half: Collection[str] = ()) -> dict[str, Tensor]:
    """Matrices [rows, …] as int8 beside their rows' factors, float32 [rows], by the name of the matrix and FACTORS; those
    called in `half` in half precision, as vectors are."""
    kept = {}
    for name, tensor in tensors.items():
        if tensor.ndim < 2 or name in half:
            kept[name] = tensor.half()
        else:
            kept[name], kept[name + FACTORS] = rows_in_bytes(tensor)
    return kept


def from_bytes(tensors: Mapping[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """The inverse, of tensors read from `folder`; what is not int8 is left as it is."""
    values = {}
    for name, tensor in tensors.items():
        factors = tensors.get(name + FACTORS)
        if tensor.dtype != torch.int8:
            if tensors.get(name.removesuffix(FACTORS), tensor).dtype != torch.int8:
                values[name] = tensor
        elif factors is None or not tensor.ndim or factors.shape != tensor.shape[:1]:
            raise ValueError(f"The weights in {folder} lack the factors of the rows of {name}. Copy the checkpoint again.")
        else:
            values[name] = tensor * factors.view(-1, *[1] * (tensor.ndim - 1))
    return values
