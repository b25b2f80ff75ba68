"""Each parser of what people send as a function of bytes. It returns, or raises ValueError; anything else is a finding."""

from __future__ import annotations

import base64
import binascii
import json
import struct
import tempfile
from functools import lru_cache
from pathlib import Path

import torch

import vqcore
from demo import document as documents
from vqcore.files import CONFIG, WEIGHTS, write_tensors
from vqcore.formats import tokenfile
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.appearance import appearances
from vqcore.tokenizers.base import fingerprint
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.stored import APPEARANCE, TABLES, save_tokenizer
from vqcore.tokenizers.tables import make_tables
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig

CORPUS = Path(__file__).parent / "corpus"
PARTS = (CONFIG, WEIGHTS, APPEARANCE.format(""), TABLES)  # the files of a checkpoint that are read
LENGTH = struct.Struct("<H")


@lru_cache(maxsize=1)
def tokenizer_folder() -> Path:
    """A checkpoint as small as one gets, with all the files that one can have; never trained."""
    torch.manual_seed(0)
    network = NetworkConfig(
        downsampling=2, code_dim=2, coarse_width=2, fine_width=2, encoder_fine_blocks=0, encoder_coarse_blocks=0,
        decoder_coarse_blocks=0, decoder_pointwise_blocks=0, decoder_fine_blocks=0,
    )
    model = VQVAE(VQVAEConfig(network, VQConfig(5)), name="fuzzed").eval().requires_grad_(False)
    model.usages, model.appearances = [torch.arange(5)], appearances(model)
    folder = save_tokenizer(model, Path(tempfile.mkdtemp()) / model.name)
    grids = [torch.randint(5, (8, 8)).numpy() for _ in range(4)]
    (level,) = vqcore.load(folder).levels
    tensors = {f"0.{name}": tensor for name, tensor in make_tables(grids, level.codebook.numpy()).to_tensors().items()}
    mark = torch.tensor(list(fingerprint(vqcore.load(folder))), dtype=torch.uint8)
    write_tensors(folder / TABLES, tensors | {"fingerprint": mark})
    return folder


@lru_cache(maxsize=1)
def tokenizer() -> VQVAE:
    return vqcore.load(tokenizer_folder())


def document(data: bytes) -> None:
    """A saved document, as the page sends it: JSON, by then."""
    read = documents.from_json(_json(data))
    assert documents.from_json(json.loads(json.dumps(documents.to_json(read)))).tokens == read.tokens


def link(data: bytes) -> None:
    """What stands behind `#tokens=` in a shared link."""
    text = data.decode("latin-1").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as problem:
        raise ValueError(problem) from None
    document(raw)


def token_file(data: bytes) -> None:
    read = tokenfile.read(data, tokenizer())
    (shape,) = documents.grid_shapes(tokenizer().levels, *reversed(read.size))
    assert read.tokens[0].shape == (1, *shape) and 0 <= int(read.tokens[0].min()) <= int(read.tokens[0].max()) < 5


def checkpoint(data: bytes) -> None:
    """A folder: each file's length and its bytes, one after the other; those that are empty aren't there."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for name, part in zip(PARTS, unjoined(data)):
            if part:
                (Path(folder) / name).write_bytes(part)
        model = vqcore.load(folder)
        assert [level.codebook.shape for level in model.levels] == [(level.codebook_size, level.code_dim) for level in model.levels]


PARSERS = {parser.__name__: parser for parser in (document, link, token_file, checkpoint)}


def joined(parts: list[bytes]) -> bytes:
    return b"".join(LENGTH.pack(len(part)) + part for part in parts)


def unjoined(data: bytes) -> list[bytes]:
    parts = []
    while len(parts) < len(PARTS):
        length = LENGTH.unpack(data[:2])[0] if len(data) > 1 else 0
        parts.append(data[2 : 2 + length])
        data = data[2 + length :]
    return parts


def seeds() -> dict[str, list[bytes]]:
    """Inputs that are as they should be, by parser."""
    tokens = torch.arange(12).view(1, 3, 4) % 5
    original = documents.Original("9f2c", 4582, 7, 6)
    saved = json.dumps(documents.to_json(documents.Document(tokenizer(), 7, 6, (tokens[0].numpy(),), original=original))).encode()
    untabled = vqcore.load(tokenizer_folder())
    untabled.tables = None
    files = [(tokenizer_folder() / name).read_bytes() for name in PARTS]
    return {
        "document": [saved],
        "link": [base64.urlsafe_b64encode(saved).rstrip(b"=")],
        "token_file": [tokenfile.write([tokens], (6, 7), each) for each in (tokenizer(), untabled)],
        "checkpoint": [joined(files), joined(files[:2])],
    }


def _json(data: bytes):
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
