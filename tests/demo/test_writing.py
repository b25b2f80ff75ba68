"""What the page asks of a prior, and that those who ask take turns."""

import base64
import itertools
import json
import shutil
import threading
import time

import numpy as np
import pytest
import torch

import vqcore
from demo import models
from demo.canvas import writing
from demo.kit.cards import best_first, sentences
from demo.workers import SharingCrew
from tests.demo.test_service import pixels_of
from tests.patience import PATIENCE, wait_until
from vqcore.tokenizers.pixels import to_pixels

SETTINGS = {"condition": "disc", "temperature": 0.9, "seed": 5}
NAME = "tiny-prior"


@pytest.fixture(scope="module")
def prior(tiny_prior):
    return vqcore.load_prior(tiny_prior)


def pack(tokens):
    return base64.b64encode(np.asarray(tokens).astype("<u2").tobytes()).decode()


def unpack(data, kind="<u2"):
    return np.frombuffer(base64.b64decode(data), kind)


def ask(function, **question):
    answer = function({"prior": NAME, **question})
    assert "error" not in answer, answer
    return answer


def written_in_slices(count, slices, settings=SETTINGS):
    tokens = np.zeros((count, 0), int)
    for kept, until in itertools.pairwise(slices):
        answer = ask(writing.write_tokens, settings=settings, count=count, tokens=pack(tokens), kept=kept, until=until)
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
    answer = ask(writing.write_tokens, settings=settings, count=1, tokens="", kept=0, until=10, candidates=4)
    tokens = unpack(answer["tokens"])
    for token, told, drawn in zip(seen, answer["next"], tokens, strict=True):
        p = token.probabilities[0]
        assert token.tokens[0] == drawn and told["possible"] == 6 and len(told["codes"]) == 4
        assert told["probabilities"] == pytest.approx(p.topk(4).values.tolist(), abs=1e-5)
        assert told["probability"] == pytest.approx(float(p[drawn]), abs=1e-5)
        assert told["bits"] == pytest.approx(float(-(p[p > 0] * p[p > 0].log2()).sum()), abs=1e-3)


def test_pixels_of_whole_sequences_are_the_tokenizers(prior, tiny_default):
    grids = prior.sample(5, "bar")
    pictures = ask(writing.decode_tokens, tokens=pack(grids[0]), written=64)["pictures"]
    assert (np.stack([pixels_of(url) for url in pictures]) == to_pixels(tiny_default.decode(grids))).all()


def test_bits_are_the_priors(prior):
    grids = prior.sample(5, "bar")
    conditions = ["bar", "disc", None, "bar", "bar"]
    bits = unpack(ask(writing.judge_tokens, tokens=pack(grids[0]), condition=conditions)["bits"], "<f4")
    assert bits == pytest.approx(prior.bits(grids, conditions)[0].flatten().numpy(), abs=1e-5)


def test_a_band_is_judged_by_the_window_around_each_column(prior):
    band = np.random.default_rng(0).integers(0, 64, (8, 19))
    bits = unpack(ask(writing.judge_band, tokens=pack(band), columns=19, condition="disc")["bits"], "<f4").reshape(8, 19)
    window = lambda left: prior.bits([torch.from_numpy(band[None, :, left : left + 8].copy())], "disc")[0][0].numpy()
    assert bits[:, :4] == pytest.approx(window(0)[:, :4], abs=1e-5)
    assert bits[:, 7:9] == pytest.approx(window(4)[:, 3:5], abs=1e-5)
    assert bits[:, -4:] == pytest.approx(window(11)[:, -4:], abs=1e-5)


def test_rewriting_writes_the_masked_tokens_only_and_knows_the_others(prior):
    tokens = prior.sample(1, "disc")[0].flatten().numpy()
    mask = [10, 11, 18, 19, 40]
    ask_for = lambda seed: ask(writing.rewrite_tokens, settings=SETTINGS | {"seed": seed}, tokens=pack(tokens), mask=mask)
    drawn = [unpack(ask_for(seed)["tokens"]) for seed in range(4)]
    kept = np.setdiff1d(np.arange(64), mask)
    assert all((each[kept] == tokens[kept]).all() for each in drawn)
    assert len({tuple(each) for each in drawn}) > 1


def test_marginal_tokens_are_as_usual_as_in_training_and_uniform_ones_are_not(tiny_default):
    usage = tiny_default.levels[0].usage.double()
    rare = set((usage == 0).nonzero()[:, 0].tolist()) or {int(usage.argmin())}
    by = {kind: unpack(ask(writing.draw_tokens, count=16, seed=0, by=kind)["tokens"]) for kind in ("uniform", "marginal")}
    shares = {kind: torch.bincount(torch.from_numpy(t.astype(int)), minlength=64) / t.size for kind, t in by.items()}
    entropy = {kind: float(torch.special.entr(share).sum()) for kind, share in shares.items()}
    assert entropy["marginal"] < entropy["uniform"] - 0.05
    assert np.isin(by["marginal"], list(rare)).mean() < np.isin(by["uniform"], list(rare)).mean()


@pytest.mark.parametrize("function, question, words", [
    (writing.write_tokens, {"settings": {}, "count": 17, "tokens": "", "kept": 0, "until": 8}, "Between 1 and 16"),
    (writing.write_tokens, {"settings": {}, "count": 1, "tokens": "", "kept": 9, "until": 8}, "At most"),
    (writing.write_tokens, {"settings": {"temperature": -1}, "count": 1, "tokens": "", "kept": 0, "until": 8}, "temperature is 0 or more"),
    (writing.write_tokens, {"settings": {"seed": -4}, "count": 1, "tokens": "", "kept": 0, "until": 8}, "seed is a whole number"),
    (
        writing.write_tokens, {"settings": {"condition": "cat"}, "count": 1, "tokens": "", "kept": 0, "until": 8},
        "doesn't know the word 'cat'",
    ),
    (writing.write_tokens, {"settings": {}, "count": 1, "tokens": pack([99] * 8), "kept": 8, "until": 9}, "out of range"),
    (writing.judge_tokens, {"tokens": "AAA"}, "whole sequences"),
    (writing.judge_band, {"tokens": "", "columns": 5}, "windows of 8 × 8"),
    (writing.rewrite_tokens, {"settings": {}, "tokens": pack([0] * 64), "mask": []}, "at least one"),
    (writing.draw_tokens, {}, "don't understand each other"),
])
def test_a_question_that_makes_no_sense_is_answered_in_words(function, question, words):
    assert words in function({"prior": NAME, **question})["error"]


def test_a_prior_that_is_not_here_is_named():
    assert "no prior called “x”. It has: tiny-prior" in writing.judge_tokens({"prior": "x"})["error"]


def test_a_prior_whose_tokenizer_is_not_here_is_left_out(tiny_prior, tmp_path, monkeypatch):
    other = shutil.copytree(tiny_prior, tmp_path / "stranger")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"tokenizer": "nowhere"}))
    monkeypatch.setattr(models, "PRIORS", f"{tmp_path}/missing,{other},{tiny_prior}")
    models._priors.cache_clear()
    try:
        assert list(models.priors()) == [NAME] and models.prior_folder(NAME) == tiny_prior
    finally:
        models._priors.cache_clear()


def test_the_page_opens_on_the_prior_that_teaches_a_classifier_most(tiny_prior, tmp_path, monkeypatch):
    figures = {"bits_per_token": 3.25, "pictures": 1000, "saving": 0.4}
    folders = []
    for name, score in (("a", None), ("b", 0.5), ("c", 0.91)):
        folder = shutil.copytree(tiny_prior, tmp_path / name)
        if score:
            all_figures = [{"name": name, "value": value} for name, value in (figures | {"accuracy_score": score}).items()]
            (folder / "metrics.json").write_text(json.dumps({"figures": all_figures}))
        folders.append(str(folder))
    (tmp_path / "c" / "README.md").write_text(
        "---\ntags: [x]\n---\n# c\n\n**Clothes** of [ten](x) kinds,\nnothing else.\n\nMore.\n\n## Limits\n\nNo `hats`.\n\nMore.\n"
    )
    monkeypatch.setattr(models, "PRIORS", ",".join(folders))
    models._priors.cache_clear()
    try:
        priors = best_first(models.priors().values())
        assert [prior.name for prior in priors] == ["c", "b", "a"]
        card, limits, measured = sentences(priors[0])
        assert card == "Clothes of ten kinds, nothing else." and limits == "No hats."
        assert "3.25 bits a token on 1,000 pictures" in measured and "40% below" in measured and "91% as accurate" in measured
        assert sentences(priors[2]) == ["Writes 8 × 8 tokens of tiny, of 2 kinds of pictures."]
    finally:
        models._priors.cache_clear()


def test_a_second_persons_short_work_is_done_amid_a_long_one(monkeypatch):
    monkeypatch.setattr("demo.workers.SLICE", 0.01)
    crew, began, ended = SharingCrew(threads=2, waiting=0), threading.Event(), []

    def long_work():
        began.set()
        wait_until(lambda: crew.pass_on() or ended)
        ended.append("long")

    worker = threading.Thread(target=crew.run, args=(long_work,))
    worker.start()
    assert began.wait(PATIENCE)
    crew.run(ended.append, "short")
    worker.join(PATIENCE)
    assert ended == ["short", "long"]


def test_only_one_has_the_turn_and_a_failing_one_gives_it_back(monkeypatch):
    monkeypatch.setattr("demo.workers.SLICE", 0)
    crew, inside, most = SharingCrew(threads=4, waiting=0), [], []

    def work():
        for _ in range(20):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.001)
            inside.pop()
            crew.pass_on()

    workers = [threading.Thread(target=crew.run, args=(work,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    with pytest.raises(ZeroDivisionError):
        crew.run(lambda: 1 / 0)
    for worker in workers:
        worker.join(PATIENCE)
    assert max(most) == 1 and len(most) == 60
