"""What the Sample tab asks of the server, beside what demo/kit/page.py answers, and in the same way."""

from demo import models
from demo.kit.page import WRITING, read_codebook
from demo.kit.sequences import pack_grids
from demo.sample import work
from demo.workers import answered_by, writers


@answered_by(writers)
def draw_tokens(question: dict) -> dict:
    """{"prior", "count", "seed", "by": "uniform" or "marginal"} → {"tokens"}: each token drawn for itself alone."""
    prior, by = models.prior(question["prior"]), question["by"]
    drawn = work.draw(prior, models.tokenizer_of(prior), int(question["count"]), int(question["seed"]), by)
    return {"tokens": pack_grids(drawn, prior)}


SERVER_FUNCTIONS = [read_codebook, *WRITING, draw_tokens]
