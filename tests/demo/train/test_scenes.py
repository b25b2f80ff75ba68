"""A first training on rendered scenes: what the form shows, what is trained on what, and what its prior is asked for."""

import re
from pathlib import Path

import pytest

from demo.train import page, recipes, runs, scenes
from demo.train.recipes import Settings
from tests.demo.train.test_training import SETTINGS, wait
from tests.stepped import writer
from vqcore.data.scenes import parse

SOURCE = "scenes:40:32:ball,cone,red,green,stone,1"
CHOSEN = Settings(downsampling=8, codebook_size=32, code_dim=8, beta=0.25, codebook="ema", minutes=1)


def test_the_first_scenes_are_looked_at_before_they_are_trained_on():
    shown = page.preview_scenes({"source": SOURCE})
    assert len(shown["pictures"]) == len(shown["texts"]) == scenes.SHOWN and shown["pictures"][0].startswith("data:image/png")
    assert all(len(parse(text).things) == 1 for text in shown["texts"])


@pytest.mark.parametrize("source, words", [
    ("scenes:1000000:64", "2 to 20,000"), ("scenes:40:999", "128 pixels"), ("scenes:40:64:pyramid", "pyramid"),
    ("scenes:40:64:green,cone", "Take another color or shape"), ("/etc", "Scenes are asked for as"),
])  # fmt: skip
def test_what_is_not_rendered_here_is_refused_in_words(source, words):
    answer = page.preview_scenes({"source": source})
    assert re.search(words, answer["error"])
    assert "error" in page.begin({"set": source, "settings": SETTINGS})


def test_what_the_form_begins_with_becomes_a_recipe_of_its_own():
    chosen = scenes.about()
    source = f"scenes:{chosen['count']}:{chosen['side']}:{','.join(chosen['chosen'])}"
    assert scenes.checked(source).kinds == scenes.KINDS
    run = recipes.tokenizer_recipe(CHOSEN, Path(source))
    assert run.data == (source.replace(str(scenes.SCENES), str(scenes.TOKENIZER_SCENES)),) and run.recipe.crop == scenes.SIDE
    assert not run.recipe.mirrored, "left is not right"
    prior = recipes.prior_recipe(Path("mine"), Path(source), 8, 5)
    assert prior.data == (source,) and prior.recipe.side == scenes.SIDE and prior.recipe.views == 1
    assert recipes.unseen(Path(source)).shape == (64, 64, 3)


def test_the_sentences_begin_with_what_was_never_seen():
    asked = scenes.sentences(SOURCE, 12)
    assert asked[0] == "a green cone" and len(asked) == 12 and "green cone" not in " ".join(asked[1:])


@pytest.mark.slow
def test_a_visitor_trains_on_scenes_and_asks_with_sentences(monkeypatch):
    monkeypatch.setattr(runs, "write_run", writer(20))
    source = SOURCE.replace("scenes:40", "scenes:300")  # so many sentences that they are no classes
    id = page.begin({"set": source, "settings": SETTINGS})["run"]
    try:
        assert wait(id, "tokenizer")["pictures"] == 300
        assert page.open_model({"run": id})["picture"].startswith("data:image/png")
        page.begin_prior({"run": id, "minutes": 1})
        wait(id, "prior")
        sampled = page.sample({"run": id, "text": "", "seed": 0})
        assert sampled["texts"] == [sample["text"] for sample in sampled["samples"]] == scenes.sentences(source, 12)
        again = page.sample({"run": id, "text": "a red ball", "seed": 0})
        assert again["reads"] and {sample["text"] for sample in again["samples"]} == {"a red ball"}
    finally:
        runs.close()
