"""The Codebook tab: all codes on a map, how training used them, and how far apart those of this picture are."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from demo import models
from demo.codebook import page, work
from demo.document import Workspace
from demo.figures import distance_heatmap, training_history, usage_by_rank
from demo.kit.images import to_rgb
from demo.kit.workspace import WorkspaceBench
from vqcore.checkpoints import find
from vqcore.metrics import perplexity
from vqcore.tokenizers.base import Level, suffixes
from vqcore.training.run import read_log

HERE = Path(__file__).parent
FACTS = ("Codes", "Components", "A token", "Used", "Dead", "Perplexity")


class CodebookAtlas(WorkspaceBench):
    """The codebook of the picture on the canvas. Its value in Python is a `Workspace` of that picture alone.

    The value is set while the atlas is in sight only, and `change` fires then; `new_codebook` fires when the
    codebook is another one than before: another model's, or that of another level.
    """

    def __init__(self, **settings: Any):
        super().__init__(HERE, server_functions=page.SERVER_FUNCTIONS, **settings)


def build() -> None:
    """Lay out the tab. The atlas follows the canvas by itself while it is in sight, and the plots follow the atlas."""
    with gr.Tab("Codebook", id="codebook"):
        atlas = CodebookAtlas(elem_id="codebook-atlas")
        unknown = _facts([(name, "…", "") for name in FACTS])
        facts = gr.HTML(unknown, elem_id="codebook-facts", elem_classes="facts", apply_default_css=False)
        with gr.Row(elem_classes="side-by-side"):
            with gr.Column(min_width=320):
                gr.HTML("Use in the training set", elem_classes="plot-title")
                ranks = gr.Plot(show_label=False, container=False, elem_id="codebook-ranks", elem_classes=["figure", "shows-codes"])
                story = gr.HTML("How it came about", elem_classes="plot-title")
                history = gr.Plot(show_label=False, container=False, elem_id="codebook-history", elem_classes="figure")
            with gr.Column(min_width=320):
                caption = gr.HTML("Distances between the codes of this picture", elem_classes="plot-title")
                heatmap = gr.Plot(show_label=False, container=False, elem_id="codebook-distances", elem_classes=["figure", "shows-codes"])
    quiet = {"show_progress": "hidden", "trigger_mode": "always_last", "concurrency_limit": 2, "api_visibility": "private"}
    atlas.new_codebook(show_training, atlas, [facts, ranks, story, history], **quiet)
    atlas.change(show_distances, atlas, [caption, heatmap], **quiet)


def show_training(shown: Workspace):
    """The figures and plots of the picture's codebook: what training left of it, and how it came about."""
    if not shown.documents:
        return gr.skip()
    document = shown.documents[shown.active]
    tokenizer, levels = document.tokenizer, document.tokenizer.levels
    level, suffix = levels[shown.level], suffixes(levels)[shown.level]
    counts = models.usage(level)
    rows = [] if models.is_foreign(tokenizer) else read_log(find(models.source(tokenizer)) / "metrics.jsonl")
    log = [row for row in rows if "minutes" in row]
    told = "How it came about" if log else "How it came about: there is no metrics.jsonl beside this model"
    return (
        _facts(facts_of(level)),
        usage_by_rank(counts) if counts.any() else None,
        told,
        training_history(log, level.codebook_size, suffix) if log else None,
    )


def facts_of(level: Level) -> list[tuple[str, str, str]]:
    """(name, figure, what it means) of a level's codebook."""
    counts = models.usage(level)
    shape = [
        (f"{level.codebook_size:,}", f"K, of {np.log2(level.codebook_size):.4g} bits each"),
        (f"{level.code_dim}", "D, numbers in a code’s vector"),
        (f"{level.downsampling} × {level.downsampling}", "pixels"),
    ]
    use = [("–", "nobody counted")] * 3
    if counts.any():
        used, even = int(np.count_nonzero(counts)), perplexity(counts)
        use = [
            (f"{used:,}", f"{100 * used / len(counts):.1f} % of codes, in {counts.sum():,} tokens of training"),
            (f"{len(counts) - used:,}", "codes that training never used"),
            (f"{even:,.0f}", f"codes, were they used equally: {100 * even / len(counts):.0f} % of K"),
        ]
    return [(name, *fact) for name, fact in zip(FACTS, shape + use, strict=True)]


def show_distances(shown: Workspace):
    """The heat map of the codes of the picture on the canvas, and a line that says which they are."""
    if not shown.documents:
        return gr.skip()
    document = shown.documents[shown.active]
    found = work.distances_of(document, shown.level)
    shows = len(found.codes)
    which = f"the {shows} most used of {found.used:,} codes" if found.used > shows else f"all {found.used:,} codes"
    caption = f"Distances between {which} of this picture, near ones together"
    looks = to_rgb(models.appearance(document.tokenizer, shown.level)[found.codes])
    return caption, distance_heatmap(found.codes, found.between, looks)


def _facts(entries: list[tuple[str, str, str]]) -> str:
    """HTML of fixed words and numbers only, nothing that a person typed."""
    cells = (f"<div><dt>{name}</dt><dd>{figure}<small>{note}</small></dd></div>" for name, figure, note in entries)
    return f"<dl>{''.join(cells)}</dl>"
