"""What the Models tab asks: what is known of each tokenizer, and to open someone else's. To that the answers are words for the
person, and the name it got."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any

from demo import models
from demo.kit.files import patiently
from demo.models import foreign, work
from demo.workers import answered_by, askers, in_words, openers
from vqcore import hub
from vqcore.files import leave_out, left_out, shown
from vqcore.tokenizers.base import Tokenizer

GLANCE = 0.4
"""Seconds after which the person is told anew how much is here."""


def open_id(id: str, progress: hub.Progress = lambda done, total: None) -> tuple[str, str]:
    """What to tell the person, and the opened model's name; none where it couldn't be opened."""
    try:
        return _described(patiently(openers, foreign.open_id, id, progress))
    except ValueError as problem:
        return in_words(problem), ""


def follow_id(id: str) -> Iterator[tuple[str, str]]:
    """As `open_id`, at last; until then, how much of it is here."""
    heard: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as aside:
        opening = aside.submit(copy_context().run, open_id, id, lambda done, total: heard.append((done, total)))
        told = 0
        while not wait([opening], GLANCE).done:
            if len(heard) > told:
                told = len(heard)
                yield _so_far(id, *heard[-1]), ""
        yield opening.result()


def follow_asked(asked: Any) -> Iterator[tuple[str, str]]:
    """`follow_id` for a card's button: {"id", and whatever makes each press another value}."""
    yield from follow_id(asked["id"] if isinstance(asked, dict) and isinstance(asked.get("id"), str) else "")


def _so_far(id: str, done: int, total: int) -> str:
    return f"Fetching {shown(id.strip())}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB, {done / max(total, 1):.0%}."


@answered_by(askers)
def read_models(question: dict) -> dict:
    """{} → {"own": [{"name", "said", "comparable": whether it reads what the page's first does, and as of `describe_model`}],
    "offered": Hub ids, "home": the page's first}."""
    home, own = models.tokenizer(), []
    for name in models.names():
        try:
            card, said = work.own(name)
        except ValueError as problem:
            leave_out(name, problem)
            continue
        own.append({"name": name, "said": said, "comparable": card.description.channels == home.channels, **_card(card)})
    open_now = {each["name"] for each in own}
    return {"own": own, "offered": [id for id in foreign.offered() if id not in open_now], "home": home.name}


@answered_by(askers)
def describe_model(question: dict) -> dict:
    """{"id": one that is offered} → {"what", "codes" and "downsampling" of each level, "bytes" and "licence", null if unknown}."""
    return _card(work.of_hub(str(question["id"])))


SERVER_FUNCTIONS = [read_models, describe_model]


def _card(card: work.Card) -> dict:
    told = card.description
    return {
        "what": told.what, "codes": list(told.codes), "downsampling": list(told.downsampling), "bytes": card.size, "licence": card.licence,
    }


def open_folder(files: list[str] | None) -> tuple[str, str, None]:
    """As `open_id`; the box is emptied, so that another folder can be dropped."""
    try:
        return *_described(patiently(openers, foreign.open_folder, files or [])), None
    except ValueError as problem:
        return in_words(problem), "", None


def damaged() -> str:
    """What of this page's own is left out, a line each; "" where nothing is."""
    return "\n".join(f"{what}: {in_words(ValueError(problem))}" for what, problem in left_out().items())


def _described(tokenizer: Tokenizer) -> tuple[str, str]:
    level = tokenizer.levels[-1]
    told = (
        f"{tokenizer.name} is open: {level.codebook_size:,} codes of {level.code_dim} dimensions, "
        f"{level.downsampling} × {level.downsampling} pixels a token."
    )
    if tokenizer.halo is None:
        told += " Every token reaches every pixel, so each edit decodes the whole picture."
    return " ".join([told, *tokenizer.notes]), tokenizer.name
