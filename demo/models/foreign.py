"""Other people's tokenizers that visitors have opened: by a Hub id, or as a folder they dropped.

Nothing about a visitor is kept. An opened model is called by its Hub id, or by its fingerprint, which nobody guesses who
doesn't have the model. A few stay in memory; one from the Hub that went is read again from the Hub's cache on the disk,
and a dropped one has to be dropped again.
"""

import os
import tempfile
from collections import Counter, OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import vqcore
from vqcore import hub
from vqcore.checkpoints import fetch, read_config
from vqcore.files import CONFIG, WEIGHTS_NAME, gigabytes
from vqcore.tokenizers.base import Tokenizer, fingerprint

ALLOWED = os.environ.get("VQ_HUB_MODELS")
"""The Hub ids that may be opened, with commas between; then folders may not. Where unset, all may, and folders too."""
MOST_BYTES = 1 << 30
MOST_LOADED = 2

_loaded: OrderedDict[str, Tokenizer] = OrderedDict()
_lock = Lock()


def allowed() -> list[str] | None:
    """The Hub ids that may be opened; None where there is no such list."""
    return None if ALLOWED is None else [id.strip() for id in ALLOWED.split(",") if id.strip()]


def open_id(id: str) -> Tokenizer:
    """The tokenizer at a Hub id, downloaded if need be. ValueError says why it can't be opened."""
    id = id.strip().removeprefix("https://huggingface.co/").replace("/tree/main", "").rstrip("/")
    if not hub.is_id(id):
        raise ValueError("A Hub id is OWNER/NAME, or OWNER/NAME/FOLDER for a folder in it, as amused/amused-512/vqvae.")
    if not _may_open(id):
        raise ValueError(f"This page opens {', '.join(allowed() or []) or 'nothing'} from the Hub. Run it yourself to open others.")
    return _keep(id, fetch(id, "tokenizer"))


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
    with tempfile.TemporaryDirectory(dir=paths[0].parent.parent) as folder:
        for path in paths:
            os.link(path, Path(folder) / path.name)
        return _keep(None, Path(folder))


def tokenizer(name: str) -> Tokenizer:
    """An opened tokenizer by the name it got. ValueError where it isn't here, or no more."""
    with _lock:
        if name in _loaded:
            _loaded.move_to_end(name)
            return _loaded[name]
    folder = hub.cached(name) if hub.is_id(name) and _may_open(name) else None
    if folder is None:
        raise ValueError(f"This page has no model called “{name}” now. If it is someone else's, open it in the tab Models.")
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
    model.name = name or f"dropped-{fingerprint(model).hex()}"
    with _lock:
        _loaded[model.name] = model
        while len(_loaded) > MOST_LOADED:
            _loaded.popitem(last=False)
    return model
