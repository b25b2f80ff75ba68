"""A run: how long it trains, by steps or by the clock, and which of its validations is published."""

import json
from dataclasses import replace
from itertools import count

import pytest
import torch
from torch import nn

from vqcore.checkpoints import FOLDER
from vqcore.train import main
from vqcore.training import run
from vqcore.training.budget import Budget
from vqcore.training.config import from_json, read_run, to_json
from vqcore.training.optimizer import Optimizer


def job(rates, **others):
    """A weight that is drawn to 0; `rates` gets the learning rate of each step."""
    module = nn.Linear(1, 1)
    nn.init.ones_(module.weight)
    optimizer = Optimizer([], module.parameters())
    step = optimizer.step
    optimizer.step = lambda rate: rates.append(rate) or step(rate)

    def batch():
        loss = module.weight.square().sum()
        loss.backward()
        return {"loss": loss.item()}

    validate = lambda: {"loss": module.weight.square().item()}
    return run.Job(module, optimizer, 1e-3, batch, validate, lambda figures: -figures["loss"], **others)


def rows(folder, log="metrics.jsonl"):
    return [row["steps"] for row in run.read_log(folder / log)]


def test_a_run_of_steps_does_so_many_validates_evenly_and_ends_at_the_lowest_rate(tmp_path):
    rates, published = [], []
    run.train(job(rates, publish=lambda: published.append(len(rates))), tmp_path, Budget(steps=200), 8)
    assert len(rates) == 200 and rows(tmp_path) == published == [25, 50, 75, 100, 125, 150, 175, 200]
    assert rates == [run.learning_rate(1e-3, i, i / 200) for i in range(200)]
    assert rows(tmp_path, "run/losses.jsonl") == list(range(1, 201))


def test_a_run_of_steps_goes_on_with_what_is_left(tmp_path, caplog):
    caplog.set_level("INFO", "vqcore")
    first, second, third = [], [], []
    run.train(job(first, publish=lambda: None), tmp_path, Budget(steps=30), 3)
    run.train(job(second, publish=lambda: None), tmp_path, Budget(steps=50), 5)
    assert len(first) == 30 and len(second) == 20 and second[0] == run.learning_rate(1e-3, 30, 30 / 50)
    run.train(job(third, publish=lambda: None), tmp_path, Budget(steps=50), 5)
    assert not third and "has had its 50 steps. Ask for more with --steps" in caplog.text


def test_a_long_run_keeps_five_hundred_rows_of_losses(tmp_path):
    run.train(job([], publish=lambda: None), tmp_path, Budget(steps=1500), 1)
    assert rows(tmp_path, "run/losses.jsonl") == list(range(3, 1501, 3))


def test_a_run_that_is_to_stop_early_does(tmp_path, caplog):
    caplog.set_level("INFO", "vqcore")
    rates = []
    run.train(job(rates, publish=lambda: None, stop_early=lambda history: len(history) == 2), tmp_path, Budget(steps=40), 4)
    assert len(rates) == 20 and "Stopped early" in caplog.text


def test_only_what_is_no_worse_than_all_before_is_published_in_one_call_or_in_two(tmp_path):
    losses, judged, published = [3.0, 2.0, 2.5, 2.0, 4.0, 1.0, 1.5, 0.5], [], []

    def judge():
        judged.append(losses[len(judged)])
        return {"loss": judged[-1]}

    for steps, validations, expected in ((50, 5, [3, 2, 2]), (80, 8, [3, 2, 2, 1, 0.5])):
        there = replace(job([], publish=lambda: published.append(judged[-1])), validate=judge)
        run.train(there, tmp_path, Budget(steps=steps), validations)
        assert published == expected
    assert [row["val_loss"] for row in run.read_log(tmp_path / "metrics.jsonl")] == losses


def test_dropout_is_on_in_every_step_and_off_in_every_validation(tmp_path):
    there = job([], publish=lambda: None)
    steps, validations = [], []
    there.module.eval()
    watched = replace(
        there, step=lambda: steps.append(there.module.training) or there.step(),
        validate=lambda: validations.append((there.module.training, torch.is_grad_enabled())) or there.validate(),
    )
    run.train(watched, tmp_path, Budget(steps=12), 4)
    assert steps == [True] * 12 and validations == [(False, False)] * 4


def test_a_run_of_minutes_ends_by_the_clock(tmp_path, monkeypatch):
    clock = count(step=1.0)  # a second passes whenever somebody looks at it
    monkeypatch.setattr(run.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(run, "SAVE_EVERY", 1e9)
    rates = []
    run.train(job(rates, publish=lambda: None), tmp_path, Budget(minutes=5), 10)
    assert rows(tmp_path) == list(range(30, 301, 30)) and len(rates) == 300
    assert rates[149] == pytest.approx(run.learning_rate(1e-3, 149, 149 / 300))


def test_validations_of_a_run_of_minutes_are_neither_crowded_nor_rare():
    assert [Budget(minutes=m).between(20) for m in (0.5, 60, 600)] == [6, 180, 300]
    assert Budget(steps=90).between(20) == 4.5


@pytest.mark.parametrize("wrong", [{}, {"minutes": 1, "steps": 1}, {"minutes": 0}, {"steps": 0}, {"steps": -3}, {"minutes": float("nan")}])
def test_a_budget_is_one_amount_of_something(wrong):
    with pytest.raises(ValueError, match="Say one of them|Train for more than"):
        Budget(**wrong)


def test_a_share_of_a_budget_is_in_its_own_unit():
    assert Budget(steps=100).times(0.4) == Budget(steps=40) and Budget(minutes=10).times(2) == Budget(minutes=20)
    assert Budget(steps=2).times(0.2) == Budget(steps=1)


@pytest.mark.parametrize("budget", [Budget(steps=7), Budget(minutes=1.5)])
def test_a_recipe_keeps_the_budget(budget):
    recipe = {"kind": "tokenizer", "data": ["x"]} | {name: amount for name, amount in vars(budget).items() if amount}
    there = from_json(recipe)
    assert there.budget == budget and from_json(json.loads(json.dumps(to_json(there)))) == there
    assert from_json({"kind": "tokenizer", "data": ["x"]}).budget is None


def test_the_command_takes_minutes_or_steps_and_not_both(tmp_path, capsys):
    command = ["tokenizer", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit):
        main([*command, "--minutes", "1", "--steps", "1"])
    assert "not allowed with" in capsys.readouterr().err
    assert main(command) == 2 and "Say --minutes or --steps" in capsys.readouterr().err
    assert main([*command, "--steps", "0"]) == 2 and "more than 0 steps" in capsys.readouterr().err


@pytest.mark.parametrize("folder", sorted(path.parent for path in FOLDER.glob("*/config.json")), ids=lambda folder: folder.name)
def test_what_is_here_has_the_recipe_that_trains_it(folder):
    run, config = read_run(folder / "recipe.json"), json.loads((folder / "config.json").read_text())
    written = json.loads(json.dumps(to_json(run)))
    assert from_json(written) == run and run.budget is not None and run.data
    assert written["kind"] == {"vqvae": "tokenizer", "vqvae2": "tokenizer"}.get(config["kind"], config["kind"]) or folder.name == "speech"
    if "tokenizer" in config:
        assert written["tokenizer"] == config["tokenizer"]
    parts = written["model"] if config["kind"].startswith("vqvae") else {"network": written["model"]}
    # A second decoder's recipe has its discriminator's shape; its own is its tokenizer's.
    assert all(parts["network"][name] == value for name, value in config.get("network", {}).items())
    assert "network" in config or config["kind"] == "decoder"
