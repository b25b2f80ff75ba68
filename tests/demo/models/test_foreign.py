"""Other people's tokenizers, opened by a visitor."""

import base64
import json
import os
import shutil

import numpy as np
import pytest
import torch

from demo import document as documents
from demo import models
from demo.canvas import page
from demo.codebook import view as codebook
from demo.kit import page as kit
from demo.models import foreign, limits
from demo.models import page as tab
from demo.visitors import Visitor
from tests.demo.asking import asked_by, opened, pixels_of, png
from tests.tiny import draw_picture
from tests.vqgan import small_vqgan_folder
from vqcore import hub
from vqcore.tokenizers.pixels import to_pixels


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    return small_vqgan_folder(tmp_path_factory.mktemp("theirs") / "vqvae")


@pytest.fixture(autouse=True)
def nothing_open(monkeypatch):
    foreign._loaded.clear()
    foreign._gone.clear()
    monkeypatch.setattr(foreign, "ALLOWED", None)


@pytest.fixture
def uploaded(theirs, tmp_path):
    """The folder's files as Gradio keeps them: each in a folder of its own."""
    files = []
    for i, path in enumerate(sorted(theirs.iterdir())):
        (tmp_path / str(i)).mkdir()
        files.append(shutil.copy(path, tmp_path / str(i)))
    return files


def test_a_dropped_folder_is_a_model_for_whoever_dropped_it(uploaded, tmp_path):
    told, name, _ = tab.open_folder(uploaded)
    assert "40 codes of 4 dimensions, 8 × 8" in told and "whole picture" in told
    assert models.tokenizer(name).name == name and name.startswith("dropped-") and models.is_foreign(models.tokenizer(name))
    assert name not in models.names()  # nobody else is told
    assert len(list(tmp_path.iterdir())) == len(uploaded)  # and nothing is left behind


def test_its_pictures_open_small_are_edited_whole_and_go_out_as_files(uploaded):
    _, name, _ = tab.open_folder(uploaded)
    data = base64.b64encode(png(draw_picture(1, 512, 256))).decode()
    answer = page.open_picture({"data": data, "name": "a", "model": name})
    document = documents.from_json(answer["document"])
    assert (document.width, document.height, document.tokenizer.name) == (256, 128, name) and "256×128" in answer["note"]
    assert kit.read_codebook({"model": name})["levels"][0]["halo"] is None
    grid = document.grids[0].copy()
    grid[3, 4] = (grid[3, 4] + 1) % 40
    window = {"shape": list(grid.shape), "data": documents.pack(grid, 40)}
    answer = page.decode_whole({"model": name, "grids": [window], "region": [0, grid.shape[0], 0, grid.shape[1]]})
    expected = to_pixels(models.tokenizer(name).decode([torch.from_numpy(grid)[None]]))[0]
    assert base64.b64decode(answer["pixels"]) == expected.tobytes()
    file = page.export_tokens({"document": documents.to_json(document), "kind": "vqt"})
    back = page.open_token_file({"data": file["data"], "name": "b"})
    assert back["document"]["grids"] == documents.to_json(document)["grids"] and back["document"]["model"] == name


def test_what_takes_long_has_no_place_among_strokes_and_no_picture_is_too_large_for_it(uploaded):
    _, name, _ = tab.open_folder(uploaded)
    data = base64.b64encode(png(draw_picture(1, 64, 64))).decode()
    document = page.open_picture({"data": data, "name": "a", "model": name})["document"]
    window = {"model": name, "grids": document["grids"], "region": [0, 8, 0, 8]}
    assert "decodes the whole picture" in page.decode_window(window)["error"]
    grid = {"shape": [1, 33], "data": documents.pack(np.zeros((1, 33), np.int64), 40)}
    large = document | {"width": 264, "height": 8, "grids": [grid]}
    for answer in (page.decode_whole(window | {"grids": [grid]}), page.open_document(large)):
        assert "up to 256 pixels a side" in answer["error"]


def test_a_model_that_would_keep_everybody_waiting_is_not_opened(uploaded, monkeypatch):
    monkeypatch.setattr(limits, "MOST_FLOP", 14e9)
    told, name, _ = tab.open_folder(uploaded)
    assert not name and told.startswith("This takes") and "operations for a picture" in told
    monkeypatch.setattr(limits, "MOST_FLOP", 30e9)  # 4.6 there, 11.7 back, and attention at 32 × 32 places
    assert tab.open_folder(uploaded)[1]


def test_its_codes_have_looks_and_the_codebook_tab_works_without_a_history(uploaded, monkeypatch):
    _, name, _ = tab.open_folder(uploaded)
    assert models.appearance(models.tokenizer(name)).shape == (40, 8, 8, 3)
    monkeypatch.setattr(models, "MOST_TILE_PIXELS", 1)
    tiles = models.appearance(models.tokenizer(name))
    assert tiles.shape == (40, 8, 8, 3) and len(np.unique(tiles[:, 0, 0], axis=0)) > 20
    document = documents.from_json(page.open_picture({
        "data": base64.b64encode(png(draw_picture(1, 64, 64))).decode(), "name": "a", "model": name,
    })["document"])
    assert "no metrics.jsonl" in codebook.show_training(documents.Workspace((document,), 0, (None,)))[2]


def test_a_model_of_the_hub_is_called_by_its_id_and_found_again_in_the_cache(theirs, monkeypatch):
    monkeypatch.setattr(hub, "download", lambda id, check, progress=None: theirs)
    _, name = tab.open_id(" https://huggingface.co/ada/model/tree/main/vqvae ")
    assert name == "ada/model/vqvae" in models.names()
    foreign._loaded.clear()
    monkeypatch.setattr(hub, "cached", lambda id: theirs)
    assert models.tokenizer(name).name == name
    foreign._loaded.clear()
    monkeypatch.setattr(hub, "cached", lambda id: None)
    with pytest.raises(ValueError, match="tab Models"):
        models.tokenizer(name)


def test_a_document_downloads_nothing(monkeypatch):
    monkeypatch.setattr(hub, "download", lambda id, check, progress=None: pytest.fail("it was downloaded"))
    answer = kit.read_codebook({"model": "ada/unheard-of"})
    assert "no model called" in answer["error"]


def test_a_list_restricts_what_is_opened(uploaded, theirs, monkeypatch):
    monkeypatch.setattr(foreign, "ALLOWED", "ada/model, bob/model")
    monkeypatch.setattr(hub, "download", lambda id, check, progress=None: theirs)
    monkeypatch.setattr(hub, "cached", lambda id: theirs)
    assert tab.open_id("bob/model")[1] == "bob/model"
    assert tab.open_id("eve/model") == ("This page opens ada/model, bob/model from the Hub. Run it yourself to open others.", "")
    assert "not opened on this page" in tab.open_folder(uploaded)[0]
    with pytest.raises(ValueError):
        models.tokenizer("eve/model")


def test_who_has_the_most_in_memory_gives_way_and_the_document_goes_on_when_its_folder_is_dropped_again(uploaded, theirs, monkeypatch):
    monkeypatch.setattr(hub, "download", lambda id, check, progress=None: theirs)
    monkeypatch.setattr(hub, "cached", lambda id: None)
    _, name, _ = asked_by(Visitor("bob"), tab.open_folder, uploaded)
    monkeypatch.setattr(foreign, "MOST_IN_MEMORY", 3 * foreign._loaded[name].size)
    for id in ("ada/one", "ada/two", "ada/three"):
        asked_by(Visitor("ada"), tab.open_id, id)
    assert foreign.names() == [name, "ada/two", "ada/three"], "nobody is pushed out by one who opens many"
    monkeypatch.setattr(foreign, "MOST_IN_MEMORY", 1)
    tab.open_id("eve/one")
    assert foreign.names() == ["eve/one"]
    assert "was closed, to make room" in kit.read_codebook({"model": name})["error"]
    assert tab.open_folder(uploaded)[1] == name and kit.read_codebook({"model": name})["model"] == name


def test_two_files_of_one_name_are_a_message(uploaded, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "README.md").write_text("hello")
        uploaded.append(str(tmp_path / folder / "README.md"))
    assert "2 files called README.md" in tab.open_folder(uploaded)[0]


@pytest.mark.parametrize("id", ["", "photos", "/etc/passwd", "../../etc", "ada/..", "<b>"])
def test_what_is_no_id_is_told_what_one_is(id):
    assert "OWNER/NAME" in tab.open_id(id)[0] and tab.open_id(id)[1] == ""


def test_a_folder_that_can_not_be_opened_says_why(uploaded, theirs, tmp_path):
    config = next(file for file in uploaded if file.endswith("config.json"))
    assert "no weights" in tab.open_folder([config])[0]
    assert "no config.json" in tab.open_folder([file for file in uploaded if file != config])[0]
    assert "several models" in tab.open_folder([*uploaded, shutil.copytree(theirs, tmp_path / "again") / "config.json"])[0]
    assert "no config.json" in tab.open_folder(None)[0]


def test_a_token_file_of_a_page_model_opens_here(tiny_default):
    answer = opened(png(draw_picture(3, 61, 43)))
    file = page.export_tokens({"document": answer["document"], "kind": "vqt"})
    back = page.open_token_file({"data": file["data"], "name": "back"})
    assert back["document"]["grids"] == answer["document"]["grids"] and back["document"]["name"] == "back"
    assert (back["document"]["width"], back["document"]["height"]) == (61, 43)
    assert (pixels_of(back["rebuilt"]) == pixels_of(answer["rebuilt"])).all()
    damaged = bytearray(base64.b64decode(file["data"]))
    damaged[5] ^= 1
    assert "isn't here" in page.open_token_file({"data": base64.b64encode(damaged).decode(), "name": "x"})["error"]
    assert "token file" in page.open_token_file({"data": base64.b64encode(b"hello").decode(), "name": "x"})["error"]


@pytest.mark.parametrize("more, words", [(1, "more than 1 GB"), (0, "not written by this program")])
def test_a_dropped_folder_has_a_gigabyte_at_most(more, words, tmp_path):
    files = []
    for name, size in (("config.json", 2), ("model.safetensors", (1 << 30) - 2 + more)):
        (tmp_path / name).mkdir()
        files.append(tmp_path / name / name)
        files[-1].write_bytes(b"{}" if name == "config.json" else b"")
        os.truncate(files[-1], size)  # a hole takes no room on the disk
    with pytest.raises(ValueError, match=words):
        foreign.open_folder(files)


@pytest.mark.parametrize("home", ["somebody/else", "/etc", "..", None, ["photos"]])
def test_a_dropped_decoder_fetches_and_reads_no_other_model(home, tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "download", lambda *_: pytest.fail("it was fetched"))
    files = []
    for name, data in (("config.json", json.dumps({"kind": "decoder", "version": 1, "tokenizer": home})), ("model.safetensors", "")):
        (tmp_path / name).mkdir()
        files.append(tmp_path / name / name)
        files[-1].write_text(data)
    with pytest.raises(ValueError, match="isn't here"):
        foreign.open_folder(files)
