"""Config and tensors on the disk: the only formats that are read are JSON and safetensors, so that no file can run code.

Files are replaced whole, so that neither a reader nor a crash ever meets half of one.
"""

from __future__ import annotations

import io
import json
import logging
import math
import os
import re
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

try:
    import fcntl
except ImportError:  # there is no such lock on Windows
    fcntl = None

CONFIG, WEIGHTS = "config.json", "model.safetensors"
SHEET_QUALITY = 85  # of sheets of pictures that are only looked at
MOST_SHOWN = 80  # characters
MOST_LEFT_OUT = 200  # things that are told of; a stranger's model may have as many as it likes
WEIGHTS_NAME = re.compile(
    r"(?P<stem>diffusion_pytorch_model|model)(\.(?P<early>fp32|fp16|bf16))?(-(?P<place>\d{5})-of-(?P<count>\d{5}))?"
    r"(\.(?P<late>fp32|fp16|bf16))?\.safetensors"
)
"""What files of weights are called, whole or in shards (numbered from 1), in half precision or not, by any program."""
PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
OTHER_WEIGHTS = (".jit", ".msgpack", ".h5", ".onnx", ".tar")
MOST_HEADER = 1 << 20  # bytes of a safetensors file's own table: some ten thousand tensors, read in a fraction of a second
MOST_CONFIG = 1 << 22  # bytes; the words of a vocabulary are most of it
LARGEST, MOST_ENTRIES, MOST_LETTERS = 1 << 24, 64, 1000  # of one setting: a number, a list and a text

log = logging.getLogger(__name__)
T = TypeVar("T")
_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = MOST_SHOWN


def weights_among(names: Iterable[str]) -> tuple[str, ...]:
    """Of the names of a folder's files those to read the weights from: one file or all shards, in full precision where there is
    any; () where there are none. ValueError where a shard is missing."""
    kinds: dict[tuple, list[str]] = {}
    for name in sorted(names):
        if found := WEIGHTS_NAME.fullmatch(name):
            half = found["early"] or found["late"] or ""
            kinds.setdefault((half not in ("", "fp32"), bool(found["count"]), found["stem"], half, found["count"] or ""), []).append(name)
    if not kinds:
        return ()
    chosen = min(kinds)
    if (count := int(chosen[-1] or 1)) != len(kinds[chosen]):
        raise ValueError(f"of {count} shards of weights, of which {kinds[chosen][0]} is one, {len(kinds[chosen])} are there")
    return tuple(kinds[chosen])


def unread_weights(names: Iterable[str]) -> list[str]:
    """Of the names of a folder's files those that hold weights in a format that is never read here, pickles first."""
    return sorted((n for n in names if n.lower().endswith(PICKLES + OTHER_WEIGHTS)), key=lambda n: (not n.lower().endswith(PICKLES), n))


def no_weights(names: Iterable[str], called: str) -> ValueError:
    """What to say of a model, called so, whose files have no weights that are read here."""
    others = unread_weights(names)
    if not others:
        return ValueError(f"{called} has no weights: {WEIGHTS} or diffusion_pytorch_model.safetensors is missing. Copy the whole folder.")
    kind = "a pickle, which can run code and" if others[0].lower().endswith(PICKLES) else "a format that"
    return ValueError(
        f"{called} has its weights as {shown(others[0])}, {kind} is never opened here. If you trust it, convert a copy and open its "
        "folder: load it with diffusers and save_pretrained(safe_serialization=True), or see vqcore.tokenizers.foreign. Or ask its "
        "owner for safetensors."
    )


def gigabytes(size: int) -> str:
    """A size above a limit in words: rounded up, so that it never reads as the limit itself."""
    return f"{math.ceil(100 * size / 2**30) / 100:.2f} GB"


def read_tensors(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, Tensor]:
    """The tensors of a safetensors file, those whose names are wanted; ValueError for anything else, a pickle of any name included."""
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys() if wanted(name)}


def check_whole(path: Path) -> None:
    """ValueError for what is no safetensors file as long as it says it is: that is seen without reading the tensors."""
    with _opened(path):
        pass


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise ValueError(f"{path} is missing. Copy the checkpoint again; weights are only read from safetensors files.")
    try:
        with open(path, "rb") as file:
            header = int.from_bytes(file.read(8), "little")
        if header > MOST_HEADER:
            raise ValueError(f"its header would have {header:,} bytes, and {MOST_HEADER:,} are the most")
        with safe_open(path, "pt") as file:
            yield file
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(
            f"{path} is not a whole safetensors file ({error}). It may be truncated, or of another format: "
            "pickles (.ckpt, .pt, .bin) are refused, because they can run code. Copy or convert it again."
        ) from None


_left_out: dict[str, str] = {}


def leave_out(what: str, problem: Exception) -> None:
    """Go on without something that is damaged: told in the log, once, and in `left_out`."""
    if what not in _left_out:
        log.warning("%s is left out: %s", shown(what), problem)
    if what in _left_out or len(_left_out) < MOST_LEFT_OUT:
        _left_out[what] = str(problem)


def left_out() -> dict[str, str]:
    """What is damaged, and in which way."""
    return dict(_left_out)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], about: dict[str, str] | None = None) -> None:
    write_bytes(path, save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, about))


def write_json(path: Path, value: Any) -> None:
    """ValueError for what JSON has no word for, infinity and NaN."""
    write_bytes(path, (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """uint8 [H, W, 3] as the file's name says: .png exactly, of one channel where all are the same, .webp a tenth of its size."""
    if (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    buffer = io.BytesIO()
    how = {".png": {"optimize": True}, ".webp": {"quality": SHEET_QUALITY, "method": 6}}[path.suffix]
    Image.fromarray(pixels).save(buffer, path.suffix[1:], **how)
    write_bytes(path, buffer.getvalue())


def write_bytes(path: Path, data: bytes) -> None:
    """Write beside the file, force it to the disk, and put it in the file's place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # a full disk, or a stop in the middle
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder to write a run's files in, which no other process that asks does meanwhile; that ends with the process. ValueError,
    saying which --out to give, for one that can't be had."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{folder} can't be a folder to write to ({error.strerror}). Give another --out.") from None
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ValueError(f"Another run writes to {folder} now. Wait until it has ended, or give another --out.") from None
    finally:
        os.close(handle)


def lost_nothing(error: OSError) -> str:
    """What a person is told of a run that the system has stopped, as where a disk is full."""
    what = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    return f"{what}. What was saved before is whole: make room, and the same command goes on from there."


def shown(value: object) -> str:
    """Any value from anyone, as a message may repeat it: 80 characters at most, and of those that don't print (control characters,
    halves of a surrogate pair, marks of direction) their escapes."""
    text = value[: MOST_SHOWN + 1] if isinstance(value, str) else _brief.repr(value)
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def read_json(path: Path) -> Any:
    """What a JSON file says. ValueError, naming it, where it can't be read or is larger than any that this program writes."""
    try:
        if path.stat().st_size > MOST_CONFIG:
            raise ValueError(f"it has more than {MOST_CONFIG >> 20} MB")
        return json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} can't be read as JSON ({shown(str(error))}). Copy the checkpoint again.") from None


def settings_of(kind: type[T], given: Any) -> T:
    """A config, a dataclass of numbers, texts and lists of numbers, out of what JSON says of it. Whatever isn't of its kind or of a size
    that makes sense is a ValueError before anything is computed with it: counts before products, types before sums."""
    if not isinstance(given, Mapping):
        raise ValueError(f"{kind.__name__} is {shown(given)}, and not a set of settings")
    kinds = get_type_hints(kind)
    if strange := given.keys() - kinds.keys():
        raise ValueError(f"{kind.__name__} has no setting {shown(min(strange))}")
    for name, value in given.items():
        _check_setting(name, value, kinds[name])
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


def _check_setting(name: str, value: Any, kind: Any) -> None:
    parts = get_args(kind)
    if type(None) in parts:
        if value is not None:
            _check_setting(name, value, next(part for part in parts if part is not type(None)))
    elif get_origin(kind) is tuple:
        if not isinstance(value, (list, tuple)) or len(value) > MOST_ENTRIES:
            raise ValueError(f"{name} is {shown(value)}, and not a list of up to {MOST_ENTRIES}")
        for each in value:
            _check_setting(name, each, parts[0])
    elif kind is int and (type(value) is not int or not -LARGEST <= value <= LARGEST):
        raise ValueError(f"{name} is {shown(value)}, and not a whole number up to {LARGEST:,}")
    elif kind is float and (type(value) not in (int, float) or not -LARGEST <= value <= LARGEST):
        raise ValueError(f"{name} is {shown(value)}, and not a number up to {LARGEST:,}")
    elif kind is bool and type(value) is not bool:
        raise ValueError(f"{name} is {shown(value)}, and neither true nor false")
    elif kind is str and (type(value) is not str or len(value) > MOST_LETTERS):
        raise ValueError(f"{name} is {shown(value)}, and not a text of up to {MOST_LETTERS:,} letters")


def check_sizes(sizes: Iterable[int], tensors: Mapping[str, Tensor]) -> None:
    """ValueError where a model of these sizes has none of these weights, before memory is taken for it."""
    largest = max(len(tensors), *(size for tensor in tensors.values() for size in tensor.shape), 0)
    if (most := max(sizes)) > largest:
        raise ValueError(f"it asks for a size of {most}, and its weights have none above {largest}")


def check_weights(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor], folder: Path) -> None:
    """ValueError, saying which, where tensors read from `folder` aren't those that a model expects."""
    wrong = [f"{name} is missing" for name in expected.keys() - tensors.keys()]
    wrong += [f"{shown(name)} is unknown" for name in tensors.keys() - expected.keys()]
    wrong += [
        f"{name} is {shown(list(tensors[name].shape))} instead of {list(expected[name].shape)}"
        for name in expected.keys() & tensors.keys() if tensors[name].shape != expected[name].shape
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ValueError(f"The weights in {folder} don't fit its {CONFIG}: {'; '.join(sorted(wrong)[:3])}{more}.")


def load_weights(model: nn.Module, tensors: Mapping[str, Tensor], folder: Path, expected: Mapping[str, Tensor] | None = None) -> None:
    """Put tensors read from `folder` into a model, or say which ones don't fit. expected: those that it needs, all if not given."""
    check_weights(model.state_dict() if expected is None else expected, tensors, folder)
    model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=False)
