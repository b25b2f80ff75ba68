"""The endpoints of priors that read sentences, and of the models that know texts and pictures."""

from dataclasses import asdict
from typing import Any

import torch
from gradio.data_classes import FileData

from demo import document as documents
from demo import models
from demo.kit import images
from demo.kit.files import patiently, read_file, to_file
from demo.kit.sequences import MOST_SAMPLES
from demo.kit.writing import grids_for
from demo.text import scenes, work
from demo.workers import strokes, writers


def read_prompt(prior: str, text: str) -> dict[str, Any]:
    """How a prior reads a sentence.

    Args:
        prior: a prior's name, see list_models
        text: what it is to write

    Returns:
        {"words": each {"word", "pieces": the text tokens it is read as}, "tokens": how many, "room": how many it reads at most,
        "unseen": the pairs of color and shape in it that a prior of scenes never saw}
    """
    return asdict(patiently(writers, work.read_prompt, models.prior(prior), text))


def weigh_words(document: dict[str, Any], prior: str, text: str) -> tuple[float, list[dict[str, Any]]]:
    """What each word of a text does for a picture: its bits under the prior without it.

    Args:
        document: as sample gives it
        prior: a prior's name, see list_models
        text: what it was written for

    Returns:
        bits of the picture given the whole text
        of each word {"word", "bits": of the picture given the text without it}
    """
    model = models.prior(prior)
    grids = grids_for(documents.from_json(document), model)
    model.layout.check(grids)
    weighed = patiently(writers, work.weigh_words, model, text, grids)
    return weighed.whole, [{"word": word, "bits": bits} for word, bits in zip(weighed.words, weighed.without, strict=True)]


def rank(written: list[dict[str, Any]], prior: str, text: str) -> list[float]:
    """How well pictures that a prior wrote fit a text, by the model that knows texts and such pictures.

    Args:
        written: 1 to 16 documents, as sample gives them
        prior: a prior's name, see list_models
        text: what they are to be of

    Returns:
        a cosine for each of them, -1 to 1, the best fit highest
    """
    if not 1 <= len(written) <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} pictures are ranked at a time.")
    model = models.prior(prior)
    each = [grids_for(documents.from_json(document), model) for document in written]
    for grids in each:
        model.layout.check(grids)
    found = patiently(writers, work.fits, model, text, [torch.cat(level) for level in zip(*each)])
    if found is None:
        raise ValueError(f"Give a text, and a prior whose pictures are known with texts; {prior}’s may not be.")
    return found


def draw_scene(text: str, side: int = 96, seed: int = 0) -> tuple[FileData, str]:
    """A scene in which a sentence is true, rendered as the training pictures of the prior of scenes.

    Args:
        text: one to three things, with colors, sizes, materials, where they stand and on what, such as two red balls on sand
        side: 16 to 384, in pixels
        seed: the same seed gives the same scene

    Returns:
        a PNG
        another sentence that is true of it
    """
    drawn = patiently(strokes, scenes.from_text, text[: work.MOST_CHARACTERS], side, seed)
    return to_file(images.to_png(drawn.picture), "scene.png", "image/png"), drawn.text


def find_nearest(image: FileData, prior: str) -> list[dict[str, Any]]:
    """Which of the pictures that a prior learned are nearest to a drawn one.

    Args:
        image: a picture file of any common kind
        prior: a prior's name, see list_models

    Returns:
        {"text", "fit", "note"} of each, the nearest first: its caption, a cosine, -1 to 1, and what was done to the file, or null
    """
    found = patiently(writers, work.find_nearest, models.prior(prior), read_file(image))
    return [{"text": text, "fit": fit, "note": found.note} for text, fit in zip(found.texts, found.fits, strict=True)]
