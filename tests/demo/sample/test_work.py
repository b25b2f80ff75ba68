"""Pictures that a prior writes, and tokens that are drawn each for itself."""

import base64

import numpy as np
import pytest
import torch

import vqcore
from demo.kit.sequences import pack
from demo.kit.writing import Settings
from demo.sample import page, work
from tests.demo.asking import unpack
from vqcore.metrics import entropy
from vqcore.study.looking import look_back, measure_effects

NAME = "tiny-prior"


@pytest.fixture(scope="module")
def prior(tiny_prior):
    return vqcore.load_prior(tiny_prior)


def test_a_sample_is_the_priors_own_and_its_document_holds_it(prior, tiny_default):
    grids = work.sample(prior, 2, Settings("disc", 0.9, seed=5))
    assert torch.equal(grids[0], prior.sample(2, "disc", temperature=0.9, seed=5)[0])
    first, second = work.documents_of(prior, tiny_default, grids)
    assert (second.grids[0] == grids[0][1].numpy()).all() and (first.width, first.height) == (64, 64)
    assert first.tokenizer is tiny_default and first.name == f"{NAME} sample"


def test_marginal_tokens_are_as_usual_as_in_training_and_uniform_ones_are_not(prior, tiny_default):
    usage = tiny_default.levels[0].usage.double()
    rare = set((usage == 0).nonzero()[:, 0].tolist()) or {int(usage.argmin())}
    by = {kind: work.draw(prior, tiny_default, 16, 0, kind)[0].numpy() for kind in ("uniform", "marginal")}
    assert entropy(np.bincount(by["marginal"].ravel())) < entropy(np.bincount(by["uniform"].ravel())) - 0.05 / np.log(2)
    assert np.isin(by["marginal"], list(rare)).mean() < np.isin(by["uniform"], list(rare)).mean()
    told = unpack(page.draw_tokens({"prior": NAME, "count": 16, "seed": 0, "by": "uniform"})["tokens"])
    assert (told == by["uniform"].ravel()).all()


@pytest.mark.parametrize("n", [0, 17])
def test_at_most_sixteen_are_written_at_a_time(prior, tiny_default, n):
    with pytest.raises(ValueError, match="Between 1 and 16 pictures"):
        work.sample(prior, n, Settings())
    with pytest.raises(ValueError, match="Between 1 and 16 samples"):
        work.draw(prior, tiny_default, n, 0, "uniform")


def test_a_question_that_makes_no_sense_is_answered_in_words():
    assert "don't understand each other" in page.draw_tokens({"prior": NAME})["error"]


def test_what_was_looked_at_and_what_changes_the_odds_travel_whole(prior, tiny_default):
    tokens, flat = prior.sample(1, "disc", seed=3), lambda text: np.frombuffer(base64.b64decode(text), "<f4")
    question = {"prior": NAME, "condition": "disc", "at": 9}
    given = lambda count: {**question, "tokens": pack(tokens[0].view(1, -1)[:, :count], prior)}
    looked, answer = look_back(prior, tokens, 9, "disc"), page.look_back(given(9))
    assert (answer["layers"], answer["heads"], answer["words"]) == (*looked.text.shape[:2], ["disc"])
    assert np.allclose(flat(answer["text"]), looked.text.flatten()) and np.allclose(flat(answer["tokens"]), looked.tokens.flatten())
    found, answer = measure_effects(prior, tokens, 9, "disc"), page.measure_effects(given(10))
    assert answer["bits"] == pytest.approx(found.bits) and np.allclose(flat(answer["text"]), found.of_words)
    assert np.allclose(flat(answer["tokens"]), found.of_tokens, equal_nan=True)
    assert "tokens 0 to 63, not 64" in page.look_back({**given(64), "at": 64})["error"]
