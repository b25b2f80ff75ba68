"""What the atlas asks of the server, outside the queue: as demo/token_canvas/service.py."""

import base64
from functools import lru_cache

import numpy as np
import torch

from demo import models
from demo.token_canvas import images
from demo.workers import answered_by, pictures
from vqcore import atlas
from vqcore.checkpoint import find
from vqcore.tsne import principal_map

NEIGHBOURS = 8


@answered_by(pictures)
def read_atlas(question: dict) -> dict:
    """{"model"} → {"principal": places, "share": of the variance, "neighbourhood": places or null,
    "make": the command that adds what is missing, or null where it can't, "mean", "spread": of each component over the codes}.

    Places are base64 of float32 [K, 2], mean and spread (a standard deviation) of float32 [D].
    """
    name = models.tokenizer(question["model"]).name
    return _atlas(name, _time(name))


@answered_by(pictures)
def read_code(question: dict) -> dict:
    """{"model", "code"} → what there is to know about a code.

    {"rank": 1 for the most used, or null where nobody counted, "codes": itself and its nearest, "distances": theirs,
    "vectors": base64 of float32, D a code, "patches": a PNG of patches side by side or null, "count": how many,
    "margin": pixels of a patch around the token}
    """
    tokenizer = models.tokenizer(question["model"])
    level, code = tokenizer.levels[-1], int(question["code"])
    if not 0 <= code < level.codebook_size:
        raise ValueError(f"This codebook has codes 0 to {level.codebook_size - 1}.")
    codebook = level.codebook.float()
    distances = (codebook - codebook[code]).norm(dim=1)
    distances[code] = -1
    codes = distances.topk(min(NEIGHBOURS + 1, len(codebook)), largest=False).indices
    distances[code] = 0
    usage = models.usage(tokenizer)
    stored = _stored(tokenizer.name, _time(tokenizer.name))
    patches = stored.patches_of(code) if stored else np.empty((0, 1, 1, 3), np.uint8)
    return {
        "rank": int((usage > usage[code]).sum()) + 1 if usage.any() else None,
        "codes": codes.tolist(),
        "distances": distances[codes].tolist(),
        "vectors": _floats(codebook[codes]),
        "patches": images.to_png_url(np.concatenate(patches, axis=1)) if len(patches) else None,
        "count": len(patches),
        "margin": stored.margin if stored else 0,
    }


SERVER_FUNCTIONS = [read_atlas, read_code]


@lru_cache(maxsize=4)
def _atlas(name: str, time: int) -> dict:
    codebook = models.tokenizer(name).levels[-1].codebook
    principal, share = principal_map(codebook)
    stored = _stored(name, time)
    return {
        "principal": _floats(principal),
        "share": share,
        "neighbourhood": _floats(stored.places) if stored else None,
        "make": None if stored or models.is_foreign(name) else atlas.command(models.source(name)),
        "mean": _floats(codebook.mean(0)),
        "spread": _floats(codebook.std(0, unbiased=False)),
    }


@lru_cache(maxsize=4)
def _stored(name: str, time: int) -> atlas.Atlas | None:
    return atlas.read_atlas(models.source(name), models.tokenizer(name).levels[-1]) if time else None


def _time(name: str) -> int:
    """When the stored atlas was written, so that one made while the page is served is read; 0 where there is none."""
    if models.is_foreign(name):
        return 0
    file = find(models.source(name)) / atlas.FILE
    return file.stat().st_mtime_ns if file.is_file() else 0


def _floats(values: torch.Tensor) -> str:
    return base64.b64encode(values.numpy().astype("<f4").tobytes()).decode("ascii")
