"""A tokenizer as a folder: config.json, model.safetensors, and what is known beside the weights."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from vqcore.files import CONFIG, WEIGHTS, check_weights, leave_out, load_weights, read_tensors, write_json, write_picture, write_tensors
from vqcore.tokenizers import from_json, new_tokenizer, to_json
from vqcore.tokenizers.appearance import FILE as APPEARANCE
from vqcore.tokenizers.appearance import codes_sheet, read_appearance
from vqcore.tokenizers.base import Tokenizer, Trainable, file_suffixes, fingerprint, published
from vqcore.tokenizers.tables import FILE as TABLES
from vqcore.tokenizers.tables import Tables

T = TypeVar("T")


def save_tokenizer(model: Trainable, folder: str | os.PathLike, dtype: torch.dtype = torch.float16) -> Path:
    """Write config.json, model.safetensors (weights in `dtype`), and codes.png if the codes' appearance is known (of
    the finest level; codes_coarse.png has that of a level called coarse)."""
    folder = Path(folder)
    tensors = {name: tensor.to(dtype) for name, tensor in published(model).items()}
    for suffix, level in zip(file_suffixes(model.levels), model.levels):
        if level.usage is not None:
            tensors[f"usage{suffix}"] = level.usage.int()
        if level.appearance is not None:
            write_picture(folder / APPEARANCE.format(suffix), codes_sheet(level.appearance))
    write_tensors(folder / WEIGHTS, tensors)
    config = to_json(model.config)
    write_json(folder / CONFIG, {"kind": config.pop("kind"), "version": 1, **config})
    return folder


def describe_own(config: Mapping[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """K and f of each level of a tokenizer whose config this is, coarse to fine, and its channels. ValueError where it describes none."""
    with torch.device("meta"):
        model = _described(config)
    levels = model.levels
    return tuple(level.codebook_size for level in levels), tuple(level.downsampling for level in levels), model.channels


def read_tokenizer(folder: Path, config: Mapping[str, Any], name: str) -> Trainable:
    """The tokenizer in a folder whose config is this, ready to use. ValueError says what is wrong with it."""
    tensors = read_tensors(folder / WEIGHTS)
    try:
        with torch.device("meta"):  # no memory is taken before the sizes are known to be those of the file
            described = _described(config)
    except ValueError as error:
        raise ValueError(f"{folder / CONFIG} doesn't describe a tokenizer that this version knows: {error}.") from None
    suffixes = file_suffixes(described.levels)
    usages = [tensors.pop(f"usage{suffix}", None) for suffix in suffixes]
    check_weights(published(described), tensors, folder)
    model = new_tokenizer(described.config, name)
    load_weights(model, tensors, folder, published(model))
    model.usages = [_fitting_usage(usage, level.codebook_size, folder) for usage, level in zip(usages, model.levels)]
    sheets = [folder / APPEARANCE.format(suffix) for suffix in suffixes]
    model.appearances = [_unless_damaged(read_appearance, sheet, level) for sheet, level in zip(sheets, model.levels)]
    model.tables = _unless_damaged(_read_tables, folder / TABLES, model)
    return model.eval().requires_grad_(False)


def _described(config: Mapping[str, Any]) -> Trainable:
    try:
        if not config.keys() & {"quantizer", "quantizers"}:
            raise ValueError("it has no quantizer")
        return new_tokenizer(from_json({key: value for key, value in config.items() if key != "version"}))
    except (TypeError, KeyError, AttributeError, OverflowError, RuntimeError) as error:
        raise ValueError(str(error)) from None


def _unless_damaged(read: Callable[[Path, Any], T], path: Path, about: Any) -> T | None:
    """What lies beside the weights and can be made anew, or None."""
    try:
        return read(path, about)
    except ValueError as problem:
        leave_out(f"{path.parent.name}/{path.name}", problem)
        return None


def _read_tables(path: Path, model: Tokenizer) -> list[Tables] | None:
    """The context tables of each level; None where there are none, or they were counted for other weights."""
    if not path.is_file():
        return None
    tensors = read_tensors(path)
    if tensors.pop("fingerprint", torch.empty(0)).tolist() != list(fingerprint(model)):
        return None
    levels = range(len(model.levels))
    parts = [{name[2:]: tensor for name, tensor in tensors.items() if name.startswith(f"{i}.")} for i in levels]
    return [Tables.from_tensors(part, level.codebook_size) for part, level in zip(parts, model.levels)]


def _fitting_usage(usage: Tensor | None, codebook_size: int, folder: Path) -> Tensor | None:
    if usage is not None and (usage.shape != (codebook_size,) or usage.is_floating_point() or usage.min() < 0):
        raise ValueError(f"The usage in {folder / WEIGHTS} isn't a count for each of {codebook_size} codes. Copy the checkpoint again.")
    return usage
