"""A sentence says the same of a scene to who reads it as to who wrote it."""

import itertools
import re

import numpy as np
import pytest

from vqcore.data.scenes import Scene, Wish, caption, compose, parse, random_scene, random_wish, sentence

EITHER = re.compile(r"next to|beside|by (?!night)")  # which is read as one of two sides


def is_true(wish: Wish, scene: Scene, either: bool) -> bool:
    """Whether the things of a scene can be those that are wished, each another one; either: a side may be the other one."""
    if len(wish.things) != len(scene.things) or wish.floor not in (None, scene.floor):
        return False
    found = scene.relations()
    for order in itertools.permutations(range(len(scene.things))):
        looks = [(thing.size, thing.material, thing.color, thing.shape) for thing in (scene.things[i] for i in order)]
        fits = all(word in (None, own) for said, look in zip(wish.things, looks) for word, own in zip(said, look))
        sides = [(order[i], word, order[j]) for i, word, j in wish.relations]
        if fits and all(side in found or (either and side[::-1] in found) for side in sides):
            return True
    return False


def test_what_a_caption_says_is_true_of_its_scene_and_names_all_that_is_in_it():
    rng = np.random.default_rng(0)
    for _ in range(300):
        scene = random_scene(rng)
        text = caption(scene, rng)
        assert is_true(parse(text), scene, bool(EITHER.search(text))), text


def test_the_plainest_sentence_of_a_wish_is_read_as_that_wish():
    rng = np.random.default_rng(1)
    for _ in range(300):
        wish = random_wish(rng)
        read = parse(sentence(wish))
        assert (read.things, read.floor) == (wish.things, wish.floor)
        if len(set(wish.things)) == 2:
            assert {word for _, word, _ in read.relations} == {word for _, word, _ in wish.relations}


@pytest.mark.parametrize("text, wish", [
    ("a purple cone", Wish(((None, None, "purple", "cone"),))),
    ("blue", Wish(((None, None, "blue", None),))),
    ("Two big SHINY boxes at night", Wish((("large", "metal", None, "cube"),) * 2, (), "night")),
    ("a ball under a ring", Wish(((None, None, None, "ball"), (None, None, None, "ring")), ((1, "on top of", 0),))),
    ("a ball that is red and small and a cube", Wish((("small", None, "red", "ball"), (None, None, None, "cube")))),
    ("a cone behind a cube and a ball left of it",
     Wish(tuple((None, None, None, shape) for shape in ("cone", "cube", "ball")), ((0, "behind", 1), (2, "left of", 1)))),
    ("two balls behind a cube, sand",
     Wish(tuple((None, None, None, shape) for shape in ("ball", "ball", "cube")), ((0, "behind", 2), (1, "behind", 2)), "sand")),
])  # fmt: skip
def test_sentences_as_people_type_them(text, wish):
    assert parse(text) == wish


def test_a_sentence_that_is_read_can_be_rendered():
    scene = compose(parse("a small red ball on a large green cube on grass"), np.random.default_rng(0))
    assert (0, "on top of", 1) in scene.relations() and scene.floor == "grass"


@pytest.mark.parametrize("text, told", [
    ("a red qube", "cube"), ("a ball left a cube", "left of"), ("a dog", "ball"), ("", "Name a thing"),
    ("two balls and three cubes", "one to 3 things"), ("x" * 500, "x" * 80 + "”"),
])  # fmt: skip
def test_what_no_scene_shows_is_refused_with_what_one_could_say(text, told):
    with pytest.raises(ValueError, match=re.escape(told)) as refusal:
        parse(text)
    assert len(str(refusal.value)) < 250
