"""Reinforcement: what earns more than its fellows becomes likelier, nothing that is examined is asked for, and a run goes on."""

import json

import numpy as np
import pytest
import torch

import vqcore
from tests.tiny import colours_folder, one_thread
from vqcore.data.scenes import HELD_OUT, WORDS
from vqcore.data.scenes.judging import TASKS, examination
from vqcore.data.scenes.reader import ReaderConfig, SceneReader, save_reader
from vqcore.priors.sequence import Grid, Layout
from vqcore.priors.text import Text
from vqcore.train import main as train
from vqcore.training.reinforced import EXAMINED, advantages_of, sentence

SCENES = "scenes:160:16"  # as 4 × 4 tokens
MODEL = {"kind": "transformer", "layers": 1, "width": 32, "heads": 2}
RECIPE = {"data": [SCENES], "model": MODEL, "side": 16, "batch": 8, "text_length": 16}


@pytest.fixture(autouse=True, scope="module")
def on_one_thread():
    with one_thread():
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tokenizer, a reader and a prior over captions of scenes, hardly trained."""
    folder = tmp_path_factory.mktemp("reinforced")
    tokenizer = colours_folder(folder / "colours")
    torch.manual_seed(0)
    save_reader(SceneReader(ReaderConfig((8, 16, 16)), "reader"), folder / "reader")
    write(folder, "prior", {**RECIPE, "kind": "prior", "tokenizer": str(tokenizer), "rate": 1e-2})
    assert train(["prior", "--config", str(folder / "prior.json"), "--out", str(folder / "prior"), "--steps", "20"]) == 0
    return folder


def write(folder, name, recipe):
    (folder / f"{name}.json").write_text(json.dumps({"version": 1, **recipe}), "utf-8")


def reinforce(folder, out, steps, **changes):
    recipe = {
        **RECIPE, "kind": "reinforced", "data": [str(folder / "prior" / "run" / "tokens")], "tokenizer": str(folder / "colours"),
        "start": str(folder / "prior"), "rate": 2e-2, "reader": str(folder / "reader"), "sentences": 2, "samples": 6, **changes,
    }
    write(folder, out, recipe)
    return train(["reinforced", "--config", str(folder / f"{out}.json"), "--out", str(folder / out), "--steps", str(steps)])


def share_of_even(prior):
    return float((prior.sample(64, "a red ball", temperature=1.0)[0] % 2 == 0).double().mean())


def test_what_earns_more_becomes_likelier(folder, monkeypatch):
    even = lambda tokenizer, reader, drawn, asked: (drawn[0] % 2 == 0).flatten(1).float().mean(1)
    monkeypatch.setattr("vqcore.training.reinforced.rewards_of", even)
    assert reinforce(folder, "even", 40, rate=6e-2, weight=10.0) == 0
    assert share_of_even(vqcore.load_prior(folder / "even")) > share_of_even(vqcore.load_prior(folder / "prior")) + 0.2


def test_a_run_is_judged_by_its_reader_and_goes_on_where_it_stopped(folder, capsys):
    assert reinforce(folder, "read", 2) == 0 and reinforce(folder, "read", 4) == 0
    rows = [json.loads(line) for line in (folder / "read" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert rows[-1]["steps"] == 4 and 0 <= rows[-1]["val_right"] <= rows[-1]["val_reward"] < 2
    recipe = json.loads((folder / "read" / "recipe.json").read_text("utf-8"))
    assert recipe["kind"] == "reinforced" and recipe["samples"] == 6 and recipe["start"] == str(folder / "prior")


def test_advantages_are_of_a_group_and_none_where_all_earn_the_same():
    advantages = advantages_of(torch.tensor([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0]]))
    assert torch.allclose(advantages.mean(1), torch.zeros(2)) and (advantages[0] == 0).all()
    assert advantages[1, 0] < -0.8 and advantages[1, 2] > 0.8


def test_only_what_the_layout_can_read_is_asked_for_and_nothing_examined_and_no_pair_that_is_held_out():
    examined = {prompt.text for held_out in (False, True) for task in TASKS for prompt in examination(task, held_out, EXAMINED)}
    layout = Layout(Text(WORDS), 12, (Grid(16, (4, 4)),))
    asked = [sentence(layout, examined, np.random.default_rng(i)) for i in range(300)]
    assert {prompt.task for prompt in asked} >= {*TASKS, "caption"} - {"single object"}  # of which nearly all there are is examined
    assert not {prompt.text for prompt in asked} & examined and all(layout.prefix([prompt.text]).shape == (1, 13) for prompt in asked)
    assert not any((color, shape) in HELD_OUT for prompt in asked for _, _, color, shape in prompt.wish.things)


def test_what_can_t_go_on_is_refused_in_words(folder, capsys):
    assert reinforce(folder, "none", 1, start=None) == 2 and "--start" in capsys.readouterr().err
    assert reinforce(folder, "one", 1, samples=1) == 2 and "2 or more" in capsys.readouterr().err
    assert reinforce(folder, "other", 1, model={**MODEL, "layers": 2}) == 2 and "other layers" in capsys.readouterr().err
