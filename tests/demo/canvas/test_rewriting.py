"""What a prior makes of the picture on the canvas."""

import numpy as np
import pytest
import torch

import vqcore
from demo import document as documents
from demo import models
from demo.canvas import endpoints, page, rewriting
from demo.document import Document
from demo.kit.writing import Settings
from tests.demo.asking import pack, pixels_of, unpack
from vqcore.tokenizers.pixels import to_pixels

NAME = "tiny-prior"


@pytest.fixture(scope="module")
def prior(tiny_prior):
    return vqcore.load_prior(tiny_prior)


def test_a_band_is_judged_by_the_window_around_each_column(prior):
    band = torch.from_numpy(np.random.default_rng(0).integers(0, 64, (8, 19)))
    bits = rewriting.judge_band(prior, [band], "disc")[0].numpy()
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
    question = {"prior": NAME, "settings": settings, "tokens": pack(grids[0])}
    answer = page.rewrite_tokens({**question, "mask": [10, 11, 18, 19, 40], "region": [1, 8, 0, 5]})
    assert (unpack(answer["tokens"]) == expected.flatten().numpy()).all()
    assert (pixels_of(answer["picture"]) == to_pixels(tiny_default.decode([expected]))[0][8:, :40]).all()


def test_a_band_of_two_levels_is_judged_in_windows_that_hold_both(two_level_prior):
    prior = vqcore.load_prior(two_level_prior)
    draw = np.random.default_rng(0)
    band = [torch.from_numpy(draw.integers(0, codes, shape)) for codes, shape in ((32, (4, 9)), (64, (8, 18)))]
    coarse, fine = rewriting.judge_band(prior, band, None)
    assert coarse.shape == (4, 9) and fine.shape == (8, 18)
    window = lambda left: prior.bits([band[0][None, :, left : left + 4], band[1][None, :, 2 * left : 2 * left + 8]])
    assert coarse[:, 3:5].numpy() == pytest.approx(window(2)[0][0][:, 1:3].numpy(), abs=1e-4)
    assert fine[:, 6:10].numpy() == pytest.approx(window(2)[1][0][:, 2:6].numpy(), abs=1e-4)


@pytest.fixture
def any_size(monkeypatch, any_size_prior):
    """The app's only prior takes any size."""
    monkeypatch.setattr(models, "PRIORS", str(any_size_prior))
    models._priors.cache_clear()
    yield models.prior("tiny-any-size")
    models._priors.cache_clear()


def test_a_prior_of_any_size_judges_and_writes_a_picture_whole(any_size):
    tokens = torch.from_numpy(np.random.default_rng(0).integers(0, 64, (5, 9)))
    asked = {"prior": any_size.name, "shape": [[5, 9]], "tokens": pack(tokens)}
    bits = unpack(page.judge_band({**asked, "columns": 9})["bits"], "<f4")
    assert bits == pytest.approx(any_size.bits([tokens[None]])[0].flatten().numpy(), abs=1e-4)
    answer = page.rewrite_tokens({**asked, "settings": {}, "mask": [12, 13], "region": [0, 3, 2, 7]})
    written = unpack(answer["tokens"])
    assert (np.delete(written, [12, 13]) == np.delete(tokens.flatten().numpy(), [12, 13])).all()
    assert pixels_of(answer["picture"]).shape == (24, 40, 3)
    more = page.write_tokens({**asked, "tokens": pack(tokens.flatten()[:30]), "settings": {}, "count": 2, "kept": 30, "until": 45})
    assert unpack(more["tokens"]).shape == (30,)


@pytest.mark.parametrize("edge, kept, size", [
    ("top", (slice(2, None), slice(None)), (72, 56)), ("bottom", (slice(-2), slice(None)), (72, 56)),
    ("left", (slice(None), slice(2, None)), (88, 40)), ("right", (slice(None), slice(-2)), (88, 40)),
])
def test_a_picture_is_extended_past_each_of_its_edges(any_size, tiny_default, edge, kept, size):
    tokens = np.random.default_rng(0).integers(0, 64, (5, 9))
    asked = {"prior": any_size.name, "shape": [[5, 9]], "tokens": pack(tokens), "settings": {"seed": 3}}
    grown = unpack(page.extend_tokens({**asked, "edge": edge, "by": 2})["tokens"]).reshape(size[1] // 8, size[0] // 8)
    assert (grown[kept] == tokens).all() and len(np.unique(grown)) > 8
    document = documents.to_json(Document(tiny_default, 72, 40, (tokens,)))
    larger, _ = endpoints.extend(document, any_size.name, edge, 2, seed=3)
    assert (larger["width"], larger["height"]) == size and (documents.from_json(larger).grids[0] == grown).all()


@pytest.mark.parametrize("function, question, words", [
    (page.judge_band, {"tokens": "", "columns": 5}, "windows of 8 × 8"),
    (page.rewrite_tokens, {"settings": {}, "tokens": pack([0] * 64), "mask": []}, "at least one"),
    (page.extend_tokens, {"settings": {}, "tokens": pack([0] * 64), "edge": "top", "by": 1}, "prior of any size"),
    (page.rewrite_tokens, {"shape": [[5, 5]], "settings": {}, "tokens": ""}, "knows grids of 8 × 8 tokens, and these are 5 × 5"),
    (page.rewrite_tokens, {"shape": [[5, 90000]], "settings": {}, "tokens": ""}, "720000 × 40 pixels"),
])
def test_a_question_that_makes_no_sense_is_answered_in_words(function, question, words):
    assert words in function({"prior": NAME, **question})["error"]
