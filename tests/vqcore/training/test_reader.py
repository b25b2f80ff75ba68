"""Training the reader of scenes: it learns, goes on, and is read back as it was written."""

import json

import pytest
import torch

from tests.tiny import one_thread
from vqcore.checkpoints import load_reader
from vqcore.data.scenes.scene import FLOORS
from vqcore.train import main as train


def run(out, steps):
    with one_thread():
        return train(["reader", "--preset", "tiny-reader", "--data", "scenes:40", "--out", str(out), "--steps", str(steps)])


def test_it_learns_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("vqcore.training.reader.HELD_OUT", 16)
    assert run(tmp_path / "reader", 4) == 0 and run(tmp_path / "reader", 130) == 0
    rows = [json.loads(line) for line in (tmp_path / "reader" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert rows[-1]["steps"] == 130 and rows[-1]["loss"] < 0.8 * rows[0]["loss"]
    reader = load_reader(tmp_path / "reader")
    blank = torch.zeros(2, 3, 96, 96)
    assert [things for things, _ in reader.scenes(blank)] == reader.things(blank) and len(reader.things(blank)) == 2
    assert all(floor in FLOORS for _, floor in reader.scenes(blank))


def test_it_is_trained_on_scenes_only(tmp_path, capsys):
    assert train(["reader", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--steps", "1"]) == 2
    assert "scenes:20000" in capsys.readouterr().err


def test_a_folder_of_another_kind_is_no_reader(tiny_folder):
    with pytest.raises(ValueError, match="not a reader of scenes"):
        load_reader(tiny_folder)
