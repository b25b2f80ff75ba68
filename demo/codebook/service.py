"""What the atlas asks of the server, outside the queue: as demo/canvas/service.py."""

import base64
from functools import lru_cache

import numpy as np
import torch

from demo import models
from demo.kit import images
from demo.workers import answered_by, pictures
from vqcore.checkpoints import find
from vqcore.formats import atlas
from vqcore.study.tsne import principal_map

NEIGHBOURS = 8


@answered_by(pictures)
def read_atlas(question: dict) -> dict:
    """{"model", "level"} → {"principal": places, "share": of the variance, "neighbourhood": places or null,
    "make": the command that adds what is missing, or null where it can't, "mean", "spread": of each component over the codes}.

    Places are base64 of float32 [K, 2], mean and spread (a standard deviation) of float32 [D]. Only of the finest level,
    which it is where the question names none, are neighbourhoods and patches stored.
    """
    tokenizer = models.tokenizer(question["model"])
    return _atlas(tokenizer.name, models.place_of_level(tokenizer, question.get("level")), _time(tokenizer.name))


@answered_by(pictures)
def read_code(question: dict) -> dict:
    """{"model", "level", "code"} → what there is to know about a code.

    {"rank": 1 for the most used, or null where nobody counted, "codes": itself and its nearest, "distances": theirs,
    "vectors": base64 of float32, D a code, "patches": a PNG of patches side by side or null, "count": how many,
    "margin": pixels of a patch around the token}
    """
    tokenizer = models.tokenizer(question["model"])
    place, code = models.place_of_level(tokenizer, question.get("level")), int(question["code"])
    level = tokenizer.levels[place]
    if not 0 <= code < level.codebook_size:
        raise ValueError(f"This codebook has codes 0 to {level.codebook_size - 1}.")
    codebook = level.codebook.float()
    distances = (codebook - codebook[code]).norm(dim=1)
    distances[code] = -1
    codes = distances.topk(min(NEIGHBOURS + 1, len(codebook)), largest=False).indices
    distances[code] = 0
    usage = models.usage(level)
    stored = _stored(tokenizer.name, place, _time(tokenizer.name))
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
def _atlas(name: str, place: int, time: int) -> dict:
    levels = models.tokenizer(name).levels
    codebook = levels[place].codebook
    principal, share = principal_map(codebook)
    stored = _stored(name, place, time)
    makeable = not stored and place == len(levels) - 1 and not models.is_foreign(models.tokenizer(name))
    return {
        "principal": _floats(principal),
        "share": share,
        "neighbourhood": _floats(stored.places) if stored else None,
        "make": atlas.command(models.source(models.tokenizer(name))) if makeable else None,
        "mean": _floats(codebook.mean(0)),
        "spread": _floats(codebook.std(0, unbiased=False)),
    }


@lru_cache(maxsize=4)
def _stored(name: str, place: int, time: int) -> atlas.Atlas | None:
    return atlas.read_atlas(find(models.source(models.tokenizer(name))), models.tokenizer(name).levels[place]) if time else None


def _time(name: str) -> int:
    """When the stored atlas was written, so that one made while the page is served is read; 0 where there is none."""
    if models.is_foreign(models.tokenizer(name)):
        return 0
    file = find(models.source(models.tokenizer(name))) / atlas.FILE
    return file.stat().st_mtime_ns if file.is_file() else 0


def _floats(values: torch.Tensor) -> str:
    return base64.b64encode(values.numpy().astype("<f4").tobytes()).decode("ascii")
