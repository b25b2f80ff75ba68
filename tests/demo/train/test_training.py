"""Training in the page: which uploads are let in, and a run from its beginning to its download."""

import base64
import io
import json
import math
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from demo import models
from demo.train import page, pictures, recipes, runs, work
from demo.train.recipes import Settings
from tests.patience import PATIENCE, wait_until
from tests.stepped import writer
from tests.tiny import draw_picture, picture_folder
from vqcore.data.labelled import read_labelled
from vqcore.training.budget import Budget

pytestmark = pytest.mark.slow


def png(seed=0, size=(40, 32)):
    file = io.BytesIO()
    Image.fromarray(draw_picture(seed, *size)).save(file, "PNG")
    return file.getvalue()


def zipped(path, files, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def test_a_zip_of_class_folders_is_unpacked_and_its_top_is_found(tmp_path):
    files = [("set/cats/a.png", png(1)), ("set/dogs/b.png", png(2)), ("set/.DS_Store", b"x"), ("__MACOSX/set/cats/._a.png", b"x")]
    (tmp_path / "out").mkdir()
    found = pictures.unpack(zipped(tmp_path / "a.zip", files), tmp_path / "out")
    assert found == pictures.Found(tmp_path / "out" / "set", 2)
    assert read_labelled(found.folder, "train").labels == ["cats", "dogs"] and len(list(tmp_path.rglob("*"))) == 7


OTHERS = [(name, b"x") for name in ("README.txt", "LICENSE", "cat/labels.csv", "Desktop.ini", "cat/Thumbs.db", "cat/a.mov")]
HIDDEN = [(f"{folder}/0.png", png(9)) for folder in (".ipynb_checkpoints", ".thumbnails", "@eaDir", "__MACOSX", "cat/.git", "cat/@eaDir")]
PETS = [("cat/0.png", png(1)), ("cat/1.jfif", png(2)), ("dog/0.png", png(3))]


@pytest.mark.parametrize("files, labels, passed_over", [
    (PETS + HIDDEN, ["cat", "cat", "dog"], ""),
    (PETS + OTHERS, ["cat", "cat", "dog"], "1 × .txt, 1 × LICENSE, 1 × .csv, 1 × .ini, 1 × .db, 1 × .mov"),
    (PETS + OTHERS + [("a.exe", b"x"), ("b.txt", b"x")], ["cat", "cat", "dog"],
     "2 × .txt, 1 × LICENSE, 1 × .csv, 1 × .ini, 1 × .db, 1 × .mov, 1 more"),
    ([("cat\\0.png", png(1)), ("cat\\1.png", png(2)), ("cat\\", b"")], ["cat", "cat"], ""),
    ([("cat\\0.png", png(1)), ("dog\\1.png", png(2))], ["cat", "dog"], ""),
    (PETS[:2] + OTHERS[:1], ["cat", "cat"], "1 × .txt"),
    ([("thumbnails/a/0.png", png(1)), ("thumbnails/b/1.png", png(2))], ["a", "b"], ""),
    ([("thumbnails/0.png", png(1)), ("thumbnails/1.png", png(2))], ["", ""], ""),
    ([("0.png", png(1)), ("0.txt", b"a cat"), ("1.png", png(2)), ("1.txt", b"a dog"), ("notes.txt", b"x")], ["a cat", "a dog"], "1 × .txt"),
    ([("a/0.png", png(1)), ("a/1.png", png(2)), ("a/metadata.csv", b"file_name,text\n1.png,a dog\n0.png,a cat\n")], ["a dog", "a cat"], ""),
], ids=[
    "hidden", "others", "many others", "backslashes", "backslashed classes", "one class", "chosen", "chosen pictures", "captions", "list",
])
def test_what_is_no_picture_is_passed_over_in_a_zip_and_beside_single_files_alike(files, labels, passed_over, tmp_path):
    places = []
    for number, (name, data) in enumerate(files):
        places.append((name, tmp_path / str(number)))
        places[-1][1].write_bytes(data)
    (tmp_path / "zip").mkdir()
    (tmp_path / "files").mkdir()
    unpacked = pictures.unpack(zipped(tmp_path / "a.zip", files), tmp_path / "zip")
    for found in (unpacked, pictures.lay_out(places, tmp_path / "files")):
        assert read_labelled(found.folder, "train").labels == labels
        assert (found.count, found.passed_over) == (len(labels), passed_over)


def test_a_file_of_arrays_is_taken_or_told_what_is_wrong_with_it_by_its_own_name(tmp_path):
    images, labels = np.stack([draw_picture(i, 16, 16) for i in range(4)]), np.array([0, 1, 1, 0])
    np.savez_compressed(tmp_path / "sent", images=images, labels=labels, classes=np.array(["cat", "dog"]))
    (tmp_path / "out").mkdir()
    found = work._fill([("mine.npz", tmp_path / "sent.npz")], tmp_path)
    assert found.count == 4 and read_labelled(found.folder, "train").labels == ["cat", "dog", "dog", "cat"]
    np.savez(tmp_path / "wrong", images=images, labels=labels + 1, classes=np.array(["cat", "dog"]))
    with pytest.raises(ValueError, match=r"in mine.npz has the label 2; `classes` names 2, numbered from 0 to 1"):
        pictures.take_arrays("mine.npz", tmp_path / "wrong.npz", tmp_path / "out")
    (tmp_path / "text.npz").write_bytes(b"no arrays")
    with pytest.raises(ValueError, match="text.npz can't be read"):
        pictures.take_arrays("text.npz", tmp_path / "text.npz", tmp_path / "out")


def test_drawings_of_one_colour_are_no_bomb(tmp_path):
    flat = io.BytesIO()
    Image.new("RGB", (1000, 1000), "red").save(flat, "BMP")
    archive = zipped(tmp_path / "a.zip", [(f"{i}.bmp", flat.getvalue()) for i in range(5)], zipfile.ZIP_DEFLATED)
    assert 5 * len(flat.getvalue()) > 100 * archive.stat().st_size
    (tmp_path / "out").mkdir()
    assert pictures.unpack(archive, tmp_path / "out").count == 5


@pytest.mark.parametrize("files, words", [
    ([("../a.png", png())], "safe"), ([("/etc/a.png", png())], "safe"), ([("a\\..\\b.png", png())], "safe"), ([("c:a.png", png())], "safe"),
    ([("\\\\a\\b.png", png())], "safe"), ([("../a.txt", b"x")], "safe"),
    ([("run.py", b"print()")], "none here. Passed over: 1 × .py"),
    ([("model.ckpt", b"x")], "none here. Passed over: 1 × .ckpt"), ([(link("a.png"), "/etc/passwd")], "link"),
    ([("a.png", png())], "two pictures"), ([("a.png", bytes(40 << 20)), ("b.png", png())], "largest file"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_zip_with_anything_else_in_it_is_refused_before_it_is_opened(files, words, tmp_path, monkeypatch):
    archive = zipped(tmp_path / "a.zip", files, zipfile.ZIP_DEFLATED)
    if words != "two pictures":
        monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was opened"))
    (tmp_path / "out").mkdir()
    with pytest.raises(ValueError, match=words):
        pictures.unpack(archive, tmp_path / "out")
    assert (not (tmp_path / "passwd").exists() and words == "two pictures") or not list((tmp_path / "out").iterdir())


def test_bombs_crowds_liars_and_rubbish_are_refused(tmp_path, monkeypatch):
    bomb = zipped(tmp_path / "bomb.zip", [(f"{i}.bmp", bytes(4 << 20)) for i in range(17)], zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="times its size"):
        pictures.unpack(bomb, tmp_path / "out")
    (tmp_path / "text.zip").write_bytes(b"no zip at all")
    with pytest.raises(ValueError, match="damaged"):
        pictures.unpack(tmp_path / "text.zip", tmp_path / "out")
    liar = bytearray(zipped(tmp_path / "liar.zip", [("a.png", bytes(5000)), ("b.png", png())]).read_bytes())
    place = liar.index(b"PK\x01\x02") + 24
    liar[place : place + 4] = (100).to_bytes(4, "little")
    (tmp_path / "liar.zip").write_bytes(liar)
    with pytest.raises(ValueError, match="larger than|damaged"):
        pictures.unpack(tmp_path / "liar.zip", tmp_path / "out")
    monkeypatch.setattr("vqcore.data.folders.MOST_PICTURES", 1)
    with pytest.raises(ValueError, match="2 files; 1 is the most"):
        pictures.unpack(zipped(tmp_path / "a.zip", [("a.png", png()), ("b.png", png())]), tmp_path / "out")


def test_uploads_are_taken_from_the_pages_own_folder_only(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    secret = tmp_path / "secret.png"
    secret.write_bytes(png())
    for path in (str(secret), str(tmp_path / "gradio" / ".." / "secret.png"), str(tmp_path / "gradio" / "none.png")):
        assert "no longer here" in page.begin({"files": [{"name": "a.png", "path": path}], "settings": SETTINGS})["error"]


def test_it_is_off_on_a_space_unless_it_is_switched_on(monkeypatch):
    assert work.is_allowed({}) and not work.is_allowed({"SPACE_ID": "me/app"}) and not work.is_allowed({"VQ_TRAINING": "off"})
    assert work.is_allowed({"SPACE_ID": "me/app", "VQ_TRAINING": "on"})
    monkeypatch.setattr(work, "ALLOWED", False)
    assert "off" in page.begin({"set": "examples", "settings": SETTINGS})["error"]


SETTINGS = {"downsampling": "8", "codebook_size": "32", "code_dim": "8", "beta": "0.25", "codebook": "gradient", "minutes": "0.03"}
CHOSEN = Settings(downsampling=8, codebook_size=32, code_dim=8, beta=0.25, codebook="gradient", minutes=0.03)


def test_settings_become_a_recipe(tmp_path):
    run = recipes.tokenizer_recipe(CHOSEN, picture_folder(tmp_path / "data", 3))
    network = run.recipe.model.network
    assert (network.downsampling, network.code_dim, network.channels) == (8, 8, 3) and run.budget == Budget(minutes=0.03)
    assert (run.recipe.model.quantizer.codebook_size, run.recipe.model.quantizer.ema_decay, run.recipe.crop) == (32, None, 64)
    assert run.recipe.mirrored is True and run.recipe.longest_side == recipes.LONGEST_SIDE
    np.savez(tmp_path / "small.npz", images=np.zeros((4, 28, 28), np.uint8))
    small = recipes.tokenizer_recipe(replace(CHOSEN, codebook="ema"), tmp_path / "small.npz").recipe
    assert small.crop == 24 and small.model.network.channels == 1 and small.model.quantizer.ema_decay == 0.99
    for wrong in ({"downsampling": 3}, {"codebook_size": 1_000_000}, {"minutes": 1e9}, {"beta": math.nan}):
        with pytest.raises(ValueError):
            recipes.tokenizer_recipe(replace(CHOSEN, **wrong), tmp_path / "data")


def wait(id, stage):
    follow = lambda: page.follow({"run": id, "losses": 0, "validations": 0, "sheet": ""})
    state = wait_until(lambda: None if (state := follow())["running"] else state, "the end of the training")
    assert state["problem"] is None, state["problem"]
    assert state["stage"] == stage
    return state


def test_a_run_from_the_upload_to_the_download(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(runs, "write_run", writer(20))
    files = [(f"set/{name}/{i}.png", png(i, (64, 64))) for i, name in enumerate(["red", "blue"] * 6)]
    archive = zipped(tmp_path / "a.zip", [*files, ("set/README.txt", b"x")])
    question = {"files": [{"name": "a.zip", "path": str(archive)}], "settings": SETTINGS}
    id = page.begin(question)["run"]
    try:
        run = runs.find(id)
        assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
        assert "One training runs at a time" in page.begin(question)["error"]
        state = wait(id, "tokenizer")
        assert (state["pictures"], state["passed_over"]) == (12, "1 × .txt")
        assert state["validations"][-1]["val_psnr"] > 5 and state["sheet"].startswith("data:image/png")
        opened = page.open_model({"run": id})
        tokenizer = models.tokenizer(opened["model"])
        assert tokenizer.levels[0].codebook_size == 32 and Path(models.source(tokenizer)) == run.out("tokenizer")
        assert page.begin_prior({"run": id, "minutes": 0.02}) == {"going": True}
        wait(id, "prior")
        sampled = page.sample({"run": id, "text": "red", "seed": 1})
        assert sampled["texts"] == ["blue", "red"] and sampled["samples"][0]["document"]["model"] == opened["model"]
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(page.download({"run": id})["data"]))) as archive:
            archive.extractall(tmp_path / "downloaded")
            assert not any(str(run.folder).encode() in archive.read(name) for name in archive.namelist())
        mine = vqcore.load(tmp_path / "downloaded" / "mine")
        assert torch.equal(mine.levels[0].codebook, tokenizer.levels[0].codebook)
        assert vqcore.load_prior(tmp_path / "downloaded" / "mine-prior").tokenizer == "mine"
        assert json.loads((tmp_path / "downloaded" / "mine" / "recipe.json").read_text())["model"]["quantizer"]["codebook_size"] == 32
    finally:
        runs.close()
    assert not run.folder.exists() and "no longer here" in page.follow({"run": id, "losses": 0, "validations": 0, "sheet": ""})["error"]


def test_a_run_stops_when_asked_keeps_what_it_has_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "write_run", writer(20_000))
    folder = picture_folder(tmp_path / "data", 12)
    run = runs.create(CHOSEN, lambda _: pictures.Found(folder, 12))
    try:
        runs.train(run, "tokenizer", recipes.tokenizer_recipe(CHOSEN, folder))
        wait_until(lambda: run.losses() or not run.is_running)
        runs.stop(run)
        assert run.process.wait(PATIENCE) == 0 and run.is_ready("tokenizer")
        before = run.validations()[-1]["steps"]
        runs.go_on(run)
        run.process.stdin.close()  # as when the page's process dies
        assert run.process.wait(PATIENCE) != 0 or run.validations()[-1]["steps"] > before
    finally:
        runs.close()
