"""What is told of priors and of tokenizers."""

import json
import shutil

from demo import models
from demo.kit.cards import FIRST, best_first, in_turn, measured, offers, sentences, tokenizer_sentence
from vqcore.checkpoints import FOLDER


def test_the_page_opens_on_the_prior_that_teaches_a_classifier_most(tiny_prior, tmp_path, monkeypatch):
    figures = {"bits_per_token": 3.25, "pictures": 1000, "saving": 0.4}
    folders = []
    for name, score in (("a", None), ("b", 0.5), ("c", 0.91)):
        folder = shutil.copytree(tiny_prior, tmp_path / name)
        if score:
            figures_of = [{"name": name, "value": value} for name, value in (figures | {"accuracy_score": score}).items()]
            (folder / "metrics.json").write_text(json.dumps({"figures": figures_of}))
        folders.append(str(folder))
    (tmp_path / "c" / "README.md").write_text(
        "---\ntags: [x]\n---\n# c\n\n**Clothes** of [ten](x) kinds,\nnothing else.\n\nMore.\n\n## Limits\n\nNo `hats`.\n\nMore.\n"
    )
    monkeypatch.setattr(models, "PRIORS", ",".join(folders))
    models._priors.cache_clear()
    try:
        priors = best_first(models.priors().values())
        assert [prior.name for prior in priors] == ["c", "b", "a"]
        card, limits, told = sentences(priors[0])
        assert card == "Clothes of ten kinds, nothing else." and limits == "No hats."
        assert "3.25 bits a token on 1,000 pictures" in told and "40% below" in told and "91% as accurate" in told
        assert sentences(priors[2]) == ["Writes 8 × 8 tokens of tiny, of 2 kinds of pictures."]
    finally:
        models._priors.cache_clear()


def test_benches_open_on_scenes_where_they_are_here_and_on_the_next_best_where_not(tiny_text_prior, tmp_path, monkeypatch):
    folders = [shutil.copytree(tiny_text_prior, tmp_path / name) for name in ("best", "other", FIRST)]
    (tmp_path / "best" / "metrics.json").write_text(json.dumps({"figures": [{"name": "accuracy_score", "value": 0.9}]}))
    (tmp_path / FIRST / "prompts.json").write_text(json.dumps({"examples": ["red bar"], "seed": 7}))
    for here, first in ((folders, FIRST), (folders[:2], "best")):
        monkeypatch.setattr(models, "PRIORS", ",".join(map(str, here)))
        models._priors.cache_clear()
        try:
            priors = best_first(models.priors().values())
            assert priors[0].name == first
            assert offers(priors[0])["seed"] == (7 if first == FIRST else None)
            assert first != FIRST or priors[1].name == "best"
        finally:
            models._priors.cache_clear()


def test_the_figures_of_a_prior_of_scenes_are_told_in_a_sentence():
    assert measured({"overall": 0.93, "overall_held_out": 0.884, "sentences": 200}) == (
        "The first picture it draws shows what the sentence says in 93% of sentences, and in 88% of those with a color and a shape that "
        "it never saw together."
    )


def test_where_nothing_is_asked_for_each_style_and_some_examples_are_drawn(tiny_text_prior, tiny_prior, monkeypatch):
    monkeypatch.setattr(models, "PRIORS", f"{tiny_text_prior},{tiny_prior}")
    models._priors.cache_clear()
    try:
        told = {prior.name: in_turn(prior) for prior in models.priors().values()}
    finally:
        models._priors.cache_clear()
    assert told == {"tiny-text-prior": ["square", "round", "red bar", "blue disc"], "tiny-prior": []}


def test_a_prior_of_classes_offers_some_of_them():
    offered = {folder.name: [json.loads((folder / name).read_text()) for name in ("config.json", "prompts.json")]
               for folder in FOLDER.iterdir() if (folder / "prompts.json").is_file()}
    assert "photos-prior" in offered
    for name, (config, prompts) in offered.items():
        assert not config["conditions"] or set(prompts["examples"]) <= set(config["conditions"]), name


def test_every_tokenizer_that_is_served_has_a_sentence_of_its_own():
    told = {name: tokenizer_sentence(name) for name in models.names() if (models.folder(name) / "README.md").is_file()}
    assert told["photos"] == "A VQ-VAE for photographs of any size: 8 × 8 pixels become one of 4,096 codes, 0.1875 bits a pixel."
    assert len(set(told.values())) == len(told) and all(len(sentence.split()) > 6 and sentence.endswith(".") for sentence in told.values())
