"""The Codebook tab: its figures, its plots, and what the atlas asks of the server."""

import base64
import shutil

import numpy as np
import pytest
import torch

from demo import models
from demo.codebook import page, work
from demo.codebook import view as codebook
from demo.document import Document, Workspace
from demo.figures import distance_heatmap, training_history, usage_by_rank
from tests.tiny import picture_folder
from vqcore.atlas import main as make_atlas
from vqcore.checkpoints import find
from vqcore.formats import atlas


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def shown(tiny, grid):
    return Workspace((Document(tiny, 8 * grid.shape[1], 8 * grid.shape[0], (grid,), "x", "i"),), 0, (None,))


@pytest.fixture
def with_atlas(tiny_default, tiny_folder, tmp_path, monkeypatch):
    """The app's default model is the tiny one with an atlas."""
    copy = shutil.copytree(tiny_folder, tmp_path / "tiny", ignore=shutil.ignore_patterns("run"))
    assert make_atlas([str(copy), "--data", str(picture_folder(tmp_path / "shown", 3))]) == 0
    monkeypatch.setattr(models, "DEFAULT", str(copy))
    return models.tokenizer()


def test_a_code_is_told_with_its_nearest_and_its_rank(tiny_default):
    answer = page.read_code({"model": tiny_default.name, "code": 11})
    level = tiny_default.levels[-1]
    distances = (level.codebook - level.codebook[11]).norm(dim=1)
    assert answer["codes"] == distances.argsort(stable=True)[:9].tolist()
    assert np.allclose(answer["distances"], distances.sort().values[:9])
    assert (floats(answer["vectors"]).reshape(9, -1) == level.codebook[answer["codes"]].numpy()).all()
    assert answer["rank"] == 1 + int((level.usage > level.usage[11]).sum())
    assert answer["patches"] is None


def test_without_an_atlas_there_is_the_principal_plane_and_a_command(tiny_default):
    answer = page.read_atlas({"model": tiny_default.name})
    assert floats(answer["principal"]).size == 128 and 0 < answer["share"] <= 1
    assert answer["neighbourhood"] is None and answer["make"].startswith(f"python -m vqcore.atlas {models.DEFAULT} --data")


def test_with_an_atlas_there_are_neighbourhoods_and_patches(with_atlas):
    answer = page.read_atlas({"model": with_atlas.name})
    stored = atlas.read_atlas(find(models.DEFAULT), with_atlas.levels[-1])
    assert (floats(answer["neighbourhood"]).reshape(-1, 2) == stored.places.numpy()).all() and answer["make"] is None
    code = int(stored.counts.argmax())
    told = page.read_code({"model": with_atlas.name, "code": code})
    assert told["count"] == stored.counts[code] and told["patches"].startswith("data:image/png")


def test_a_code_outside_the_codebook_is_refused(tiny_default):
    assert "0 to 63" in page.read_code({"model": tiny_default.name, "code": 64})["error"]


def test_the_facts_are_those_of_training(tiny_default):
    facts = {name: figure for name, figure, _ in codebook.facts_of(tiny_default.levels[-1])}
    usage = tiny_default.levels[-1].usage
    assert facts["Codes"] == "64" and facts["Components"] == str(tiny_default.levels[-1].code_dim)
    assert facts["Used"] == str(int((usage > 0).sum())) and facts["Dead"] == str(int((usage == 0).sum()))


def test_the_history_is_that_of_metrics_jsonl(tiny_default, tiny_folder):
    _, _, told, figure = codebook.show_training(shown(tiny_default, np.zeros((2, 2), int)))
    assert told == "How it came about"
    assert len(figure.data[0].x) == len((tiny_folder / "metrics.jsonl").read_text().splitlines())


def test_a_model_without_a_log_says_so(with_atlas):
    (find(models.DEFAULT) / "metrics.jsonl").unlink()
    _, _, told, figure = codebook.show_training(shown(with_atlas, np.zeros((2, 2), int)))
    assert "no metrics.jsonl" in told and figure is None


def test_the_heat_map_has_the_distances_of_the_codes_it_names(tiny_default):
    caption, figure = codebook.show_distances(shown(tiny_default, np.array([[3, 3, 9], [40, 9, 3]])))
    heat = figure.data[0]
    codes = np.asarray(heat.customdata)[:, 0]
    assert "all 3 codes" in caption and sorted(codes) == [3, 9, 40]
    vectors = tiny_default.levels[-1].codebook[codes.copy()]
    assert np.allclose(heat.z, torch.cdist(vectors, vectors), atol=1e-3)


def test_a_crowd_of_codes_is_cut_to_the_most_used(tiny_default, monkeypatch):
    monkeypatch.setattr(work, "MOST_CODES", 2)
    caption, figure = codebook.show_distances(shown(tiny_default, np.array([[1, 1, 2], [2, 5, 2]])))
    assert "the 2 most used of 3 codes" in caption
    assert sorted(np.asarray(figure.data[0].customdata)[:, 0]) == [1, 2]


def test_ranks_go_down_and_carry_their_codes():
    figure = usage_by_rank(np.array([0, 30, 10, 60, 0]))
    ranks = figure.data[0]
    assert ranks.customdata[:, 0].tolist() == [3, 1, 2] and ranks.y.tolist() == [60, 30, 10]
    assert figure.layout.yaxis.type == "log" and "2 dead" in figure.layout.annotations[0].text


def test_a_run_that_logged_less_still_draws():
    figure = training_history([{"minutes": 1, "val_psnr": 20}, {"minutes": 2}], 64)
    assert figure.data[3].y == (20, None) and figure.data[0].y == (None, None)


def test_a_lone_code_has_a_heat_map():
    figure = distance_heatmap(np.array([7]), np.zeros((1, 1)), np.zeros((1, 8, 8, 3), np.uint8))
    assert list(map(list, figure.data[0].customdata)) == [[7]]
