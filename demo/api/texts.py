"""The endpoints of priors that read sentences, and of the models that know texts and pictures."""

import base64
from typing import Any

import torch
from gradio.data_classes import FileData

from demo import document as documents
from demo import models
from demo.api.files import answer_of, patiently, read_file
from demo.kit.sequences import MOST_SAMPLES, pack_grids
from demo.kit.writing import grids_for
from demo.text import service as prompting
from demo.workers import writers


def read_prompt(prior: str, text: str) -> dict[str, Any]:
    """How a prior reads a sentence.

    Args:
        prior: a prior's name, see list_models
        text: what it is to write

    Returns:
        {"words": each {"word", "pieces": the text tokens it is read as}, "tokens": how many, "room": how many it reads at most}
    """
    return answer_of(prompting.read_prompt, prior=prior, text=text)


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
    tokens = pack_grids(grids, model)
    found = answer_of(prompting.weigh_words, prior=prior, text=text, tokens=tokens)
    words = [each["word"] for each in read_prompt(prior, text)["words"]]
    return found["whole"], [{"word": word, "bits": bits} for word, bits in zip(words, found["without"], strict=True)]


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
    found = patiently(writers, prompting.fits, model, text, [torch.cat(level) for level in zip(*each)])
    if found is None:
        raise ValueError(f"Give a text, and a prior whose pictures are known with texts; {prior}’s may not be.")
    return found


def find_nearest(image: FileData, prior: str) -> list[dict[str, Any]]:
    """Which of the pictures that a prior learned are nearest to a drawn one.

    Args:
        image: a picture file of any common kind
        prior: a prior's name, see list_models

    Returns:
        {"text", "fit"} of each, the nearest first: its caption, and a cosine, -1 to 1
    """
    found = answer_of(prompting.find_nearest, prior=models.prior(prior).name, picture=base64.b64encode(read_file(image)).decode("ascii"))["found"]
    return [{"text": each["text"], "fit": each["fit"]} for each in found]
