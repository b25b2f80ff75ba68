"""Each parser of what people send as a function of bytes. It returns, or raises ValueError; anything else is a finding."""

from __future__ import annotations

import base64
import binascii
import io
import json
import struct
import tempfile
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import vqcore
from demo import document as documents
from demo.sound.work import read_table
from demo.train import pictures
from vqcore.data.labelled import read_labelled
from vqcore.data.scenes import compose, parse, render
from vqcore.data.sounds import open_wav, write_wav
from vqcore.files import CONFIG, WEIGHTS, write_tensors
from vqcore.formats import tokenfile
from vqcore.quantizers.fsq import FSQConfig
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.appearance import appearances
from vqcore.tokenizers.base import fingerprint
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.stored import APPEARANCE, TABLES, save_tokenizer
from vqcore.tokenizers.tables import make_tables
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2, VQVAE2Config

CORPUS = Path(__file__).parent / "corpus"
PARTS = (CONFIG, WEIGHTS, APPEARANCE.format(""), TABLES)  # the files of a checkpoint that are read
LENGTH = struct.Struct("<H")
LONGEST = 0xFFFF
SMALLEST = NetworkConfig(
    downsampling=2, code_dim=2, coarse_width=2, fine_width=2, encoder_fine_blocks=0, encoder_coarse_blocks=0,
    decoder_coarse_blocks=0, decoder_pointwise_blocks=0, decoder_fine_blocks=0,
)


@lru_cache(maxsize=1)
def tokenizer_folder() -> Path:
    """A checkpoint as small as one gets, with all the files that one can have; never trained."""
    torch.manual_seed(0)
    model = VQVAE(VQVAEConfig(SMALLEST, VQConfig(5)), name="fuzzed").eval().requires_grad_(False)
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


def table(data: bytes) -> None:
    """A CSV file of numbers."""
    read = read_table(data)
    assert read.values.isfinite().all() and np.isfinite(read.rmse).all() and read.tokens.max() < len(read.codebook)


def sound(data: bytes) -> None:
    heard = open_wav(data)
    assert heard.rate > 0 and np.isfinite(heard.samples).all()


def sentence(data: bytes) -> None:
    """What a scene is to be."""
    render(compose(parse(data.decode("utf-8", "surrogatepass")), np.random.default_rng(0)), 16)


def archive(data: bytes) -> None:
    """A zip of pictures and their texts, laid out and read as it is trained on."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        inside = Path(folder) / "pictures"
        inside.mkdir()
        (Path(folder) / "a.zip").write_bytes(data)
        found = pictures.unpack(Path(folder) / "a.zip", inside)
        assert all(path.resolve().is_relative_to(inside.resolve()) for path in inside.rglob("*"))
        read = read_labelled(found.folder, "train")
        assert len(read.labels) == len(read.pictures)


def arrays(data: bytes) -> None:
    """An .npz file of pictures."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        file, out = Path(folder) / "a.npz", Path(folder) / "out"
        out.mkdir()
        file.write_bytes(data)
        pictures.take_arrays("a.npz", file, out)


PARSERS = {parser.__name__: parser for parser in (document, link, token_file, checkpoint, table, sound, sentence, archive, arrays)}


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
    files = _files(tokenizer_folder())
    return {
        "document": [saved],
        "link": [base64.urlsafe_b64encode(saved).rstrip(b"=")],
        "token_file": [tokenfile.write([tokens], (6, 7), each) for each in (tokenizer(), untabled)],
        "checkpoint": [joined(files), joined(files[:2]), *map(joined, _other_checkpoints())],
        "table": [b"a,b\n1,2\n3,4\n5,-6e1\n", b"0;1\n" * 40],
        "sound": [write_wav(np.linspace(-1, 1, 40, dtype=np.float32), 8000)],
        "sentence": [b"two large red balls left of a small metal cube on sand", b"a ball that is blue and small, under it a cone"],
        "archive": [_zipped()],
        "arrays": [_saved_arrays(labels=np.array([0, 1, 1]), classes=np.array(["a", "b"])), _saved_arrays(texts=np.array(["a", "b", ""]))],
    }


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() if (path := folder / name).is_file() else b"" for name in PARTS]


def _other_checkpoints() -> list[list[bytes]]:
    """Of FSQ, and of two levels."""
    coarse = replace(SMALLEST, channels=SMALLEST.fine_width)
    of_fsq = VQVAE(VQVAEConfig(SMALLEST, FSQConfig((2, 3))))
    of_two = VQVAE2(VQVAE2Config(SMALLEST, coarse, (VQConfig(4), VQConfig(5))))
    return [_files(save_tokenizer(model, Path(tempfile.mkdtemp()) / "other"))[:2] for model in (of_fsq, of_two)]


def _zipped() -> bytes:
    data, picture = io.BytesIO(), io.BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(picture, "PNG")
    with zipfile.ZipFile(data, "w") as file:
        for name in ("of/a.png", "of/b.png"):
            file.writestr(name, picture.getvalue())
        file.writestr("of/a.txt", "a cat")
        file.writestr("of/metadata.jsonl", '{"file_name": "a.png", "text": "a", "style": "s", "tags": ["t"]}\n{"file_name": "b.png"}\n')
    return data.getvalue()


def _saved_arrays(**more: np.ndarray) -> bytes:
    data = io.BytesIO()
    np.savez(data, images=np.zeros((3, 4, 4), np.uint8), **more)
    return data.getvalue()


def _json(data: bytes):
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
