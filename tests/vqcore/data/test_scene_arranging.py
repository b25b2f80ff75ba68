"""Things stand where a hand puts them, as far as they can be seen there."""

from dataclasses import replace

import numpy as np
import pytest

from vqcore.data.scenes import random_scene, render
from vqcore.data.scenes.arranging import Placed, arrange, placed
from vqcore.data.scenes.rendering import floor_at, seen_at, seen_boxes, seen_shares
from vqcore.data.scenes.scene import Thing

BALL, CUBE = Placed("ball", "red", "small", "matte", -1.0, 0.5), Placed("cube", "blue", "large", "metal", 1.2, -0.4)


def test_a_place_on_the_floor_appears_where_it_is_looked_for():
    for x, z in ((0.0, 0.0), (-1.5, 1.2), (2.0, -1.0)):
        foot = Thing("ball", "red", "small", "matte", x, 0.0, z, scale=0.0)
        assert floor_at(*seen_at(foot)) == pytest.approx((x, z), abs=1e-3)


def test_things_keep_their_words_and_places():
    scene = arrange([BALL, CUBE], "sand")
    assert placed(scene) == (BALL, CUBE) and scene.floor == "sand"
    for box, thing in zip(seen_boxes(scene), scene.things):
        column, row = seen_at(thing)
        assert box is not None and box[0] < column < box[2] and box[1] < row < box[3]


def test_a_box_holds_what_is_seen_of_a_thing_and_nothing_more():
    scene = arrange([BALL], "grass")
    without = render(arrange([Placed("ball", "white", "small", "matte", -1.0, 0.5)], "grass"))
    rows, columns = np.nonzero((render(scene) != without).any(-1))
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.array(seen_boxes(scene)[0]) - box).max() <= 1


def test_what_leaves_the_frame_is_put_back_and_what_stands_on_another_goes_with_it():
    scene = arrange([Placed("cone", "cyan", "small", "matte", 0, 0, on=1), Placed("cube", "red", "large", "matte", 99, -99)], "stone")
    assert all(share > 0 for share in seen_shares(scene))
    assert (0, "on top of", 1) in scene.relations() and placed(scene)[0].on == 1


def test_a_random_scene_can_be_taken_up_by_hand():
    rng = np.random.default_rng(0)
    for _ in range(20):
        scene = random_scene(rng)
        again = arrange(placed(scene), scene.floor)
        assert [replace(thing, x=0, z=0) for thing in placed(again)] == [replace(thing, x=0, z=0) for thing in placed(scene)]
        assert max(abs(a.x - b.x) + abs(a.z - b.z) for a, b in zip(again.things, scene.things)) < 0.8


@pytest.mark.parametrize("things, floor, told", [
    ([], "sand", "one to 3"), ([BALL] * 4, "sand", "one to 3"), ([BALL], "lava" * 99, "none of stone"),
    ([Placed("duck", "red", "small", "matte")], "sand", "none of ball"),
    ([Placed("ball", "red", "small", "matte", on=0)], "sand", "stands on the floor"),
    ([Placed("ball", "red", "small", "matte", on=1), Placed("ball", "red", "small", "matte", on=0)], "sand", "stands on the floor"),
])  # fmt: skip
def test_what_can_not_be_arranged_is_refused_in_words(things, floor, told):
    with pytest.raises(ValueError, match=told) as refusal:
        arrange(things, floor)
    assert len(str(refusal.value)) < 200
