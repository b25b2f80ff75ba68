"""What the Sample tab asks of the server, beside what demo/kit/page.py answers, and in the same way."""

from torch import Tensor

from demo import models
from demo.kit.bytes import floats_to_base64
from demo.kit.page import WRITING, asked_prior, read_codebook
from demo.kit.sequences import pack_grids, unpack_grids
from demo.sample import work
from demo.workers import answered_by, writers
from vqcore.priors.base import Prior


@answered_by(writers)
def draw_tokens(question: dict) -> dict:
    """{"prior", "count", "seed", "by": "uniform" or "marginal"} → {"tokens"}: each token drawn for itself alone."""
    prior, by = models.prior(question["prior"]), question["by"]
    drawn = work.draw(prior, models.tokenizer_of(prior), int(question["count"]), int(question["seed"]), by)
    return {"tokens": pack_grids(drawn, prior)}


@answered_by(writers)
def look_back(question: dict) -> dict:
    """{"prior", "condition", "tokens", "at"} → {"layers", "heads", "words", "text", "tokens"}: what each head takes of what comes before
    token `at` of one sequence, of which the first are given.

    base64 of float32: "text" [layers, heads, words + 1], the last for all that is no word; "tokens" [layers, heads, at].
    """
    prior, grids, at = _asked_token(question)
    looked = work.looked_at(prior, grids, at, question.get("condition"))
    layers, heads, _ = looked.text.shape
    return {
        "layers": layers, "heads": heads, "words": list(looked.words),
        "text": floats_to_base64(looked.text), "tokens": floats_to_base64(looked.tokens),
    }


@answered_by(writers)
def measure_effects(question: dict) -> dict:
    """{"prior", "condition", "tokens", "at"} → {"bits", "words", "text", "tokens"}: −log2 p of token `at`, the last of those given, and by
    how many bits each word and each token before it makes it likelier: base64 of float32 [words] and [at], NaN for what wasn't tried."""
    prior, grids, at = _asked_token(question, 1)
    found = work.effects_on(prior, grids, at, question.get("condition"))
    return {
        "bits": found.bits, "words": list(found.words),
        "text": floats_to_base64(found.of_words), "tokens": floats_to_base64(found.of_tokens),
    }


def _asked_token(question: dict, more: int = 0) -> tuple[Prior, list[Tensor], int]:
    """The prior, one sequence's grids, and which token of it is asked for; that many are given, and `more`."""
    prior, at = asked_prior(question), int(question["at"])
    return prior, [grid[:1] for grid in unpack_grids(question["tokens"], prior, at + more)], at


SERVER_FUNCTIONS = [read_codebook, *WRITING, draw_tokens, look_back, measure_effects]
