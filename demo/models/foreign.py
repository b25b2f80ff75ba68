"""Other people's tokenizers that visitors have opened: by a Hub id, or as a folder they dropped.

Nothing about a visitor is kept. An opened model is called by its Hub id, or by its fingerprint, which nobody guesses who
doesn't have the model. A few stay in memory, by their bytes; where there is no room for another, the visitor's gives way who
has the most there. One from the Hub that went is read again from the Hub's cache on the disk, and a dropped one has to be
dropped again: it is then called what it was called before, so that documents of it go on.
"""

import os
import tempfile
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import vqcore
from demo.models.limits import check_cost
from demo.visitors import asking
from vqcore import hub
from vqcore.checkpoints import fetch, read_config
from vqcore.files import CONFIG, WEIGHTS_NAME, gigabytes, shown
from vqcore.tokenizers.base import Tokenizer, fingerprint

ALLOWED = os.environ.get("VQ_HUB_MODELS")
"""The Hub ids that may be opened, with commas between; then folders may not. Where unset, all may, and folders too."""
OFFERED = ("amused/amused-512/vqvae", "amused/amused-256/vqvae", "FoundationVision/vq-ds16-c2i")
MOST_BYTES = 1 << 30
MOST_IN_MEMORY = 3 << 30
"""Bytes of weights."""
MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Open:
    """A tokenizer in memory: the bytes that it takes, and the address of who opened it last."""

    tokenizer: Tokenizer
    size: int
    address: str


_loaded: OrderedDict[str, Open] = OrderedDict()  # last used last
_gone: OrderedDict[str, None] = OrderedDict()  # that gave way
_lock = Lock()


def allowed() -> list[str] | None:
    """The Hub ids that may be opened; None where there is no such list."""
    return None if ALLOWED is None else [id.strip() for id in ALLOWED.split(",") if id.strip()]


def offered() -> list[str]:
    """Hub ids that a visitor may want to open, and may."""
    ids = allowed()
    return list(OFFERED) if ids is None else ids


def open_id(id: str, progress: hub.Progress = lambda done, total: None) -> Tokenizer:
    """The tokenizer at a Hub id, downloaded if need be. ValueError says why it can't be opened."""
    id = id.strip().removeprefix("https://huggingface.co/").replace("/tree/main", "").rstrip("/")
    if not hub.is_id(id):
        raise ValueError("A Hub id is OWNER/NAME, or OWNER/NAME/FOLDER for a folder in it, as amused/amused-512/vqvae.")
    if not _may_open(id):
        raise ValueError(f"This page opens {', '.join(allowed() or []) or 'nothing'} from the Hub. Run it yourself to open others.")
    return _keep(id, fetch(id, "tokenizer", progress))


def open_folder(files: Sequence[str | os.PathLike]) -> Tokenizer:
    """The tokenizer in a folder, given as its files, wherever each of them is. ValueError says why it can't be opened."""
    if allowed() is not None:
        raise ValueError("Folders are not opened on this page. Run it yourself to open yours.")
    paths = [Path(file) for file in files]
    if (size := sum(path.stat().st_size for path in paths)) > MOST_BYTES:
        raise ValueError(f"This folder has {gigabytes(size)}, more than {MOST_BYTES >> 30} GB. Drop one tokenizer's folder alone.")
    needed = Counter(path.name for path in paths if path.name == CONFIG or WEIGHTS_NAME.fullmatch(path.name))
    if not needed[CONFIG]:
        raise ValueError(f"There is no {CONFIG} in this folder. Drop the one that holds it and the weights.")
    if max(needed.values()) > 1:
        raise ValueError("This folder holds several models. Drop the tokenizer's own folder; in a pipeline it is vqvae or vqgan.")
    double, times = Counter(path.name for path in paths).most_common(1)[0]
    if times > 1:
        raise ValueError(f"This folder has {times} files called {shown(double)}. Drop the tokenizer's own folder alone.")
    with tempfile.TemporaryDirectory(dir=paths[0].parent.parent) as folder:
        for path in paths:
            os.link(path, Path(folder) / path.name)
        return _keep(None, Path(folder))


def tokenizer(name: str) -> Tokenizer:
    """An opened tokenizer by the name it got. ValueError where it isn't here, or no more."""
    with _lock:
        if name in _loaded:
            _loaded.move_to_end(name)
            return _loaded[name].tokenizer
        if name in _gone and not hub.is_id(name):
            raise ValueError(
                "The model of this document was closed, to make room for others. Drop its folder again in the tab Models: the document "
                "is kept, and goes on."
            )
    folder = hub.cached(name) if hub.is_id(name) and _may_open(name) else None
    if folder is None:
        raise ValueError(f"This page has no model called “{shown(name)}” now. If it is someone else's, open it in the tab Models.")
    return _keep(name, folder)


def names() -> list[str]:
    """Of the tokenizers that are loaded now. A dropped one's name is for whoever dropped it."""
    with _lock:
        return list(_loaded)


def from_hub() -> list[str]:
    """Of those that anyone could have opened."""
    return [name for name in names() if hub.is_id(name)]


def _may_open(id: str) -> bool:
    ids = allowed()
    return ids is None or id in ids


def _keep(name: str | None, folder: Path) -> Tokenizer:
    """Load a folder and remember it, under a name made of its fingerprint where it has none."""
    try:
        config = read_config(folder, name)
        if config["kind"] == "decoder" and config.get("tokenizer") not in vqcore.list_checkpoints():
            raise ValueError("The folder decodes the tokens of a tokenizer that isn't here. Open that one's whole folder instead.")
        model = vqcore.load(folder)
    except ValueError as problem:
        raise ValueError(str(problem).replace(str(folder), name or "The folder").replace(folder.name, name or "The folder")) from None
    if model.spatial_dims != 2 or model.channels not in (1, 3):
        raise ValueError(
            f"{name or 'This'} is no tokenizer of pictures: it takes {model.channels} channels in {model.spatial_dims} dimension(s)."
        )
    check_cost(model, name or "This")
    model.name = name or f"dropped-{fingerprint(model).hex()}"
    size = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    with _lock:
        _gone.pop(model.name, None)
        _loaded[model.name] = Open(model, size, asking().address)
        _loaded.move_to_end(model.name)
        while len(_loaded) > 1 and sum(each.size for each in _loaded.values()) > MOST_IN_MEMORY:
            _give_way(model.name)
    return model


def _give_way(newest: str) -> None:
    """Let go of what was used longest ago by whoever has the most in memory. The lock is held."""
    held: Counter[str] = Counter()
    for each in _loaded.values():
        held[each.address] += each.size
    others = [name for name in _loaded if name != newest]
    most = max(held[_loaded[name].address] for name in others)
    name = next(name for name in others if held[_loaded[name].address] == most)
    del _loaded[name]
    _gone[name] = None
    while len(_gone) > MOST_REMEMBERED:
        _gone.popitem(last=False)
