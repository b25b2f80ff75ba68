"""What the Text tab asks beside demo/kit/page.py's functions: how a prompt is read, which picture fits it, what its words do,
and which known picture is like a drawn one.

As there, one JSON value in and one out, and nothing is kept between two questions.
"""

import base64
import binascii

from torch import Tensor

from demo import models
from demo.kit import images
from demo.kit.sequences import unpack_grids
from demo.workers import answered_by, writers
from vqcore.data.images import open_picture
from vqcore.priors.base import Prior
from vqcore.priors.text import Text
from vqcore.tokenizers.pixels import to_pixels, to_tensor

MOST_CHARACTERS = 500
MOST_BYTES = 4_000_000
NEAREST = 8


@answered_by(writers)
def read_prompt(question: dict) -> dict:
    """{"prior", "text"} → {"words": [{"word", "pieces"}], "tokens", "room"}: a word as it is read, and its text tokens."""
    prior, text = models.prior(question["prior"]), _checked(question["text"])
    reads = _reader(prior)
    prior.layout.prefix([text])  # which says what is wrong with a text that is too long
    words = [{"word": word, "pieces": reads.decode(tokens)} for word, tokens in reads.read(text)]
    return {"words": words, "tokens": sum(len(word["pieces"]) for word in words), "room": prior.layout.text_length}


@answered_by(writers)
def rank_pictures(question: dict) -> dict:
    """{"prior", "text", "tokens": whole sequences} → {"fits"}: how well each picture fits the text, −1 … 1, by the
    contrastive model of the prior's tokenizer; None where there is none."""
    prior, text = models.prior(question["prior"]), question["text"]
    return {"fits": fits(prior, text, unpack_grids(question["tokens"], prior))}


@answered_by(writers)
def weigh_words(question: dict) -> dict:
    """{"prior", "text", "tokens": one whole sequence} → {"whole", "without"}: the picture's bits given the text, and
    given the text without each of its words as `read_prompt` tells them."""
    prior, text = models.prior(question["prior"]), _checked(question["text"])
    grids = [grid[:1] for grid in unpack_grids(question["tokens"], prior)]
    words = [word for word, _ in _reader(prior).read(text)]
    texts = [text, *(" ".join(words[:i] + words[i + 1 :]) for i in range(len(words)))]
    writers.pass_on()
    repeated = [grid.expand(len(texts), *grid.shape[1:]) for grid in grids]
    bits = sum(level.flatten(1).sum(1) for level in prior.bits(repeated, texts))
    return {"whole": float(bits[0]), "without": bits[1:].tolist()}


@answered_by(writers)
def find_nearest(question: dict) -> dict:
    """{"prior", "picture": a picture file as base64} → {"found": [{"text", "picture": a PNG data URL, "fit"}]}, the nearest first."""
    prior = models.prior(question["prior"])
    judge = models.contrastive_of(prior)
    known = None if judge is None else models.known_pictures(judge.name)
    if known is None:
        raise ValueError(f"No model here knows pictures like those of {prior.name}.")
    if len(question["picture"]) > MOST_BYTES:
        raise ValueError("This picture is too large to be looked at. Take a smaller one.")
    try:
        data = base64.b64decode(question["picture"], validate=True)
    except binascii.Error:
        raise ValueError("The page sent no picture. Reload it.") from None
    pixels = open_picture(data, 2 * judge.config.side).pixels
    fits = known.embeddings @ judge.embed_images(to_tensor(pixels))[0]
    best = fits.topk(min(NEAREST, len(fits))).indices
    writers.pass_on()
    pictures = images.to_rgb(to_pixels(models.tokenizer_of(prior).decode([known.tokens[best]])))
    return {"found": [
        {"text": known.texts[i], "picture": images.to_png_url(picture), "fit": round(float(fits[i]), 3)}
        for i, picture in zip(best.tolist(), pictures)
    ]}


SERVER_FUNCTIONS = [read_prompt, rank_pictures, weigh_words, find_nearest]


def fits(prior: Prior, text: str, tokens: list[Tensor]) -> list[float] | None:
    """The cosine of each picture, grids int64 [n, *S'] of the prior's tokenizer, with the text; None without a text, or
    without a model that knows both."""
    judge = models.contrastive_of(prior)
    if judge is None or not _checked(text).strip():
        return None
    writers.pass_on()
    return [round(fit, 4) for fit in judge.fit(text, models.tokenizer_of(prior).decode(tokens)).tolist()]


def _reader(prior: Prior) -> Text:
    if not isinstance(prior.layout.text, Text):
        raise ValueError(f"{prior.name} takes one of its classes, and no sentence.")
    return prior.layout.text


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise ValueError("A prompt is a text.")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"A prompt has at most {MOST_CHARACTERS} characters, and this one has {len(text):,}. Shorten it.")
    return text
