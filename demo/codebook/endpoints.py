"""The endpoints of codebooks."""

from typing import Any

from gradio.data_classes import FileData

from demo import models
from demo.canvas import work as canvas
from demo.codebook import work
from demo.kit.files import patiently, to_picture
from demo.kit.images import tile_sheet
from demo.workers import pictures, strokes


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
    tokenizer = models.tokenizer(model or None)
    place = models.place_of_level(tokenizer, level)
    found, looks = tokenizer.levels[place], patiently(strokes, models.appearance, tokenizer, place)
    about = {"codes": found.codebook_size, "code_dim": found.code_dim, "downsampling": found.downsampling, "halo": found.halo}
    return about | {"usage": models.usage(found).tolist()}, to_picture(tile_sheet(looks))


def map_codebook(model: str = "", level: int = -1) -> dict[str, Any]:
    """Where the codes lie: in their first two principal components, and, where somebody made it, in a map of neighbourhoods.

    Args:
        model: a tokenizer's name; the default one where empty
        level: of its levels, coarse to fine from 0; the finest where -1

    Returns:
        {"principal": [x, y] of each code, "share": of the variance that it shows, "neighbourhood": [x, y] of each code by
        t-SNE, or null}
    """
    tokenizer = models.tokenizer(model or None)
    found = patiently(pictures, work.map_codes, tokenizer, models.place_of_level(tokenizer, level))
    neighbourhood = None if found.neighbourhood is None else found.neighbourhood.tolist()
    return {"principal": found.principal.tolist(), "neighbourhood": neighbourhood, "share": found.share}


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
    tokenizer = models.tokenizer(model or None)
    found = tokenizer.levels[models.place_of_level(tokenizer, level)]
    codes, _ = patiently(strokes, canvas.nearest_codes, found, code, max(1, count))
    return codes


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
    tokenizer = models.tokenizer(model or None)
    found = tokenizer.levels[models.place_of_level(tokenizer, level)]
    return patiently(strokes, canvas.codes_between, found, first, last, steps)
