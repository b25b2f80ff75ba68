"""What several benches ask of a prior: to write tokens, to show them, to judge them."""

import itertools

import numpy as np
import pytest

import vqcore
from demo.kit import page
from tests.demo.asking import pack, pixels_of, unpack
from vqcore.tokenizers.pixels import to_pixels

SETTINGS = {"condition": "disc", "temperature": 0.9, "seed": 5}
NAME = "tiny-prior"


@pytest.fixture(scope="module")
def prior(tiny_prior):
    return vqcore.load_prior(tiny_prior)


def ask(function, **question):
    answer = function({"prior": NAME, **question})
    assert "error" not in answer, answer
    return answer


def written_in_slices(count, slices, settings=SETTINGS):
    tokens = np.zeros((count, 0), int)
    for kept, until in itertools.pairwise(slices):
        answer = ask(page.write_tokens, settings=settings, count=count, tokens=pack(tokens), kept=kept, until=until)
        tokens = np.concatenate([tokens, unpack(answer["tokens"]).reshape(count, -1)], 1)
    return tokens


@pytest.mark.parametrize("slices", [[0, 64], [0, 1, 20, 21, 64]])
def test_a_sample_written_in_slices_is_the_priors_own(prior, slices):
    expected = prior.sample(3, "disc", temperature=0.9, seed=5)[0].reshape(3, -1)
    assert (written_in_slices(3, slices) == expected.numpy()).all()


def test_each_sample_may_have_a_text_of_its_own(prior):
    texts = ["bar", "disc", "bar"]
    expected = prior.sample(3, texts, seed=5, top_k=3, guidance=2.0)[0].reshape(3, -1)
    settings = {"condition": texts, "seed": 5, "top_k": 3, "guidance": 2.0}
    assert (written_in_slices(3, [0, 30, 64], settings) == expected.numpy()).all()


def test_the_distribution_told_is_the_one_drawn_from(prior):
    settings = {"condition": None, "top_k": 6, "seed": 1}
    seen = []
    prior.sample(1, seed=1, top_k=6, on_token=lambda token: seen.append(token) or token.index == 9)
    answer = ask(page.write_tokens, settings=settings, count=1, tokens="", kept=0, until=10, candidates=8)
    tokens = unpack(answer["tokens"])
    for token, told, drawn in zip(seen, answer["next"], tokens, strict=True):
        p, before = token.probabilities[0], token.logits[0].softmax(0)
        assert token.tokens[0] == drawn and told["possible"] == 6 and told["codes"] == before.topk(8).indices.tolist()
        assert told["probabilities"] == pytest.approx(p.topk(8).values.tolist(), abs=1e-5) and told["probabilities"][6:] == [0, 0]
        assert told["before"] == pytest.approx(before.topk(8).values.tolist(), abs=1e-5) and min(told["before"]) > 0
        assert told["probability"] == pytest.approx(float(p[drawn]), abs=1e-5)
        assert told["bits"] == pytest.approx(float(-(p[p > 0] * p[p > 0].log2()).sum()), abs=1e-3)


def test_pixels_of_whole_sequences_are_the_tokenizers(prior, tiny_default):
    grids = prior.sample(5, "bar")
    pictures = ask(page.decode_tokens, tokens=pack(grids[0]), written=64)["pictures"]
    assert (np.stack([pixels_of(url) for url in pictures]) == to_pixels(tiny_default.decode(grids))).all()


def test_bits_are_the_priors(prior):
    grids = prior.sample(5, "bar")
    conditions = ["bar", "disc", None, "bar", "bar"]
    bits = unpack(ask(page.judge_tokens, tokens=pack(grids[0]), condition=conditions)["bits"], "<f4")
    assert bits == pytest.approx(prior.bits(grids, conditions)[0].flatten().numpy(), abs=1e-5)


@pytest.mark.parametrize("function, question, words", [
    (page.write_tokens, {"settings": {}, "count": 17, "tokens": "", "kept": 0, "until": 8}, "Between 1 and 16"),
    (page.write_tokens, {"settings": {}, "count": 1, "tokens": "", "kept": 9, "until": 8}, "At most"),
    (page.write_tokens, {"settings": {"temperature": -1}, "count": 1, "tokens": "", "kept": 0, "until": 8}, "temperature is 0 or more"),
    (page.write_tokens, {"settings": {"seed": -4}, "count": 1, "tokens": "", "kept": 0, "until": 8}, "seed is a whole number"),
    (page.write_tokens, {"settings": {"condition": "cat"}, "count": 1, "tokens": "", "kept": 0, "until": 8}, "doesn't know the word 'cat'"),
    (page.write_tokens, {"settings": {}, "count": 1, "tokens": pack([99] * 8), "kept": 8, "until": 9}, "out of range"),
    (page.judge_tokens, {"tokens": "AAA"}, "whole sequences"),
])
def test_a_question_that_makes_no_sense_is_answered_in_words(function, question, words):
    assert words in function({"prior": NAME, **question})["error"]


def test_a_prior_that_is_not_here_is_named():
    assert "no prior called “x”. It has: tiny-prior" in page.judge_tokens({"prior": "x"})["error"]
