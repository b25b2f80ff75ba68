"""The judge of scenes: what a sentence says is found where it is so, and missed where it is not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vqcore.data.scenes import HELD_OUT, Renders, caption, compose, parse
from vqcore.data.scenes.judging import TASKS, Prompt, claims, holds, prompts, shows, things_of
from vqcore.data.scenes.reader import ATTRIBUTES, CELL, PLACE, Maps, ReaderConfig, SceneReader
from vqcore.data.scenes.rendering import seen_at
from vqcore.evaluation.scenes import below_each, nearest_scenes
from vqcore.training.reader import loss_of, targets_of


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("held_out", [False, True])
def test_a_scene_that_was_made_as_the_sentence_says_shows_it(task, held_out):
    rng = np.random.default_rng(3)
    for prompt in prompts(task, held_out, 12, rng):
        found = things_of(compose(prompt.wish, rng))
        assert shows(found, prompt) and shows(found[::-1], prompt)
        assert not shows(found[1:], prompt), "one thing less"
        assert shows([*found, found[0]], prompt) != prompt.counted, "one more counts where things are counted"
        for i, (_, _, color, shape) in enumerate(prompt.wish.things):
            if color is not None:
                assert not shows([*found[:i], replace(found[i], color="white" if color != "white" else "red"), *found[i + 1 :]], prompt)
            assert not shows([replace(thing, shape="cone" if shape != "cone" else "ball") for thing in found], prompt)


def test_all_claims_of_a_scene_s_own_sentences_are_true_and_of_a_changed_one_some_are_not():
    rng = np.random.default_rng(5)
    for i in range(150):
        scene = Renders(150).scene(i)
        text = caption(scene, rng)
        prompt, found = Prompt("caption", text, parse(text)), things_of(scene)
        if "beside" in text or "next to" in text or " by " in text.replace("by night", ""):
            continue  # is read as left of, which needn't be so
        assert claims(found[::-1], scene.floor, prompt) == 1, text
        assert claims(found[1:], scene.floor, prompt) < 1 and claims([*found, found[0]], scene.floor, prompt) < 1
        other = "sand" if scene.floor != "sand" else "grass"
        assert (claims(found, other, prompt) < 1) == (prompt.wish.floor is not None)
        shape = "cone" if all(thing.shape != "cone" for thing in found) else "ring"
        changed = [replace(thing, shape=shape) for thing in found]
        assert claims(changed, scene.floor, prompt) < 1 or not any(words[3] for words in prompt.wish.things)
        assert claims([], other, prompt) < 0.5


def test_sentences_differ_and_have_held_out_pairs_only_where_asked():
    for held_out in (False, True):
        some = prompts("color binding", held_out, 50, np.random.default_rng(0))
        assert len({prompt.text for prompt in some}) == 50
        assert all(bool({(c, s) for _, _, c, s in prompt.wish.things} & HELD_OUT) == held_out for prompt in some)


def test_colours_bound_to_the_wrong_things_are_wrong():
    prompt = prompts("color binding", False, 1, np.random.default_rng(1))[0]
    a, b = things_of(compose(prompt.wish, np.random.default_rng(1)))
    assert not shows([replace(a, color=b.color), replace(b, color=a.color)], prompt)


def test_a_relation_holds_one_way_only():
    rng = np.random.default_rng(4)
    for prompt in prompts("position", False, 20, rng):
        a, b = things_of(compose(prompt.wish, rng))
        relation = prompt.wish.relations[0][1]
        assert holds(a, relation, b) and not holds(b, relation, a)


def test_the_targets_are_where_the_things_are_seen_and_a_reader_that_says_them_reads_all():
    scenes = [Renders(6, held_out=frozenset()).scene(i) for i in range(6)]
    targets = targets_of(scenes, 96)
    assert len(targets.at) == sum(len(scene.things) for scene in scenes) and (targets.heat == 1).sum() == len(targets.at)
    column, row = seen_at(scenes[0].things[0], 96)
    assert targets.at[0].tolist() == [0, int(row / CELL), int(column / CELL)]
    looks = {name: torch.zeros(6, len(words), 24, 24) for name, words in ATTRIBUTES.items()}
    place = torch.zeros(6, PLACE, 24, 24)
    b, row, column = targets.at.unbind(1)
    for name in ATTRIBUTES:
        looks[name][b, targets.looks[name], row, column] = 20
    place[b, :, row, column] = targets.place
    floor = 20 * torch.eye(4)[targets.floor]
    heat = torch.where(targets.heat == 1, 12.0, -12.0)
    assert loss_of(Maps(heat, looks, place, floor), targets) < 0.01

    class Says(SceneReader):
        def forward(self, images):
            return Maps(heat, looks, place, floor)

    for scene, found in zip(scenes, Says(ReaderConfig((4, 8, 8))).things(torch.zeros(6, 3, 96, 96))):
        assert {(f.shape, f.color, f.size, f.material) for f in found} == {(t.shape, t.color, t.size, t.material) for t in scene.things}


def test_a_copy_of_a_training_scene_is_known():
    training = Renders(5)
    samples = np.stack([training[3], 255 - training[3]])
    nearest, copied = nearest_scenes(samples, training)
    assert nearest[0] == float("inf") and nearest[1] < 20
    assert np.array_equal(copied[0], training[3]) and any(np.array_equal(copied[1], training[i]) for i in range(5))
    shown, gap = below_each(samples, copied), 98
    assert shown.shape[0] == 2 * gap and np.array_equal(shown[:96, :96], shown[gap : gap + 96, :96]), "the copy lies below its sample"
