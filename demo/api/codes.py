"""The endpoints of codebooks."""

import base64
from typing import Any

import numpy as np
from gradio.data_classes import FileData

from demo import models
from demo.api.files import answer_of, to_png
from demo.canvas import service
from demo.codebook import service as atlas


def describe_codebook(model: str = "", level: int = -1) -> tuple[dict[str, Any], FileData]:
    """A codebook: its sizes, how often training used each code, and what each looks like.

    Args:
        model: a tokenizer's name; the default one where empty
        level: of its levels, coarse to fine from 0; the finest where -1

    Returns:
        {"codes": K, "code_dim": D, "downsampling": f, "halo": how far a token reaches, in tokens of the finest grid, null for
        everywhere, "usage": K counts}
        what each code decodes to alone, 64 in a row, as a PNG file
    """
    tokenizer, place = models.tokenizer(model or None), level_place(model, level)
    found, each = tokenizer.levels[place], answer_of(service.read_codebook, model=tokenizer.name)["levels"][place]
    about = {"codes": found.codebook_size, "code_dim": found.code_dim, "downsampling": found.downsampling, "halo": found.halo}
    return about | {"usage": models.usage(found).tolist()}, to_png(each["tiles"])


def map_codebook(model: str = "", level: int = -1) -> dict[str, Any]:
    """Where the codes lie: in their first two principal components, and, where somebody made it, in a map of neighbourhoods.

    Args:
        model: a tokenizer's name; the default one where empty
        level: of its levels, coarse to fine from 0; the finest where -1

    Returns:
        {"principal": [x, y] of each code, "share": of the variance that it shows, "neighbourhood": [x, y] of each code by
        t-SNE, or null}
    """
    found = answer_of(atlas.read_atlas, model=models.tokenizer(model or None).name, level=level_place(model, level))
    places = {name: None if found[name] is None else _pairs(found[name]) for name in ("principal", "neighbourhood")}
    return places | {"share": found["share"]}


def nearest_codes(code: int, count: int = 8, model: str = "", level: int = -1) -> list[int]:
    """The codes whose vectors lie nearest to one code's, by Euclidean distance, itself first.

    Args:
        code: an index into the codebook
        count: how many
        model: a tokenizer's name; the default one where empty
        level: of which level, 0 the coarsest; the finest where negative

    Returns:
        their indices
    """
    name = models.tokenizer(model or None).name
    return answer_of(service.nearest_codes, model=name, level=level_place(name, level), code=code, count=max(1, count))["codes"]


def codes_between(first: int, last: int, steps: int = 12, model: str = "", level: int = -1) -> list[int]:
    """The straight line from one code's vector to another's, snapped to the nearest codes on the way.

    Args:
        first: the code to start from
        last: the code to end at
        steps: how many codes, both ends included; 2 to 64
        model: a tokenizer's name; the default one where empty
        level: of which level, 0 the coarsest; the finest where negative

    Returns:
        their indices
    """
    name = models.tokenizer(model or None).name
    question = {"model": name, "level": level_place(name, level), "from": first, "to": last, "steps": steps}
    return answer_of(service.codes_between, **question)["codes"]


def level_place(model: str, level: int) -> int:
    """Which of a tokenizer's levels is meant, 0 the coarsest."""
    return models.place_of_level(models.tokenizer(model or None), None if level < 0 else level)


def _pairs(data: str) -> list[list[float]]:
    return np.frombuffer(base64.b64decode(data), "<f4").reshape(-1, 2).tolist()
