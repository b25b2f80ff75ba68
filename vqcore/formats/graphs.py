"""A tokenizer as two ONNX graphs, encoder and decoder, for what runs no Python: a browser, a phone, C++.

    encoder.onnx   image, float32 [B, C, *S] in [-1, 1], sizes that the coarsest f divides → tokens, int64 [B, *S/f]
    decoder.onnx   tokens → image, float32 [B, C, *S] in [-1, 1]

Each level's tokens are one input or output, coarse to fine: `tokens` where there is one level, else `tokens_coarse` and so on. All
sizes are dynamic. Weights are stored in half precision where that loses nothing, as in checkpoints of this package, and reckoned with in
float32: a decoder is half as large, and the same. The file's metadata has the tokenizer's name, f and K of each level.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vqcore.files import write_bytes
from vqcore.tokenizers.base import Tokenizer, suffixes

FILES = ("encoder.onnx", "decoder.onnx")
OPSET = 17  # of 2022: what browsers' runtimes have had for years
MISSING = "Writing ONNX takes one more package: pip install onnx"


class _Encoder(nn.Module):
    def __init__(self, tokenizer: Tokenizer):
        super().__init__()
        self.tokenizer = tokenizer

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.tokenizer.encode_at_once(image, _nearest))


class _Decoder(nn.Module):
    def __init__(self, tokenizer: Tokenizer):
        super().__init__()
        self.tokenizer = tokenizer

    def forward(self, *tokens: Tensor) -> Tensor:
        return self.tokenizer.decode_at_once(tokens).clamp(-1, 1)


def _nearest(quantizer: Any, z_e: Tensor) -> Tensor:
    """argmin_j ½‖e_j‖² − x·e_j: the nearest code to where z_e lies, near ties left to float32."""
    codes, vectors = quantizer.codebook.detach(), quantizer.locate(z_e).movedim(1, -1)
    return (codes.square().sum(1) / 2 - vectors @ codes.T).argmin(-1)


def write_onnx(tokenizer: Tokenizer, folder: Path) -> list[Path]:
    """Write both graphs; returns their paths. ValueError where the package onnx is missing, or a tokenizer has no such graph."""
    try:
        import onnx  # noqa: F401  # pyright: ignore[reportMissingImports]  torch's exporter takes it too
    except ImportError:
        raise ValueError(MISSING) from None
    levels, dims = tokenizer.levels, tokenizer.spatial_dims
    names = [f"tokens{suffix}" for suffix in suffixes(levels)]
    coarsest = max(level.downsampling for level in levels)
    image = torch.zeros(1, tokenizer.channels, *range(2 * coarsest, (2 + dims) * coarsest, coarsest))
    tokens = tokenizer.encode(image)
    about = {
        "tokenizer": tokenizer.name, "downsampling": ", ".join(str(level.downsampling) for level in levels),
        "codebook_size": ", ".join(str(level.codebook_size) for level in levels),
    }
    sides = [f"side{i}" for i in range(dims)]
    axes = {"image": {0: "pictures", **{2 + i: side for i, side in enumerate(sides)}}}
    axes |= {name: {0: "pictures", **{1 + i: f"{side}_{name}" for i, side in enumerate(sides)}} for name in names}
    paths = [folder / file for file in FILES]
    for path, graph, given, inputs, outputs in zip(
        paths, (_Encoder(tokenizer), _Decoder(tokenizer)), ((image,), tuple(tokens)), (["image"], names), (names, ["image"]), strict=True,
    ):
        write_bytes(path, _halved(_traced(graph.eval(), given, inputs, outputs, axes), about))
    return paths


def _traced(graph: nn.Module, given: tuple[Tensor, ...], inputs: Sequence[str], outputs: Sequence[str], axes: Mapping[str, Any]) -> bytes:
    """By torch's older exporter: the newer one takes a package more, and writes the same."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            graph, given, path, input_names=list(inputs), output_names=list(outputs), dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )
        return path.read_bytes()


def _halved(data: bytes, about: Mapping[str, str]) -> bytes:
    """The same graph with the weights that half precision holds exactly kept so, each cast to float32 before it is used."""
    import onnx  # pyright: ignore[reportMissingImports]
    from onnx import TensorProto, helper, numpy_helper  # pyright: ignore[reportMissingImports]

    model = onnx.load_from_string(data)
    for node in model.graph.node:
        if node.op_type == "Transpose":  # the exporter leaves axes negative, counted from the last, as the format doesn't have them
            axes = node.attribute[0].ints
            axes[:] = [axis % len(axes) for axis in axes]
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        halves = values.astype("float16")
        if (halves.astype("float32") != values).any():
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(halves, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    helper.set_model_props(model, dict(about))
    onnx.checker.check_model(model)
    return model.SerializeToString()
