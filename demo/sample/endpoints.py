"""The endpoints of priors: what they write, and how surprised they are."""

import math
from typing import Any, Literal

import numpy as np
from gradio.data_classes import FileData

from demo import document as documents
from demo import models
from demo.canvas import work as canvas
from demo.document import Document
from demo.kit import writing
from demo.kit.files import patiently, to_picture
from demo.kit.writing import Settings, grids_for
from demo.sample import work
from demo.workers import pictures, writers


def sample(
    prior: str, n: int = 1, condition: str = "", temperature: float | None = None, top_k: int = 0, top_p: float = 1.0, seed: int = 0,
    guidance: float | None = None,
) -> tuple[list[dict[str, Any]], FileData]:
    """Let a prior write new pictures, token by token.

    Args:
        prior: a prior's name, see list_models
        n: how many pictures, 1 to 16
        condition: a text to write for, a class or a sentence, as the prior takes it; unconditional where empty
        temperature: logits are divided by it; 0 always takes the likeliest token; as the prior draws best where left out
        top_k: draw each token among the top_k likeliest; among all where 0
        top_p: draw among the fewest that have this probability together
        seed: the same seed gives the same pictures
        guidance: 1 draws as trained; more keeps closer to the text, and closest to what stands after a colon; as the prior draws best
            where left out

    Returns:
        a document for each picture
        what they decode to, side by side as one PNG file
    """
    model = models.prior(prior)
    settings = Settings(condition or None, temperature, top_k or None, None if top_p == 1 else top_p, guidance, seed)
    grids = patiently(writers, work.sample, model, n, settings)
    return _sheet(work.documents_of(model, models.tokenizer_of(model), grids))


def draw_tokens(prior: str, by: Literal["uniform", "marginal"], n: int = 1, seed: int = 0) -> tuple[list[dict[str, Any]], FileData]:
    """Pictures of tokens that are drawn each for itself, to compare with those that a prior writes.

    Args:
        prior: whose grids they fill, see list_models
        by: every code as likely as another, or as likely as the training pictures used it
        n: how many pictures, 1 to 16
        seed: the same seed gives the same pictures

    Returns:
        a document for each picture
        what they decode to, side by side as one PNG file
    """
    model = models.prior(prior)
    tokenizer = models.tokenizer_of(model)
    grids = patiently(writers, work.draw, model, tokenizer, n, seed, by)
    return _sheet(work.documents_of(model, tokenizer, grids))


def bits(document: dict[str, Any], prior: str, condition: str = "") -> tuple[float, list[list[float]]]:
    """How surprising a prior finds a document: −log2 p of each token, given the text and the tokens before it.

    Args:
        document: of as many tokens as the prior's own pictures have, or as one likes for a prior of any size
        prior: a prior's name, see list_models
        condition: a text to judge it by; unconditional where empty

    Returns:
        bits of all tokens together
        bits of each token of the finest grid, row by row
    """
    model = models.prior(prior)
    tokens = grids_for(documents.from_json(document), model)
    grids = patiently(writers, writing.judge, model, tokens, condition or None)
    return float(sum(grid.sum() for grid in grids)), [[round(bit, 4) for bit in row] for row in grids[-1][0].tolist()]


def look_back(document: dict[str, Any], prior: str, at: int, condition: str = "") -> tuple[list[str], list[Any], list[Any]]:
    """What a transformer's attention takes of the words and tokens before one token. Attention tells where values are taken from, and
    not how much they matter: see measure_effects.

    Args:
        document: of as many tokens as the prior's own pictures have
        prior: a prior's name, see list_models; a transformer
        at: which token, in the order in which the prior writes them, from 0
        condition: the text that the picture is read with

    Returns:
        the words as they are read
        of each layer and each head the weight of each word, and at last of all that is no word
        of each layer and each head the weight of each token before
    """
    model = models.prior(prior)
    looked = patiently(writers, work.looked_at, model, grids_for(documents.from_json(document), model), at, condition or None)
    return list(looked.words), looked.text.tolist(), looked.tokens.tolist()


def measure_effects(
    document: dict[str, Any], prior: str, at: int, condition: str = ""
) -> tuple[float, list[tuple[str, float]], list[float | None]]:
    """By how many bits each word and each token before it makes a token likelier, measured by taking one away at a time.

    Args:
        document: of as many tokens as the prior's own pictures have, or as one likes for a prior of any size
        prior: a prior's name, see list_models
        at: which token, in the order in which the prior writes them, from 0
        condition: the text that the picture is read with

    Returns:
        -log2 p of the token
        each word, and by how many bits the token is less likely where the text is without it
        of each token before, by how many bits it is less likely where the likeliest other code stands in that one's place; null where
            that was not tried
    """
    model = models.prior(prior)
    tokens = grids_for(documents.from_json(document), model)
    sized = model.of_size(*(grid.shape[1:] for grid in tokens)) if model.any_size else model
    found = patiently(writers, work.effects_on, sized, tokens, at, condition or None)
    of_tokens = [None if math.isnan(bits) else bits for bits in found.of_tokens.tolist()]
    return found.bits, list(zip(found.words, found.of_words.tolist())), of_tokens


def _sheet(each: list[Document]) -> tuple[list[dict[str, Any]], FileData]:
    """The documents, and one picture of them all, side by side."""
    decoded = [patiently(pictures, canvas.decode, document) for document in each]
    return [documents.to_json(document) for document in each], to_picture(np.concatenate(decoded, axis=1))
