"""What the Text tab asks beside demo/kit/page.py's functions. As there, one JSON value in and one out, and nothing is kept between
two questions."""

import base64
from dataclasses import asdict

from demo import models
from demo.kit import images
from demo.kit.sequences import unpack_grids
from demo.text import work
from demo.workers import answered_by, writers
from vqcore.tokenizers.pixels import to_pixels


@answered_by(writers)
def read_prompt(question: dict) -> dict:
    """{"prior", "text"} → {"words": [{"word", "pieces"}], "tokens", "room"}: a word as it is read, and its text tokens."""
    return asdict(work.read_prompt(models.prior(question["prior"]), question["text"]))


@answered_by(writers)
def rank_pictures(question: dict) -> dict:
    """{"prior", "text", "tokens": whole sequences} → {"fits"}: how well each picture fits the text, −1 … 1, by the
    contrastive model of the prior's tokenizer; None where there is none."""
    prior = models.prior(question["prior"])
    return {"fits": work.fits(prior, question["text"], unpack_grids(question["tokens"], prior))}


@answered_by(writers)
def weigh_words(question: dict) -> dict:
    """{"prior", "text", "tokens": one whole sequence} → {"whole", "without"}: the picture's bits given the text, and
    given the text without each of its words as `read_prompt` tells them."""
    prior = models.prior(question["prior"])
    first = [grid[:1] for grid in unpack_grids(question["tokens"], prior)]
    weighed = work.weigh_words(prior, question["text"], first)
    return {"whole": weighed.whole, "without": weighed.without}


@answered_by(writers)
def find_nearest(question: dict) -> dict:
    """{"prior", "picture": a picture file as base64} → {"found": [{"text", "picture": a PNG data URL, "fit"}], "note": on
    what was done to the file, or null}, the nearest first."""
    prior = models.prior(question["prior"])
    found = work.find_nearest(prior, _file(question["picture"]))
    writers.pass_on()
    pictures = images.to_rgb(to_pixels(models.tokenizer_of(prior).decode([found.tokens])))
    return {"found": [
        {"text": text, "picture": images.to_png_url(picture), "fit": fit}
        for text, picture, fit in zip(found.texts, pictures, found.fits, strict=True)
    ], "note": found.note}


SERVER_FUNCTIONS = [read_prompt, rank_pictures, weigh_words, find_nearest]


def _file(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        raise ValueError("The page sent no picture. Reload it.") from None
