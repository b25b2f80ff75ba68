"""What a prior makes of the picture on the canvas."""

import numpy as np
import pytest
import torch

import vqcore
from demo.canvas import page, rewriting
from demo.kit.writing import Settings
from tests.demo.asking import pack, pixels_of, unpack
from vqcore.tokenizers.pixels import to_pixels

NAME = "tiny-prior"


@pytest.fixture(scope="module")
def prior(tiny_prior):
    return vqcore.load_prior(tiny_prior)


def test_a_band_is_judged_by_the_window_around_each_column(prior):
    band = torch.from_numpy(np.random.default_rng(0).integers(0, 64, (8, 19)))
    bits = rewriting.judge_band(prior, band, "disc").numpy()
    window = lambda left: prior.bits([band[None, :, left : left + 8]], "disc")[0][0].numpy()
    assert bits[:, :4] == pytest.approx(window(0)[:, :4], abs=1e-5)
    assert bits[:, 7:9] == pytest.approx(window(4)[:, 3:5], abs=1e-5)
    assert bits[:, -4:] == pytest.approx(window(11)[:, -4:], abs=1e-5)
    told = page.judge_band({"prior": NAME, "tokens": pack(band), "columns": 19, "condition": "disc"})["bits"]
    assert unpack(told, "<f4").reshape(8, 19) == pytest.approx(bits, abs=1e-5)


def test_rewriting_writes_the_masked_tokens_only_and_knows_the_others(prior):
    grids = prior.sample(1, "disc")
    mask = torch.zeros(1, 8, 8, dtype=torch.bool)
    mask[0, 1:3, 2:4] = mask[0, 5, 0] = True
    drawn = [rewriting.rewrite(prior, grids, [mask], Settings("disc", 0.9, seed=seed))[0] for seed in range(4)]
    assert all(torch.equal(each[~mask], grids[0][~mask]) for each in drawn)
    assert len({tuple(each.flatten().tolist()) for each in drawn}) > 1


def test_the_page_gets_what_was_rewritten_and_what_it_looks_like(prior, tiny_default):
    grids = prior.sample(1, "disc")
    mask = torch.zeros(1, 64, dtype=torch.bool)
    mask[0, [10, 11, 18, 19, 40]] = True
    (expected,) = rewriting.rewrite(prior, grids, prior.layout.cut(mask), Settings("disc", 0.9, seed=5))
    settings = {"condition": "disc", "temperature": 0.9, "seed": 5}
    answer = page.rewrite_tokens({"prior": NAME, "settings": settings, "tokens": pack(grids[0]), "mask": [10, 11, 18, 19, 40]})
    assert (unpack(answer["tokens"]) == expected.flatten().numpy()).all()
    assert (pixels_of(answer["picture"]) == to_pixels(tiny_default.decode([expected]))[0]).all()


@pytest.mark.parametrize("function, question, words", [
    (page.judge_band, {"tokens": "", "columns": 5}, "windows of 8 × 8"),
    (page.rewrite_tokens, {"settings": {}, "tokens": pack([0] * 64), "mask": []}, "at least one"),
])
def test_a_question_that_makes_no_sense_is_answered_in_words(function, question, words):
    assert words in function({"prior": NAME, **question})["error"]
