"""Scenes: what is asked for is in them, the pictures show it, and every sentence about them is true."""

import re

import numpy as np
import pytest

from vqcore.data.labelled import read_labelled, unseen_pictures, views
from vqcore.data.scenes import HELD_OUT, WORDS, Scene, Thing, Wish, caption, compose, random_scene, read_scenes, render
from vqcore.data.scenes.captions import SAME
from vqcore.data.scenes.composing import LEAST_SEEN
from vqcore.data.scenes.rendering import GROUNDS, PAINT, seen_shares
from vqcore.data.scenes.scene import COLORS, MATERIALS, RELATIONS, SHAPES, SIZES

ALIKE = {same: word for word, all_same in SAME.items() for same in all_same}
PLURAL = {"toruses": "ring", "boxes": "cube"}


def scenes(n: int, seed: int = 0) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [random_scene(rng) for _ in range(n)]


def outline(scene: Scene, index: int, side: int = 96) -> np.ndarray:
    """Where the picture changes when one thing of the scene is painted otherwise: bool [side, side]."""
    things = list(scene.things)
    thing = things[index]
    things[index] = Thing(**{**thing.__dict__, "color": "white" if thing.color != "white" else "blue"})
    return (render(scene, side) != render(Scene(tuple(things), scene.floor), side)).any(-1)


def test_a_seed_makes_the_same_scene_and_picture_again():
    assert scenes(3) == scenes(3)
    assert all(np.array_equal(render(a), render(b)) for a, b in zip(scenes(3), scenes(3)))


def test_held_out_pairs_never_occur_in_what_is_trained_on():
    pairs = {(thing.color, thing.shape) for scene in scenes(400) for thing in scene.things}
    assert not pairs & HELD_OUT
    assert len(pairs) == len(COLORS) * len(SHAPES) - len(HELD_OUT), "every other pair does"


def test_everything_occurs():
    some = scenes(300)
    for name, values in (("size", SIZES), ("material", MATERIALS), ("shape", SHAPES), ("color", COLORS)):
        assert {getattr(thing, name) for scene in some for thing in scene.things} == set(values)
    assert {scene.floor for scene in some} == set(GROUNDS)
    assert {len(scene.things) for scene in some} == {1, 2, 3}
    assert {relation for scene in some for _, relation, _ in scene.relations()} == set(RELATIONS)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_that_is_wished_is_so_in_the_scene_and_in_the_picture(relation):
    rng = np.random.default_rng(1)
    for sizes in (("small", "small"), ("small", "large"), ("large", "small"), ("large", "large")):
        wish = Wish(tuple((size, None, None, None) for size in sizes), ((0, relation, 1),))
        scene = compose(wish, rng)
        assert (0, relation, 1) in scene.relations()
        (rows, columns), (other_rows, other_columns) = (np.nonzero(outline(scene, i)) for i in range(2))
        if relation in ("left of", "right of"):
            assert (columns.mean() < other_columns.mean()) == (relation == "left of")
        elif relation in ("behind", "in front of"):  # what is nearer stands lower in the picture
            assert (rows.max() < other_rows.max()) == (relation == "behind")
        else:
            assert rows.max() <= other_rows.max() and rows.min() < other_rows.min()


def test_things_are_large_enough_and_well_seen():
    for scene in scenes(30):
        assert min(seen_shares(scene)) >= LEAST_SEEN
        for index, thing in enumerate(scene.things):
            if seen_shares(scene)[index] > 0.99:
                rows = np.nonzero(outline(scene, index).any(1))[0]
                assert rows[-1] - rows[0] + 1 >= (14 if thing.size == "small" else 30)


def test_a_thing_has_its_colour_and_nothing_else_is_saturated():
    for scene in scenes(20):
        picture = render(scene).astype(int)
        shown = np.zeros(picture.shape[:2], bool)
        for index, thing in enumerate(scene.things):
            place = outline(scene, index)
            shown |= place
            if thing.material == "matte" and place.sum() > 60:
                hue = picture[place].mean(0) / picture[place].mean(0).max()
                paint = np.array(PAINT[thing.color]) / max(PAINT[thing.color])
                assert np.abs(hue - paint).max() < 0.25
        ground = picture[~shown]
        assert ((ground.max(-1) - ground.min(-1)) < 75).all()


def test_a_picture_may_have_any_side_and_shows_the_same():
    scene = scenes(1)[0]
    small, large = render(scene, 32), render(scene, 96)
    assert small.shape == (32, 32, 3) and small.dtype == np.uint8
    mean = large.reshape(32, 3, 32, 3, 3).mean((1, 3))
    assert np.abs(mean - small).mean() < 4


def test_edges_are_smooth():
    scene = Scene((Thing("ball", "red", "large", "matte", scale=1.0),), "stone")
    edge = render(scene)[:, :, 1].astype(int)
    assert len(np.unique(edge[44:56, 30:66])) > 20


def test_more_than_fits_is_refused_in_words():
    with pytest.raises(ValueError, match="fewer or smaller"):
        compose(Wish((("large", None, None, "cube"),) * 3, ((0, "on top of", 1), (1, "on top of", 2))), np.random.default_rng(0))


def said(text: str) -> list[str]:
    """The house's words of a caption, in order: synonyms and plurals undone."""
    words = re.findall(r"\w+", text)
    singular = [PLURAL.get(w, w.removesuffix("s") if w.removesuffix("s") in ALIKE and w.endswith("s") else w) for w in words]
    return [ALIKE.get(w, w) for w in singular]


def test_captions_use_known_words_and_are_many():
    rng = np.random.default_rng(2)
    some = scenes(100)
    texts = [caption(scene, rng) for scene in some for _ in range(10)]
    assert {word for text in texts for word in re.findall(r"\w+", text)} <= set(WORDS)
    assert len(set(texts)) > 700
    assert max(len(text.split()) for text in texts) <= 32


def test_captions_say_what_is_there_and_nothing_else():
    rng = np.random.default_rng(3)
    for scene in scenes(150):
        for _ in range(4):
            words = said(caption(scene, rng))
            for name, values in (("color", COLORS), ("shape", SHAPES), ("material", MATERIALS), ("size", SIZES)):
                there = [getattr(thing, name) for thing in scene.things]
                assert {w for w in words if w in values} <= set(there)


def test_captions_count_all_things():
    rng = np.random.default_rng(4)
    numbers = {"two": 2, "2": 2, "three": 3, "3": 3}
    nouns = {*SHAPES, "thing", "object", "shape"}
    for scene in scenes(200):
        words = re.findall(r"\w+", caption(scene, rng))
        count, number = 0, 1
        for word, house in zip(words, said(" ".join(words))):
            number = numbers.get(word, number)
            if house in nouns or house.removesuffix("s") in nouns:
                count, number = count + number, 1
        assert count == len(scene.things), " ".join(words)


def test_most_captions_that_only_list_two_things_begin_on_the_left():
    rng, first, listed = np.random.default_rng(6), 0, 0
    wish = Wish(((None, None, "red", "ball"), (None, None, "blue", "cube")), ((0, "left of", 1),))
    for _ in range(40):
        scene = compose(wish, rng)
        for text in (caption(scene, rng) for _ in range(5)):
            if re.search(r"red ball and (a|an|one|the)\b.* blue cube|blue cube and (a|an|one|the)\b.* red ball", text):
                listed, first = listed + 1, first + (text.index("red") < text.index("blue"))
    assert listed > 15 and first > 0.75 * listed


def test_relations_in_captions_are_true():
    rng = np.random.default_rng(5)
    wish = Wish(((None, None, "red", "ball"), (None, None, "blue", "cube")), ((0, "left of", 1),))
    seen = set()
    for _ in range(60):
        scene = compose(wish, rng)
        words = " ".join(said(caption(scene, rng)))
        for word in ("left of", "right of"):
            if f" {word} " in words and {"red", "blue"} <= set(words.split()):
                first = "red" if words.index("red") < words.index("blue") else "blue"
                assert (first == "red") == (word == "left of")
                seen.add(word)
    assert seen == {"left of", "right of"}


def test_scenes_are_a_source_of_pictures_and_texts_like_any_folder():
    data, again = read_labelled("scenes:12", "train"), read_labelled("scenes:12:48", "train")
    assert len(data.pictures) == 12 and data.pictures[3].shape == (96, 96, 3) and again.pictures[3].shape == (48, 48, 3)
    assert data.labels == again.labels and data.digest() != again.digest()
    assert np.array_equal(data.pictures[3], read_labelled("scenes:12", "train").pictures[3])
    assert [square.shape for square in views(data, 96, 1, range(2))] == [(1, 96, 96, 3)] * 2


def test_no_scene_is_in_both_splits():
    train, val = (read_scenes("scenes:40", split) for split in ("train", "val"))
    assert not {train.scene(i) for i in range(40)} & {val.scene(i) for i in range(40)}
    assert [name for name, _ in unseen_pictures("scenes:2", 3)] == ["0", "1"]
    assert np.array_equal(next(unseen_pictures("scenes:2", 3))[1], val[0])


def test_scenes_can_be_of_some_kinds_only():
    source = "scenes:60:48:ball,cone,red,green,orange,sand,1,2"
    some = [read_scenes(source, "train").scene(i) for i in range(60)]
    things = [thing for scene in some for thing in scene.things]
    assert {thing.shape for thing in things} == {"ball", "cone"} and {thing.color for thing in things} == {"red", "green", "orange"}
    assert {scene.floor for scene in some} == {"sand"} and {len(scene.things) for scene in some} == {1, 2}
    assert not {(thing.color, thing.shape) for thing in things} & HELD_OUT
    data, every = read_labelled(source, "train"), read_labelled("scenes:60:48", "train")
    assert data.pictures[0].shape == (48, 48, 3) and data.digest() != every.digest()
    named = "scenes:4:48:ball,cube,cylinder,cone,ring,red,green,blue,yellow,purple,orange,cyan,white,stone,sand,grass,night,1,2,3"
    assert str(read_scenes(named, "val")) == str(read_scenes("scenes:4:48", "val")), "all of it is no restriction"
    with pytest.raises(ValueError, match="Take another color or shape"):
        read_scenes("scenes:4:48:purple,cone", "train")


@pytest.mark.parametrize("source", [
    "scenes:0", "scenes:", "scenes:12:0", "scenes:many", "scenes:9999999999", "scenes:12:48:pyramid", "scenes:12:48:4", "scenes:12:red",
    "scenes:12:48:red,,blue",
])  # fmt: skip
def test_what_asks_for_no_scenes_is_refused_in_words(source):
    with pytest.raises(ValueError):
        read_labelled(source, "train")
