"""Pictures to token files and from there to priors."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import vqcore
from tests.patience import PATIENCE
from tests.tiny import colours_folder
from tests.vqcore.test_distributed import start
from vqcore.data.labelled import read_labelled, views
from vqcore.formats import shards as sharding
from vqcore.tokenize import main as tokenize_pictures
from vqcore.tokenizers.pixels import to_tensor
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.train import main as train


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """An untrained tokenizer, f = 4, K = 16."""
    return str(colours_folder(tmp_path_factory.mktemp("tokenizer") / "colours"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Forty pictures of two classes, one of which can't be read."""
    folder, draw = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for name in ("red", "blue"):
        (folder / name).mkdir()
        for i in range(20):
            Image.fromarray(draw.integers(0, 256, (18, 22, 3), np.uint8)).save(folder / name / f"{i:02}.png")
    (folder / "red" / "07.png").write_bytes(b"no picture")
    return folder


def test_shards_have_the_tokens_of_the_pictures_and_their_texts(tokenizer, data, tmp_path, capsys, caplog):
    model, labelled = vqcore.load(tokenizer), read_labelled(data, "train")
    sharding.tokenize(model, labelled, tmp_path / "shards", 16, 2, shard_size=16)
    assert "40 of 40 pictures encoded" in (told := capsys.readouterr().err) and "images/s" in told and "07.png" in caplog.text
    shards = sharding.open_shards(tmp_path / "shards")
    assert len(shards) == 39 and len(shards.levels) == 3
    readable = [squares for squares in views(labelled, 16, 2) if len(squares)]
    rows, view = torch.tensor([0, 38, 20, 16]), torch.tensor([1, 0, 1, 1])
    expected = model.encode(to_tensor(np.stack([readable[r][v] for r, v in zip(rows, view)])))[0]
    assert torch.equal(shards.grids(rows, view)[0], expected)
    assert [shards.index["texts"][i] for i in shards.texts] == ["blue"] * 20 + ["red"] * 19


def test_an_unfinished_folder_is_gone_on_with_and_a_finished_one_kept(tokenizer, data, tmp_path, monkeypatch):
    model, labelled, out = vqcore.load(tokenizer), read_labelled(data, "train"), tmp_path / "shards"
    sharding.tokenize(model, labelled, out, 16, shard_size=16)
    whole = {file.name: file.read_bytes() for file in out.iterdir()}
    (out / "00001.safetensors").unlink()
    with pytest.raises(ValueError, match="lacks 1 of 3 shards"):
        sharding.open_shards(out)
    made, encode = [], sharding._encode
    monkeypatch.setattr(sharding, "_encode", lambda *given: made.append(given[4]) or encode(*given))
    sharding.tokenize(model, labelled, out, 16, shard_size=16)
    assert made == [range(16, 32)] and {file.name: file.read_bytes() for file in out.iterdir()} == whole
    with pytest.raises(ValueError, match="another --out"):
        sharding.tokenize(model, labelled, out, 20, shard_size=16)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from Linux's /proc")
def test_shards_are_not_loaded(tmp_path):
    count = 4096
    index = {
        "version": 1, "kind": "tokens", "views": 4, "grids": [{"codebook_size": 16, "shape": [64, 64]}], "pictures": count,
        "shard_size": count, "texts": [],
    }
    (tmp_path / "index.json").write_text(json.dumps(index))
    tokens = torch.zeros(count, 4, 64, 64, dtype=torch.int16)
    tokens[7, 2] = 5
    save_file({"level0": tokens, "texts": torch.zeros(count, dtype=torch.int32)}, tmp_path / "00000.safetensors")
    del tokens
    pages = lambda: int(Path("/proc/self/statm").read_text().split()[1])
    before = pages()
    shards = sharding.open_shards(tmp_path)
    assert shards.grids(torch.tensor([7]), torch.tensor([2]))[0].unique().tolist() == [5]
    assert (pages() - before) * resource.getpagesize() < 40 << 20 < (tmp_path / "00000.safetensors").stat().st_size


@pytest.mark.slow
def test_two_ranks_write_the_shards_of_one(tokenizer, data, tmp_path):
    sharding.tokenize(vqcore.load(tokenizer), read_labelled(data, "train"), tmp_path / "one", 16, shard_size=16)
    program = (
        "import sys; from vqcore.formats.shards import tokenize; from vqcore.tokenize import main; "
        "tokenize.__defaults__ = (1, 16); sys.exit(main(sys.argv[1:]))"
    )
    for process in start(2, "-c", program, "--tokenizer", tokenizer, "--data", data, "--out", tmp_path / "two", "--side", 16):
        _, problems = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, problems
    one, two = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two and len(one) == 4


def test_the_command_writes_shards_that_a_prior_is_trained_from_by_a_config(tokenizer, data, tmp_path, capsys, monkeypatch):
    shards, out, config = tmp_path / "shards", tmp_path / "prior", tmp_path / "config.json"
    assert tokenize_pictures(["--tokenizer", tokenizer, "--data", str(data), "--out", str(shards), "--side", "16"]) == 0
    monkeypatch.setattr(sharding, "_encode", lambda *_: pytest.fail("the tokens are there"))
    config.write_text(json.dumps({
        "kind": "prior", "tokenizer": tokenizer, "data": [str(shards)], "side": 16, "batch": 8, "steps": 20,
        "model": {"kind": "transformer", "layers": 1, "width": 16, "heads": 2},
    }))
    assert train(["prior", "--config", str(config), "--out", str(out)]) == 0
    assert vqcore.load_prior(out).sample(2, "red")[0].shape == (2, 4, 4)
    recipe = json.loads((out / "recipe.json").read_text())
    assert recipe["model"]["width"] == 16 and recipe["batch"] == 8 and recipe["steps"] == 20 and "minutes" not in recipe
    other = vqcore.load(tokenizer)
    other.quantizer.codebook.copy_(other.quantizer.codebook.flip(0))
    again = ["prior", "--config", str(out / "recipe.json"), "--out", str(tmp_path / "other"), "--tokenizer"]
    assert train([*again, str(save_tokenizer(other, tmp_path / "flipped"))]) == 2
    assert "another tokenizer" in capsys.readouterr().err


@pytest.mark.parametrize("change, words", [
    ({"kind": "oracle"}, "oracle"), ({"sides": 3}, "sides"), ({"model": {"network": {"width": 3}}}, "width"), ({"version": 9}, "version"),
    ({"crop": 30}, "multiple of the 8"), ({"data": []}, "Say --data"), ({"minutes": 0}, "more than 0 minutes"), ({"steps": 5}, "not both"),
])
def test_a_config_that_makes_no_sense_is_explained(change, words, tmp_path, capsys):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"kind": "tokenizer", "data": ["x"], "minutes": 1} | change))
    assert train(["tokenizer", "--config", str(config), "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err
