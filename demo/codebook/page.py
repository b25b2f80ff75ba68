"""What the atlas asks of the server, outside the queue: as demo/canvas/page.py."""

import numpy as np

from demo import models
from demo.codebook import work
from demo.kit import images
from demo.kit.bytes import floats_to_base64
from demo.workers import answered_by, pictures


@answered_by(pictures)
def read_atlas(question: dict) -> dict:
    """{"model", "level"} → {"principal": places, "share": of the variance, "neighbourhood": places or null,
    "make": the command that adds what is missing, or null where it can't, "mean", "spread": of each component over the codes}.

    Places are base64 of float32 [K, 2], mean and spread (a standard deviation) of float32 [D]: see work.Map. The level is
    the finest where the question names none.
    """
    tokenizer = models.tokenizer(question["model"])
    found = work.map_codes(tokenizer, models.place_of_level(tokenizer, question.get("level")))
    return {
        "principal": floats_to_base64(found.principal),
        "share": found.share,
        "neighbourhood": None if found.neighbourhood is None else floats_to_base64(found.neighbourhood),
        "make": found.make,
        "mean": floats_to_base64(found.mean),
        "spread": floats_to_base64(found.spread),
    }


@answered_by(pictures)
def read_code(question: dict) -> dict:
    """{"model", "level", "code"} → what there is to know about a code.

    {"rank": 1 for the most used, or null where nobody counted, "codes": itself and its nearest, "distances": theirs,
    "vectors": base64 of float32, D a code, "patches": a PNG of patches side by side or null, "count": how many,
    "margin": pixels of a patch around the token}
    """
    tokenizer = models.tokenizer(question["model"])
    found = work.read_code(tokenizer, models.place_of_level(tokenizer, question.get("level")), int(question["code"]))
    return {
        "rank": found.rank,
        "codes": found.codes,
        "distances": found.distances,
        "vectors": floats_to_base64(found.vectors),
        "patches": images.to_png_url(np.concatenate(found.patches, axis=1)) if len(found.patches) else None,
        "count": len(found.patches),
        "margin": found.margin,
    }


SERVER_FUNCTIONS = [read_atlas, read_code]
