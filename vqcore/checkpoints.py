"""A model as a folder: config.json and model.safetensors, with metrics.json and a README.md beside them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vqcore import hub
from vqcore.data.tiles import from_sheet, to_sheet
from vqcore.files import CONFIG, WEIGHTS, read_tensors, write_json, write_picture, write_tensors
from vqcore.priors.packed import rows_in_bytes
from vqcore.priors.pixelcnn import PixelCNN, PixelCNNConfig
from vqcore.priors.sampling import Prior
from vqcore.priors.sequence import Layout
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.tables import Tables
from vqcore.tokenizers.vqvae import VQVAE, Level, VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2, VQVAE2Config

if TYPE_CHECKING:
    from vqcore.tokenizers.foreign import VQGAN

log = logging.getLogger(__name__)
FOLDER = Path(__file__).resolve().parent.parent / "checkpoints"
PRIORS = {model.kind: (model, config) for model, config in ((Transformer, TransformerConfig), (PixelCNN, PixelCNNConfig))}
TOKENIZERS = {"vqvae": (VQVAE, VQVAEConfig), "vqvae2": (VQVAE2, VQVAE2Config)}
FACTORS = ".factors"  # the end of the name of what the rows of an int8 matrix are multiplied with
NETWORKS = ("network", "coarse")  # the parts of a tokenizer's config that are networks
APPEARANCE, TABLES = "codes{}.png", "tables.safetensors"
SUFFIXES = ("_coarse", "")
KINDS_ON_THE_HUB = {"prior": "prior", "foreign": "tokenizer"}
FOREIGN = "foreign"  # the kind of a tokenizer that another program wrote


def list_checkpoints() -> list[str]:
    """The names of the tokenizers in checkpoints/."""
    return list_kinds(*TOKENIZERS, FOREIGN)


def load(name: str | os.PathLike) -> VQVAE | VQVAE2 | VQGAN:
    """A tokenizer by its folder's name in checkpoints/, by a path or by a Hub id, ready to use.

    Those of diffusers and taming-transformers are known too (see vqcore.tokenizers.foreign). Raises ValueError, saying what is
    wrong and what to do, for what is missing, broken or of another kind.
    """
    folder = find(name)
    config = read_config(folder)
    if config["kind"] == FOREIGN:
        from vqcore.tokenizers.foreign import load_foreign  # which reads its weights by this file's functions

        return load_foreign(folder, config["theirs"], _given_name(name, folder))
    if config["kind"] not in TOKENIZERS:
        raise ValueError(f"{folder} holds a model of kind {config['kind']!r}, not a tokenizer.")
    tensors = read_tensors(folder / WEIGHTS)
    usages = {suffix: tensors.pop(f"usage{suffix}", None) for suffix in SUFFIXES}
    try:
        networks = {part: NetworkConfig(**config[part]) for part in NETWORKS if part in config}
        model_class, config_class = TOKENIZERS[config["kind"]]
        build = partial(model_class, config_class(**networks, **config["quantizer"]), name=_given_name(name, folder))
        with torch.device("meta"):  # no memory is taken before the sizes are known to be those of the file
            described = build()
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
        raise ValueError(f"{folder / CONFIG} doesn't describe a tokenizer that this version knows: {error}.") from None
    check_weights(described, tensors, folder)
    model = build()
    load_weights(model, tensors, folder)
    suffixes = _suffixes(model)
    model.usages = [_fitting_usage(usages[suffix], level.codebook_size, folder) for suffix, level in zip(suffixes, model.levels)]
    model.appearances = [_read_appearance(folder / APPEARANCE.format(suffix), level) for suffix, level in zip(suffixes, model.levels)]
    model.tables = _read_tables(folder / TABLES, model)
    return model.eval().requires_grad_(False)


def list_priors() -> list[str]:
    """The names of the priors in checkpoints/."""
    return list_kinds("prior")


def list_kinds(*kinds: str) -> list[str]:
    """The names of the models in checkpoints/ that are of these kinds; a folder whose config can't be read is left out."""
    found = []
    for folder in sorted(path.parent for path in FOLDER.glob(f"*/{CONFIG}")):
        try:
            if read_config(folder)["kind"] in kinds:
                found.append(folder.name)
        except ValueError as problem:
            log.warning("%s is left out: %s", folder.name, problem)
    return found


def load_prior(name: str | os.PathLike) -> Prior:
    """A prior by its folder's name in checkpoints/ or by a path; `load(prior.tokenizer)` has its tokenizer.

    It samples in float32; with its `arithmetic` set to torch.bfloat16 or torch.int8 it is faster, and a seed gives other
    tokens. Raises ValueError, saying what is wrong and what to do, for a missing, broken or foreign folder.
    """
    folder = find(name)
    config = read_config(folder)
    if config["kind"] != "prior":
        raise ValueError(f"{folder} holds a model of kind {config['kind']!r}, not a prior.")
    tensors = from_bytes(read_tensors(folder / WEIGHTS), folder)
    try:
        network = PRIORS[config["prior"]][1](**config["network"])
        layout = Layout.from_json(config["layout"])
        grids = [size for grid in layout.grids for size in (grid.codebook_size, *grid.shape)]
        check_sizes((network.layers, network.width, layout.text_length, *grids), tensors)
        model = new_prior(layout, network, config["tokenizer"], config["conditions"], _given_name(name, folder))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"{folder / CONFIG} doesn't describe a prior that this version knows: {error}.") from None
    load_weights(model, tensors, folder)
    return model.eval().requires_grad_(False)


def from_pretrained(id: str) -> VQVAE | VQVAE2 | VQGAN | Prior:
    """The tokenizer or the prior that a Hub id, a name or a path stands for."""
    return load_prior(id) if read_config(find(id))["kind"] == "prior" else load(id)


def push(name: str | os.PathLike, id: str, private: bool = False, token: str | None = None) -> str:
    """Upload a checkpoint to the Hub as the model OWNER/NAME; returns its address. See `vqcore.hub.push`."""
    folder = find(name)
    return hub.push(folder, KINDS_ON_THE_HUB.get(read_config(folder)["kind"], "VQ-VAE tokenizer"), id, private, token)


def new_prior(
    layout: Layout, network: TransformerConfig | PixelCNNConfig, tokenizer: str, conditions: Sequence[str], name: str = ""
) -> Prior:
    """An untrained prior of the kind that the network's config is for."""
    model = next(model for model, config in PRIORS.values() if isinstance(network, config))
    return model(layout, network, tokenizer, conditions, name)


def save_prior(model: Prior, folder: str | os.PathLike, dtype: torch.dtype = torch.int8) -> Path:
    """Write config.json, which names the tokenizer, and model.safetensors, weights in `dtype`.

    In torch.int8 each row of a matrix is kept as integers −127 … 127 and one factor, and vectors are in half precision.
    """
    folder = Path(folder)
    tensors = model.state_dict()
    write_tensors(folder / WEIGHTS, in_bytes(tensors) if dtype == torch.int8 else {name: tensor.to(dtype) for name, tensor in tensors.items()})
    write_json(folder / CONFIG, {
        "kind": "prior", "version": 1, "prior": model.kind, "tokenizer": model.tokenizer,
        "conditions": list(model.conditions), "layout": model.layout.to_json(), "network": dataclasses.asdict(model.config),
    })
    return folder


def in_bytes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Matrices [rows, …] as int8 beside their rows' factors, float32 [rows], by the name of the matrix and FACTORS."""
    kept = {}
    for name, tensor in tensors.items():
        if tensor.ndim < 2:
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


def save_tokenizer(model: VQVAE | VQVAE2, folder: str | os.PathLike, dtype: torch.dtype = torch.float16) -> Path:
    """Write config.json, model.safetensors (weights in `dtype`), and codes.png if the codes' appearance is known (of
    the finest level; codes_coarse.png has the other's)."""
    kind = next(kind for kind, (model_class, _) in TOKENIZERS.items() if isinstance(model, model_class))
    settings = dataclasses.asdict(model.config)
    networks = {name: settings.pop(name) for name in NETWORKS if name in settings}
    tensors = {name: tensor.to(dtype) for name, tensor in published(model).items()}
    folder = Path(folder)
    for suffix, level in zip(_suffixes(model), model.levels):
        if level.usage is not None:
            tensors[f"usage{suffix}"] = level.usage.int()
        if level.appearance is not None:
            write_picture(folder / APPEARANCE.format(suffix), _codes_sheet(level.appearance))
    write_tensors(folder / WEIGHTS, tensors)
    write_json(folder / CONFIG, {"kind": kind, "version": 1, **networks, "quantizer": settings})
    return folder


def _suffixes(model: VQVAE | VQVAE2) -> tuple[str, ...]:
    """What the names of each level's usage and appearance end in; those of the finest level in nothing."""
    return SUFFIXES[-len(model.levels) :]


def published(model: torch.nn.Module) -> dict[str, Tensor]:
    """The tensors that a model needs to be used: all of its state but the quantizer's running statistics."""
    private = ("ema_sums", "ema_counts", "started")
    return {name: tensor for name, tensor in model.state_dict().items() if not name.endswith(private)}


def fingerprint(model: torch.nn.Module) -> bytes:
    """Eight bytes that tell a model by its weights, in the half precision in which they are kept."""
    digest = hashlib.sha256()
    for name, tensor in sorted(published(model).items()):
        digest.update(f"{name} {list(tensor.shape)} ".encode())
        digest.update(tensor.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.digest()[:8]


def _read_tables(path: Path, model: VQVAE | VQVAE2) -> list[Tables] | None:
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


def _read_appearance(path: Path, level: Level) -> np.ndarray | None:
    """What each code of a level looks like, uint8 [K, f, f, 3]; None where no sheet has been made of them."""
    if not path.is_file():
        return None
    try:
        with Image.open(path) as sheet:
            across = math.ceil(level.codebook_size**0.5) * level.downsampling
            if sheet.width != across or sheet.height > across:
                raise ValueError("it has another size")
            tiles = from_sheet(np.asarray(sheet.convert("RGB")), level.downsampling)
        if len(tiles) < level.codebook_size:
            raise ValueError("it has too few tiles")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} isn't the sheet of this codebook's codes ({error}). Copy the checkpoint again.") from None
    return tiles[: level.codebook_size]


def _given_name(name: str | os.PathLike, folder: Path) -> str:
    """What a model is called: by its id if it comes from the Hub, else by its folder."""
    return str(name) if hub.is_id(name) and not Path(name).is_dir() else folder.name


def load_weights(model: torch.nn.Module, tensors: Mapping[str, Tensor], folder: Path) -> None:
    """Put tensors read from `folder` into a model, or say which ones don't fit."""
    check_weights(model, tensors, folder)
    model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False)


def check_sizes(sizes: Iterable[int], tensors: Mapping[str, Tensor]) -> None:
    """ValueError where a model of these sizes has none of these weights, before memory is taken for it."""
    largest = max(len(tensors), *(size for tensor in tensors.values() for size in tensor.shape), 0)
    if (most := max(sizes)) > largest:
        raise ValueError(f"it asks for a size of {most}, and its weights have none above {largest}")


def check_weights(model: torch.nn.Module, tensors: Mapping[str, Tensor], folder: Path) -> None:
    """ValueError, saying which, where tensors read from `folder` don't fit a model."""
    expected = published(model)
    wrong = [f"{name} is missing" for name in expected.keys() - tensors.keys()]
    wrong += [f"{name} is unknown" for name in tensors.keys() - expected.keys()]
    wrong += [
        f"{name} is {list(tensors[name].shape)} instead of {list(expected[name].shape)}"
        for name in expected.keys() & tensors.keys() if tensors[name].shape != expected[name].shape
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ValueError(f"The weights in {folder} don't fit its {CONFIG}: {'; '.join(sorted(wrong)[:3])}{more}.")


def find(name: str | os.PathLike) -> Path:
    """The folder of a checkpoint, from its name in checkpoints/, a path, or a Hub id, which is downloaded."""
    for folder in (FOLDER / name, Path(name)):
        if (folder / CONFIG).is_file():
            return folder
    if Path(name).is_file():
        raise ValueError(f"{name} is a file. A checkpoint is a folder with {CONFIG} and {WEIGHTS} in it.")
    if hub.is_id(name) and not Path(name).parent.is_dir():
        return hub.download(str(name))
    known = ", ".join(list_checkpoints()) or "none"
    raise ValueError(f"There is no checkpoint {str(name)!r}: no {CONFIG} there. In {FOLDER.name}/ there are: {known}.")


def home_name(name: str | os.PathLike) -> str:
    """How another checkpoint's config names this one: by its name alone if it lies in checkpoints/, else by its path."""
    home = find(name).resolve()
    return home.name if home.parent == FOLDER else str(home)


def read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{folder / CONFIG} can't be read as JSON ({error}). Copy the checkpoint again.") from None
    if isinstance(config, dict) and "kind" not in config and config.keys() & {"_class_name", "model"}:
        return {"kind": FOREIGN, "version": 1, "theirs": config}
    if not isinstance(config, dict) or not isinstance(config.get("kind"), str) or config.get("version") != 1:
        raise ValueError(f"{folder / CONFIG} was not written by this program, or by a newer version of it.")
    return config


def _codes_sheet(appearance: np.ndarray) -> np.ndarray:
    """uint8 [K, f, f, C] → one RGB picture, as square as it gets."""
    sheet = to_sheet(appearance, math.ceil(len(appearance) ** 0.5))
    return np.repeat(sheet, 3, axis=2) if sheet.shape[2] == 1 else sheet
