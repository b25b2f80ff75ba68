"""Checkpoints to and from the Hugging Face Hub: only the files that are read here, and no more than fits.

Its client is imported where it is needed: that takes longer than to load a model from the disk.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(/[\w.-]+)*")
FILES = re.compile(
    r"config\.json|(diffusion_pytorch_)?model\.safetensors|(tables|atlas)\.safetensors|metrics\.jsonl?|recipe\.json|README\.md"
    r"|codes\w*\.png|\w+\.webp|prompts\.json"
)
MOST_BYTES = 1 << 30
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


def download(id: str) -> Path:
    """The folder that a Hub id has become on this machine, in the Hub's own cache.

    Only a checkpoint's files are fetched: JSON, safetensors, the card and the codes' appearance. Without the network,
    what was fetched before is used. ValueError, in words for people, where there is no such model, or it is too large.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    repo, folder = _split(id)
    api = HfApi()
    try:
        info = api.model_info(repo, files_metadata=True, timeout=30)
    except RepositoryNotFoundError:
        raise ValueError(f"There is no checkpoint {id!r} here, and no public model {repo!r} on the Hub. Check how it is spelt.") from None
    except Exception as error:  # of whichever HTTP library the Hub's client has
        if kept := cached(id):
            return kept
        why = _first_line(error)
        raise ValueError(f"There is no checkpoint {id!r} here, and the Hub can't be asked for it from this machine: {why}") from None
    prefix, siblings = f"{folder}/" if folder else "", info.siblings or []
    files = {
        file.rfilename: file.size or 0 for file in siblings
        if file.rfilename.startswith(prefix) and FILES.fullmatch(file.rfilename[len(prefix) :])
    }
    if f"{prefix}config.json" not in files:
        inner = sorted({file.rfilename.rpartition("/")[0] for file in siblings if file.rfilename.endswith("/config.json")})
        hint = f" It has folders with one: {', '.join(f'{repo}/{name}' for name in inner[:6])}." if inner else ""
        raise ValueError(f"{id} has no config.json, so it isn't a model that can be opened here.{hint}")
    if sum(files.values()) > MOST_BYTES:
        raise ValueError(
            f"{id} has {sum(files.values()) / 2**30:.1f} GB of weights; up to {MOST_BYTES >> 30} GB are fetched. "
            "Download it yourself and open the folder."
        )
    try:
        paths = [Path(api.hf_hub_download(repo, file)) for file in sorted(files)]
    except Exception as error:
        raise ValueError(f"{id} could not be fetched whole: {_first_line(error)}. Try again; what is here already is kept.") from None
    return next(path.parent for path in paths if path.name == "config.json")


def cached(id: str) -> Path | None:
    """The folder of a Hub id that was downloaded before, without asking the network; None where it wasn't."""
    from huggingface_hub import try_to_load_from_cache

    repo, folder = _split(id)
    file = try_to_load_from_cache(repo, f"{folder}/config.json" if folder else "config.json")
    return Path(file).parent if isinstance(file, str) else None


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
