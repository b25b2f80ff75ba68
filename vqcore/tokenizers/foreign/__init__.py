r"""Other people's tokenizers behind the same five verbs, from safetensors and JSON alone.

    diffusers            a `VQModel` folder: config.json and diffusion_pytorch_model.safetensors, aMUSEd's among them
    taming-transformers  its VQGAN, also as latent-diffusion's VQModelInterface: the YAML config as config.json, the
                         state_dict as model.safetensors
    GumbelVQ             taming-transformers' VQGAN with a Gumbel softmax, as DALL-E's successors use it (f = 8, 8,192 codes)
    LlamaGen, Janus      VQ-16 and VQ-8, whose codes are compared by angle: see `llamagen.py`
    FSQ                  taming's again, with class FSQModel and `fsq_levels` among its params, and vector-quantize-pytorch's
                         names where there are projections: quantize.project_in, quantize.project_out

    EnCodec, Mimi, DAC   codecs of sound as transformers saves them, with several levels at one rate: see `codecs.py`

Weights may be in half precision alone, or in shards. What else people bring is told by name, before any weights are read:
see `known.py`.

A `.ckpt` is a pickle, which can run code, so it is never opened here. This command writes the folder, by PyTorch's loader for
weights alone, which runs nothing and refuses a file with more in it; PyTorch Lightning's key for its callback, which
taming-transformers left in its checkpoints, gets an empty class instead. PyTorch, PyYAML and safetensors have to be there.

    python -c "import sys, json, pathlib, torch, yaml; from safetensors.torch import save_file; \
        ckpt, config, out = map(pathlib.Path, sys.argv[1:]); \
        callback = 'pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint'; \
        torch.serialization.add_safe_globals([(type('Empty', (), {}), callback)]); \
        state = torch.load(ckpt, map_location='cpu', weights_only=True)['state_dict']; out.mkdir(); \
        tensors = {k: v.contiguous() for k, v in state.items() if not k.startswith('loss.')}; \
        save_file(tensors, out / 'model.safetensors'); \
        (out / 'config.json').write_text(json.dumps(yaml.safe_load(config.read_text())))" last.ckpt model.yaml FOLDER
"""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from vqcore.files import no_weights, read_tensors, shown, weights_among
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.foreign.codecs import read_codec
from vqcore.tokenizers.foreign.known import Known, recognised
from vqcore.tokenizers.foreign.layouts import Layout, Parts
from vqcore.tokenizers.foreign.vqgan import VQGAN

log = logging.getLogger(__name__)
T = TypeVar("T")
NETWORKS = ("encoder.", "decoder.", "quantize.", "quant_conv.", "post_quant_conv.")
LEFT_OF_TRAINING = (
    "_", "cluster_size", "embed_avg", "ema_", "embedding.cluster_size", "embedding.embed_avg", "implicit_codebook", "codebook_used",
)
"""What the names of a quantizer's tensors begin with that only training needs, or that are reckoned anew."""

__all__ = ["VQGAN", "check_foreign", "describe_foreign", "foreign_sample_rate", "read_foreign"]


def check_foreign(config: Mapping[str, Any], name: str) -> None:
    """ValueError, saying what it is and why, where a config.json of another program's model doesn't open. No weights are asked for."""
    _shape(config, name)


def describe_foreign(config: Mapping[str, Any], name: str) -> tuple[str, tuple[int, ...], tuple[int, ...], int]:
    """What a config.json of another program's model is, after "is"; of each level K and f; and its channels. ValueError as of
    `check_foreign`."""
    return recognised(config, name).what, *_shape(config, name)


def foreign_sample_rate(config: Mapping[str, Any], name: str) -> int | None:
    """Samples a second, where that model is a codec of sound. ValueError as of `check_foreign`."""
    family = recognised(config, name).codec
    return None if family is None else _told(family.read, config, name).sample_rate


def read_foreign(folder: Path, config: Mapping[str, Any], name: str) -> Tokenizer:
    """The tokenizer in a folder that another program wrote, whose config is `theirs`; `pixel_range`, if there is one, says what black
    and white are to its networks, and `levels` how many of a codec's it keeps. ValueError says what about it isn't known here."""
    theirs = config["theirs"]
    known = _opening(theirs, name)
    if known.codec is None:
        return _read_vqgan(folder, known, config, name)
    if "pixel_range" in config:
        raise ValueError(f"{shown(name)} is {known.what}, and has no pixels whose range could be given.")
    _told(known.codec.read, theirs, name)
    return read_codec(known.codec, theirs, _read(folder, name), name, config.get("levels"))


def _read_vqgan(folder: Path, known: Known, config: Mapping[str, Any], name: str) -> VQGAN:
    layout = known.layout
    if layout is None or "levels" in config:
        raise ValueError(f"{shown(name)} is {known.what}, and has one level.")
    network, quantizer, width = _parts(layout, config["theirs"], name)
    if (given := config.get("pixel_range")) is not None:
        network = dataclasses.replace(network, pixel_range=given)
    with torch.device("meta"):  # no memory is taken before the sizes are known to be those of the file
        model = VQGAN(network, quantizer, width, name)
    others: list[str] = []
    networks = tuple(layout.within + network for network in NETWORKS)

    def wanted(key: str) -> bool:
        if not key.startswith(networks):
            others.append(key)
        return key.startswith(networks)

    tensors = {key.removeprefix(layout.within): tensor for key, tensor in _read(folder, name, wanted).items()}
    _load_weights(model, layout.rename(tensors, network), name)
    model.notes = tuple(_notes(network.pixel_range, others))
    for note in model.notes:
        log.info("%s: %s", name, note)
    return model.eval().requires_grad_(False)


def _opening(config: Mapping[str, Any], name: str) -> Known:
    known = recognised(config, name)
    if known.layout is None and known.codec is None:
        raise ValueError(known.refusal(name))
    return known


def _shape(config: Mapping[str, Any], name: str) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Of each level K and f, and the channels."""
    known = _opening(config, name)
    if known.codec is not None:
        plan = _told(known.codec.read, config, name)
        return (plan.codebook_size,) * plan.levels, (plan.downsampling,) * plan.levels, 1
    assert known.layout is not None
    network, quantizer, _ = _parts(known.layout, config, name)
    return (len(quantizer.codebook),), (network.downsampling,), network.channels


def _parts(layout: Layout, config: Mapping[str, Any], name: str) -> Parts:
    with torch.device("meta"):
        return _told(layout.read, config, name)


def _told(read: Callable[[Mapping[str, Any]], T], config: Mapping[str, Any], name: str) -> T:
    """What a config says, or a ValueError that names the model."""
    try:
        return read(config)
    except ValueError as problem:
        raise ValueError(f"{shown(name)} can't be opened: {problem}.") from None


def _read(folder: Path, name: str, wanted: Callable[[str], bool] = lambda key: True) -> dict[str, Tensor]:
    """The tensors of a folder whose names are wanted, of all its shards."""
    names = [path.name for path in folder.iterdir()]
    try:
        files = weights_among(names)
    except ValueError as problem:
        raise ValueError(f"{name} can't be opened: {problem}. Copy the whole folder.") from None
    if not files:
        raise no_weights(names, name)
    return {key: tensor for file in files for key, tensor in read_tensors(folder / file, wanted).items()}


def _notes(pixel_range: tuple[float, float], others: list[str]) -> list[str]:
    notes = []
    if pixel_range != (-1, 1):
        notes.append(f"Its networks take pixels from {pixel_range[0]:g} to {pixel_range[1]:g}.")
    if others:
        kinds = [f"{count} × {shown(kind)}" for kind, count in Counter(key.partition(".")[0] for key in others).most_common(3)]
        notes.append(f"{len(others)} tensors that aren't its networks' were passed over: {', '.join(kinds)}.")
    return notes


def _load_weights(model: VQGAN, tensors: Mapping[str, Tensor], name: str) -> None:
    expected = model.state_dict()
    tensors = {key.replace("quantize.", "quantizer.", 1) if key.startswith("quantize.") else key: tensors[key] for key in tensors}
    wrong = [f"{key} is missing" for key in expected.keys() - tensors.keys()]
    wrong += [
        f"{key} is {list(tensors[key].shape)} instead of {list(expected[key].shape)}"
        for key in expected.keys() & tensors.keys() if tensors[key].shape != expected[key].shape
    ]
    left = tuple(f"quantizer.{begin}" for begin in LEFT_OF_TRAINING)
    wrong += [f"{shown(key)} is unknown" for key in tensors.keys() - expected.keys() if not key.startswith(left)]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ValueError(f"The weights of {name} don't fit its config.json: {'; '.join(sorted(wrong)[:3])}{more}.")
    model.load_state_dict({key: tensors[key].float() for key in expected}, assign=True)
