"""Scenes on the Text tab: what a sentence says is rendered, arranged by hand, and made into tokens."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import vqcore
from demo import document as documents
from demo import models
from demo.text import page, scenes
from demo.text.view import about
from vqcore.data.scenes import parse, render
from vqcore.data.scenes.arranging import Placed, arrange
from vqcore.tokenizers.pixels import to_tensor

SCENE = {"floor": "sand", "things": [
    {"shape": "ball", "color": "red", "size": "small", "material": "matte", "x": -1.0, "z": 0.5, "on": None},
    {"shape": "cube", "color": "blue", "size": "large", "material": "metal", "x": 1.0, "z": 0.0, "on": None},
]}


@pytest.fixture
def prior(tiny_scenes_prior, monkeypatch):
    prior = vqcore.load_prior(tiny_scenes_prior)
    monkeypatch.setattr(models, "_priors", lambda: {prior.name: (prior, tiny_scenes_prior)})
    return prior


def pixels(url: str) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def test_a_sentence_is_rendered_and_so_is_the_scene_that_was_made_for_it():
    drawn = page.draw_scene({"text": "a red ball left of a cyan cube at night", "side": 64, "seed": 3})
    assert [(thing["color"], thing["shape"]) for thing in drawn["scene"]["things"]] == [("red", "ball"), ("cyan", "cube")]
    assert drawn["scene"]["floor"] == "night" and pixels(drawn["picture"]).shape == (64, 64, 3)
    assert drawn["scene"]["things"][0]["x"] < drawn["scene"]["things"][1]["x"] and parse(drawn["text"])
    again = page.draw_scene({"scene": drawn["scene"], "side": 64, "seed": 3})
    assert again["scene"]["things"][1]["shape"] == "cube" and np.isfinite(again["boxes"]).all()


def test_a_thing_that_is_dragged_stands_where_the_pointer_is():
    before = page.draw_scene({"scene": SCENE, "side": 96, "seed": 0})
    after = page.draw_scene({"scene": SCENE, "side": 96, "seed": 0, "moved": {"number": 0, "across": 0.3, "down": 0.75}})
    (left, _, right, bottom), _ = after["boxes"]
    assert abs((left + right) / 2 - 0.3 * 96) < 3 and abs(bottom - 0.75 * 96) < 12
    assert after["scene"]["things"][1] == before["scene"]["things"][1] and after["scene"]["things"][0]["x"] != -1.0


@pytest.mark.parametrize("wrong", [
    {"text": "a dog"}, {"text": ""}, {"scene": {"floor": "lava", "things": SCENE["things"]}}, {"scene": {"floor": "sand", "things": []}},
    {"scene": SCENE, "side": 10**6}, {"scene": SCENE, "moved": {"number": 0, "across": float("nan"), "down": 0}},
    {"scene": {"floor": "sand", "things": [{**SCENE["things"][0], "on": 0}]}},
])  # fmt: skip
def test_what_is_no_scene_is_explained(wrong):
    assert set(page.draw_scene({"side": 96, "seed": 0} | wrong)) == {"error"}


def test_its_tokens_are_those_of_its_render(prior):
    made = page.tokenize_scene({"prior": prior.name, "scene": SCENE, "name": "two"})
    scene = arrange([Placed(**thing) for thing in SCENE["things"]], "sand")
    tokens = models.tokenizer_of(prior).encode(to_tensor(render(scene, 96)))
    assert (documents.from_json(made["document"]).grids[0] == tokens[0][0].numpy()).all()
    assert pixels(made["rebuilt"]).shape == (96, 96, 3)


def test_pairs_that_no_training_scene_has_are_told(prior):
    read = lambda text: page.read_prompt({"prior": prior.name, "text": text})["unseen"]
    assert read("an orange ball left of a small cyan cube") == ["orange ball", "cyan cube"] and read("a red ball") == []
    assert read("two violet cones at night") == ["purple cone"] and read("a purple dog") == []
    drawn = page.draw_scene({"scene": SCENE | {"things": [SCENE["things"][0] | {"color": "orange"}]}, "side": 32, "seed": 0})
    assert drawn["unseen"] == ["orange ball"]
    assert all(not page.draw_scene({"text": "a purple thing", "side": 16, "seed": seed})["unseen"] for seed in range(8))


def test_only_a_prior_that_knows_the_words_offers_them(prior, tiny_text_prior):
    assert about(prior)["words"]["shape"] == scenes.OFFERED["shape"]
    assert not scenes.draws_scenes(vqcore.load_prior(tiny_text_prior))
    assert all(parse(f"a ball {word} a cube" if group == "relation" else f"a {word} thing" if group != "floor" else f"a cone {word}")
               for group, words in scenes.OFFERED.items() for word in words)
