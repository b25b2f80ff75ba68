"""Checkpoints to and from the Hugging Face Hub: only the files that are read here, and no more than fits.

Its client is imported where it is needed: that takes longer than to load a model from the disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vqcore.files import CONFIG, gigabytes, no_weights, unread_weights, weights_among

ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(/[\w.-]+)*")
FILES = re.compile(
    r"config\.json|model\.safetensors|(tables|atlas)\.safetensors|metrics\.jsonl?|recipe\.json|README\.md"
    r"|codes\w*\.png|\w+\.webp|prompts\.json"
)
"""A checkpoint's files: what is pushed, and what is fetched beside the weights."""
IN_A_PIPELINE = ("vqvae", "vqgan", "movq")
"""The folders of a diffusers pipeline that may hold its tokenizer."""
MOST_BYTES = 1 << 30
MOST_CONFIG = 1 << 20
CARD = """---
library_name: vq-explorer
tags: [vq-vae, image-tokenizer]
---

# {name}

A {kind} of VQ Explorer: `vqcore.from_pretrained("{id}")`.
"""


def is_id(name: str | os.PathLike) -> bool:
    """Whether this can be a Hub id: OWNER/NAME, or OWNER/NAME/FOLDER for a folder within."""
    return isinstance(name, str) and ID.fullmatch(name) is not None and ".." not in name


Progress = Callable[[int, int], None]
"""Is told the bytes that are here, and of how many."""


class Unreachable(ValueError):
    """The Hub can't be asked."""


@dataclass(frozen=True)
class Found:
    """What is known of a model of the Hub before its weights are fetched.

    folder: in the Hub's cache, with config.json in it;  sizes: in bytes, of the files that would be fetched;  licence: as its owner
    declares it, None where they don't.
    """

    folder: Path
    sizes: Mapping[str, int]
    licence: str | None

    @property
    def size(self) -> int:
        return sum(self.sizes.values())


def download(id: str, check: Callable[[Path], None], progress: Progress = lambda done, total: None) -> Path:
    """The folder that a Hub id has become on this machine, in the Hub's own cache.

    check: is given the folder when only config.json is in it, and raises ValueError for what isn't to be fetched. Then come a
    checkpoint's files: JSON, safetensors, the card and the codes' appearance; of weights in several precisions the full ones. Without
    the network, what was fetched before is used. ValueError, in words for people, where there is no such model, or it is too large.
    """
    try:
        found = look(id, check)
    except Unreachable:
        if kept := cached(id):
            return kept
        raise
    done = 0
    for name, size in sorted(found.sizes.items()):
        _fetched(id, name, lambda here, before=done: progress(min(before + here, found.size), found.size))
        done += size
        progress(done, found.size)
    return found.folder


def look(id: str, check: Callable[[Path], None]) -> Found:
    """What a model of the Hub is, of which only config.json is fetched. ValueError as of `download`."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    repo, folder = _split(id)
    api = HfApi()
    try:
        info = api.model_info(repo, files_metadata=True, timeout=30)
    except RepositoryNotFoundError:
        raise ValueError(f"There is no checkpoint {id!r} here, and no public model {repo!r} on the Hub. Check how it is spelt.") from None
    except Exception as error:  # of whichever HTTP library the Hub's client has
        why = _first_line(error)
        raise Unreachable(f"There is no checkpoint {id!r} here, and the Hub can't be asked for it from this machine: {why}") from None
    every = {file.rfilename: file.size or 0 for file in info.siblings or []}
    prefix = f"{folder}/" if folder else ""
    sizes = {name[len(prefix) :]: size for name, size in every.items() if name.startswith(prefix) and "/" not in name[len(prefix) :]}
    if CONFIG not in sizes:
        raise _no_config(id, prefix, every, sizes)
    if sizes[CONFIG] > MOST_CONFIG:
        raise ValueError(f"The config.json of {id} has {gigabytes(sizes[CONFIG])}, so it isn't one of a model.")
    path = _fetched(id, CONFIG).parent
    check(path)
    try:
        weights = weights_among(sizes)
    except ValueError as problem:
        raise ValueError(f"{id} can't be fetched: {problem}. Ask its owner.") from None
    if not weights:
        raise no_weights(sizes, id)
    files = {name for name in sizes if FILES.fullmatch(name)} - {CONFIG, "model.safetensors"} | set(weights)
    if (total := sum(sizes[name] for name in files)) > MOST_BYTES:
        raise ValueError(
            f"{id} has {gigabytes(total)} of weights; up to {MOST_BYTES >> 30} GB are fetched. Download it yourself and open the folder."
        )
    licence = next((tag.partition(":")[2] for tag in info.tags or [] if tag.startswith("license:")), None)
    return Found(path, {name: sizes[name] for name in files}, licence)


def _fetched(id: str, name: str, progress: Callable[[int], None] = lambda here: None) -> Path:
    """A file of a model, downloaded. progress: is told how many of its bytes are here."""
    from huggingface_hub import hf_hub_download

    repo, folder = _split(id)
    try:
        return Path(hf_hub_download(repo, f"{folder}/{name}" if folder else name, tqdm_class=_counting(progress)))
    except Exception as error:
        raise ValueError(f"{id} could not be fetched whole: {_first_line(error)}. Try again; what is here already is kept.") from None


def _counting(progress: Callable[[int], None]) -> Any:
    """A progress bar, as the Hub's client wants one, that only counts."""
    from tqdm.auto import tqdm

    class Counting(tqdm):
        def __init__(self, *args: Any, **settings: Any):
            super().__init__(*args, **{**settings, "disable": True})
            self.here = settings.get("initial") or 0

        def update(self, n: float | None = 1) -> None:
            self.here += int(n or 0)
            progress(self.here)

    return Counting


def _no_config(id: str, prefix: str, every: Iterable[str], here: Iterable[str]) -> ValueError:
    """What to say of a folder without a config.json: where there is one, or that there are only pickles."""
    inner = sorted({name[len(prefix) :].rpartition("/")[0] for name in every if name.startswith(prefix) and name.endswith("/config.json")})
    if ours := [name for name in inner if name in IN_A_PIPELINE]:
        return ValueError(f"{id} is a pipeline of several models. Its tokenizer is {id}/{ours[0]}: open that one.")
    if inner:
        hint = f" It has folders with one: {', '.join(f'{id}/{name}' for name in inner[:6])}."
        return ValueError(f"{id} has no config.json, so it isn't a model that can be opened here.{hint}")
    if unread_weights(here):
        return ValueError(f"{no_weights(here, id)} It has no config.json either.")
    return ValueError(f"{id} has no config.json, so it isn't a model that can be opened here.")


def cached(id: str) -> Path | None:
    """The folder of a Hub id that was downloaded before, with its weights, without asking the network; None where it wasn't."""
    from huggingface_hub import try_to_load_from_cache

    repo, folder = _split(id)
    file = try_to_load_from_cache(repo, f"{folder}/{CONFIG}" if folder else CONFIG)
    if not isinstance(file, str):
        return None
    try:
        whole = weights_among(path.name for path in Path(file).parent.iterdir())
    except ValueError:
        return None
    return Path(file).parent if whole else None


def push(folder: Path, kind: str, id: str, private: bool = False, token: str | None = None) -> str:
    """Upload a checkpoint's folder to the Hub as the model OWNER/NAME, with a model card; returns its address.

    kind: what the card calls the model, such as "prior";  token: one that may write, where `hf auth login` hasn't kept one.
    A folder without a README.md gets a short card.
    """
    from huggingface_hub import HfApi

    if not is_id(id) or id.count("/") != 1:
        raise ValueError(f"A model's name on the Hub is OWNER/NAME, not {id!r}.")
    api = HfApi(token=token)
    api.create_repo(id, private=private, exist_ok=True)
    if not (folder / "README.md").is_file():
        card = CARD.format(name=folder.name, kind=kind, id=id)
        api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=id)
    files = [path.name for path in folder.iterdir() if FILES.fullmatch(path.name)]
    api.upload_folder(repo_id=id, folder_path=folder, allow_patterns=sorted(files), commit_message=f"Upload {folder.name}")
    return f"{api.endpoint}/{id}"


def _split(id: str) -> tuple[str, str]:
    """OWNER/NAME/FOLDER → its repository and the folder within, which may be empty."""
    owner, name, *folder = id.split("/")
    return f"{owner}/{name}", "/".join(folder)


def _first_line(error: Exception) -> str:
    line = re.sub(r"\[Errno -?\d+\] *", "", str(error).strip().split("\n")[0])
    return line[:200] or type(error).__name__
