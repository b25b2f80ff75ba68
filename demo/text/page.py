"""What the Text tab asks beside demo/kit/page.py's functions. As there, one JSON value in and one out, and nothing is kept between
two questions."""

import base64
import math
from dataclasses import asdict
from typing import Any

from demo import document as documents
from demo import models
from demo.kit import images
from demo.kit.sequences import unpack_grids
from demo.text import scenes, work
from demo.workers import answered_by, strokes, writers
from vqcore.data.scenes import Scene
from vqcore.data.scenes.arranging import Placed, arrange, placed
from vqcore.tokenizers.pixels import to_pixels


@answered_by(writers)
def read_prompt(question: dict) -> dict:
    """{"prior", "text"} → {"words": [{"word", "pieces"}], "tokens", "room", "unseen"}: a word as it is read, and its text tokens."""
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


@answered_by(strokes)
def draw_scene(question: dict) -> dict:
    """{"side", "seed", "text": a sentence} or {"side", "seed", "scene", "moved": nothing or {"number", "across", "down"}} →
    {"scene", "picture": a PNG data URL, "boxes": of each thing, "text": a sentence that is true of it, "unseen": the pairs of color and
    shape in it that no training scene has}.

    A scene is {"floor", "things": [{"shape", "color", "size", "material", "x", "z", "on"}]}; moved says which of them stands
    at a place of the picture, 0 … 1 across and down. Boxes are [left, top, right, bottom] in pixels, null for what is hidden.
    """
    side, seed = int(question["side"]), int(question["seed"])
    if "text" in question:
        drawn = scenes.from_text(str(question["text"])[: work.MOST_CHARACTERS], side, seed)
    else:
        drawn = scenes.draw(_scene(question["scene"], question.get("moved")), side, seed)
    return {
        "scene": _to_json(drawn.scene), "picture": images.to_png_url(drawn.picture), "boxes": drawn.boxes, "text": drawn.text,
        "unseen": drawn.unseen,
    }


@answered_by(writers)
def tokenize_scene(question: dict) -> dict:
    """{"prior", "scene", "name"} → {"document", "rebuilt": a PNG data URL}: the scene in the tokens that the prior writes."""
    prior, scene = models.prior(question["prior"]), _scene(question["scene"])
    document, rebuilt = scenes.tokenize(prior, scene, str(question["name"]))
    return {"document": documents.to_json(document), "rebuilt": images.to_png_url(images.to_rgb(rebuilt))}


SERVER_FUNCTIONS = [read_prompt, rank_pictures, weigh_words, find_nearest, draw_scene, tokenize_scene]


def _scene(given: dict[str, Any], moved: dict[str, Any] | None = None) -> Scene:
    things = [
        Placed(
            str(thing["shape"]), str(thing["color"]), str(thing["size"]), str(thing["material"]), _place(thing["x"]), _place(thing["z"]),
            None if thing["on"] is None else int(thing["on"]),
        )
        for thing in given["things"]
    ]
    if moved:
        things = scenes.moved(things, int(moved["number"]), _place(moved["across"]), _place(moved["down"]))
    return arrange(things, str(given["floor"]))


def _place(given: Any) -> float:
    place = float(given)
    if not math.isfinite(place):
        raise ValueError("A thing stands at a place: two finite numbers.")
    return place


def _to_json(scene: Scene) -> dict[str, Any]:
    return {"floor": scene.floor, "things": [vars(thing) for thing in placed(scene)]}


def _file(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        raise ValueError("The page sent no picture. Reload it.") from None
