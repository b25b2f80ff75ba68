"""What lies beside a model. A prior: in words, its card's first paragraph and its limits, and the figures of metrics.json;
and what its prompts.json offers. A tokenizer: its card's first sentence."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from demo import models
from vqcore.evaluation.report import read_figures
from vqcore.files import leave_out, read_json
from vqcore.priors.base import Prior

MOST_IN_TURN = 8
FIRST = "scenes-prior"
"""The prior that benches open on where it is here: sentences that nobody wrote before, drawn as they say."""
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
CARD, LIMITS, METRICS, PROMPTS = "README.md", "## Limits", "metrics.json", "prompts.json"


def best_first(priors: Iterable[Prior]) -> list[Prior]:
    """The most convincing samples first: FIRST, then those that teach a classifier most (accuracy_score); unmeasured ones by name."""
    return sorted(priors, key=lambda prior: (prior.name != FIRST, -_score(prior), prior.name))


def _score(prior: Prior) -> float:
    score = metrics(prior).get("accuracy_score")
    return score if isinstance(score, (int, float)) else 0.0


def sentences(prior: Prior) -> list[str]:
    """What the prior can and can't do: what its card says first, what it says of its limits, and what was measured."""
    text = card(prior)
    _, _, limits = text.partition(f"\n{LIMITS}\n")
    try:
        figures = measured(metrics(prior))
    except (KeyError, TypeError, ValueError) as problem:
        leave_out(f"{prior.name}/{METRICS}", problem)
        figures = ""
    return [said for said in (first_paragraph(text) or plain(prior), first_paragraph(limits), figures) if said]


def tokenizer_sentence(name: str) -> str:
    """What a tokenizer that is served here is: the first sentence of its card."""
    said = first_paragraph(text_of(models.folder(name)))
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", said)[0] or "It has no model card."


def card(prior: Prior) -> str:
    """The model card without its front matter; empty where there is none."""
    return text_of(models.prior_folder(prior.name))


def text_of(folder: Path) -> str:
    """The model card in a checkpoint's folder without its front matter; empty where there is none."""
    return FRONT_MATTER.sub("", _read(folder))


def licence_of(folder: Path) -> str | None:
    """What the front matter of the model card in a folder says, as the Hub reads it; None where it says nothing."""
    said = FRONT_MATTER.match(_read(folder))
    found = said and re.search(r"^license: *([\w.+-]{1,60}) *$", said[0], re.MULTILINE)
    return found[1] if found else None


def _read(folder: Path) -> str:
    path = folder / CARD
    return path.read_text("utf-8", "replace") if path.is_file() else ""


def first_paragraph(text: str) -> str:
    """Of Markdown, the first that is no heading, table or picture, without its marks; empty where there is none."""
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", text))
    first = next((part for part in paragraphs if part and part[0] not in "#|!<`"), "")
    return " ".join(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", first).replace("`", "").replace("**", "").split())


def plain(prior: Prior) -> str:
    grid, kinds = prior.layout.grids[-1], len(prior.conditions)
    rows, columns = grid.shape
    return f"Writes {columns} × {rows} tokens of {models.tokenizer_of(prior).name}" + (f", of {kinds} kinds of pictures." if kinds else ".")


def metrics(prior: Prior) -> dict[str, float | None]:
    """The figures of its evaluation, by name."""
    try:
        return read_figures(models.prior_folder(prior.name) / METRICS)
    except ValueError as problem:
        leave_out(f"{prior.name}/{METRICS}", problem)
        return {}


def offers(prior: Prior) -> dict:
    """{"styles": [[word, what it is called]], "examples": [prompt], "seed": with which it is shown first}, of which prompts.json may leave
    any out; and "settings", how the prior draws best: {"temperature", "top_k", "top_p", "guidance"}."""
    offered, path = {}, models.prior_folder(prior.name) / PROMPTS
    try:
        offered = _checked_offers(read_json(path)) if path.is_file() else {}
    except ValueError as problem:
        leave_out(f"{prior.name}/{PROMPTS}", problem)
    return {"styles": [], "examples": [], "seed": None, "settings": vars(prior.settings)} | offered


def in_turn(prior: Prior) -> list[str]:
    """What shows its variety where it is asked for nothing: each style, and some of its examples, of classes those that it draws best."""
    offered = offers(prior)
    return [*(word for word, _ in offered["styles"]), *offered["examples"]][:MOST_IN_TURN]


def _checked_offers(value: Any) -> dict:
    texts = lambda each, count=None: isinstance(each, list) and count in (None, len(each)) and all(isinstance(t, str) for t in each)
    styles, examples = (value.get(name, []) for name in ("styles", "examples")) if isinstance(value, dict) else (None, None)
    if not texts(examples) or not isinstance(styles, list) or not all(texts(style, 2) for style in styles):
        raise ValueError(f"{PROMPTS} has styles, pairs of texts, and examples, texts")
    if type(seed := value.get("seed", 0)) is not int or not 0 <= seed < 2**32:
        raise ValueError(f"the seed in {PROMPTS} is a whole number from 0 to 4,294,967,295")
    return value


def measured(figures: dict) -> str:
    """The evaluation in a sentence or two: see vqcore.evaluation."""
    if not figures:
        return ""
    if "heldout_first" in figures:
        seen, unseen = figures["seen_first"], figures["heldout_first"]
        return (
            f"The first picture it writes is the one asked for in {seen:.0%} of the prompts that it was trained on, and in {unseen:.0%} "
            "of combinations that it never saw."
        )
    if "overall_held_out" in figures:
        return (
            f"The first picture it draws shows what the sentence says in {figures['overall']:.0%} of sentences, and in "
            f"{figures['overall_held_out']:.0%} of those with a color and a shape that it never saw together."
        )
    bits = " and ".join(f"{value:.2f}" for name, value in figures.items() if name.startswith("bits_per_token"))
    text = f"{bits} bits a token on {figures['pictures']:,} pictures it never saw, {figures['saving']:.0%} below the tokens’ own entropy."
    if score := figures.get("accuracy_score"):
        text += f" A classifier trained on its samples alone is {score:.0%} as accurate as one trained on real pictures."
    return text
