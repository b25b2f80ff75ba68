r"""Other people's tokenizers behind the same five verbs, from safetensors and JSON alone.

    diffusers            a `VQModel` folder: config.json and diffusion_pytorch_model.safetensors
    taming-transformers  its VQGAN, also as latent-diffusion's VQModelInterface: the YAML config as config.json, the
                         state_dict as model.safetensors
    FSQ                  the same, with class FSQModel and `fsq_levels` among its params, and vector-quantize-pytorch's
                         names where there are projections: quantize.project_in, quantize.project_out

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

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vqcore.files import read_tensors
from vqcore.tokenizers.foreign.layouts import from_diffusers, from_taming, renamed
from vqcore.tokenizers.foreign.vqgan import VQGAN

WEIGHTS = ("diffusion_pytorch_model.safetensors", "model.safetensors")
PICKLES = {".ckpt", ".pt", ".pth", ".bin", ".pkl"}

__all__ = ["VQGAN", "read_foreign"]


def read_foreign(folder: Path, config: Mapping[str, Any], name: str) -> VQGAN:
    """The tokenizer in a folder that another program wrote, whose config is `theirs`. ValueError says what about it isn't
    known here."""
    config = config["theirs"]
    diffusers = "_class_name" in config
    if diffusers and config["_class_name"] != "VQModel":
        raise ValueError(
            f"{name} is a {config['_class_name']}. Of diffusers' models only VQModel turns pictures into tokens; in a "
            "pipeline it is the folder called vqvae or vqgan: open that one."
        )
    with torch.device("meta"):  # no memory is taken before the sizes are known to be those of the file
        try:
            network, quantizer, width = (from_diffusers if diffusers else from_taming)(config)
            model = VQGAN(network, quantizer, width, name)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            problem = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"{name} can't be opened: {problem}.") from None
    tensors = read_tensors(weights_file(folder, name))
    if diffusers:
        tensors = renamed(tensors, len(network.widths))
    _load_weights(model, tensors, name)
    return model.eval().requires_grad_(False)


def weights_file(folder: Path, name: str) -> Path:
    """The safetensors file of a foreign folder; ValueError where there is none, with what to do about a pickle."""
    for file in WEIGHTS:
        if (folder / file).is_file():
            return folder / file
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
    if pickles:
        raise ValueError(
            f"{name} has its weights as {pickles[0]}, a pickle, which can run code and is never opened here. If you trust "
            "it, convert it: load it with diffusers and save_pretrained(safe_serialization=True), or see vqcore.tokenizers.foreign."
        )
    raise ValueError(f"{name} has no weights: {' or '.join(WEIGHTS)} is missing. Copy the whole folder.")


def _load_weights(model: VQGAN, tensors: Mapping[str, Tensor], name: str) -> None:
    tensors = {_ours(key): tensor for key, tensor in tensors.items() if not key.startswith("loss.")}
    expected = model.state_dict()
    wrong = [f"{key} is missing" for key in expected.keys() - tensors.keys()]
    wrong += [
        f"{key} is {list(tensors[key].shape)} instead of {list(expected[key].shape)}"
        for key in expected.keys() & tensors.keys() if tensors[key].shape != expected[key].shape
    ]
    # FSQ keeps its levels and its enumerated codes as buffers in some versions; anything else unknown is a misfit.
    wrong += [f"{key} is unknown" for key in tensors.keys() - expected.keys() if not key.startswith("quantizer._")]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ValueError(f"The weights of {name} don't fit its config.json: {'; '.join(sorted(wrong)[:3])}{more}.")
    model.load_state_dict({key: tensors[key].float() for key in expected}, assign=True)


def _ours(key: str) -> str:
    return key.replace("quantize.", "quantizer.", 1) if key.startswith("quantize.") else key
