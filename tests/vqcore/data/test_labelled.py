"""Where pictures come from: captioned folders, arrays, Hub data sets."""

import io
import json
import logging
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tiny import draw_picture, picture_folder
from vqcore.data.labelled import Labelled, open_pixels, read_labelled, unseen_pictures, views


def write_metadata(folder, rows):
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")


def test_a_captioned_folder_has_its_texts_and_its_splits(tmp_path):
    picture_folder(tmp_path / "a", 3)
    rows = [
        {"file_name": "a/002.png", "text": "a red disc", "split": "train"}, {"file_name": "a/000.png", "split": "train"},
        {"file_name": "a/001.png", "text": "held out", "split": "heldout"},
    ]
    write_metadata(tmp_path, rows)
    train, val = read_labelled(tmp_path, "train"), read_labelled(tmp_path, "val")
    assert [p.name for p in train.pictures] == ["002.png", "000.png"] and train.labels == ["a red disc", ""]
    assert val.labels == ["held out"] and train.classes == ["a red disc"]


@pytest.mark.parametrize("row, words", [
    ({"file_name": "../secret.png"}, "no such file"), ({"file_name": "b.png"}, "no such file"), ({"text": "a"}, "Line 1"), ([1], "Line 1"),
])
def test_metadata_that_names_other_files_is_an_error(row, words, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"")
    (tmp_path / "data").mkdir()
    write_metadata(tmp_path / "data", [row])
    with pytest.raises(ValueError, match=words):
        read_labelled(tmp_path / "data", "train")


def test_arrays_are_read_with_texts_or_labels(tmp_path):
    images = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    np.savez(tmp_path / "a.npz", images=images, labels=[1, 0, 1], classes=["cat", "dog"], val_images=images[:1], val_texts=["a cat"])
    train, val = read_labelled(tmp_path / "a.npz", "train"), read_labelled(str(tmp_path / "a.npz"), "val")
    assert np.array_equal(np.stack(train.pictures), images[..., None]) and train.labels == ["dog", "cat", "dog"]
    assert val.labels == ["a cat"] and len(val.pictures) == 1


@pytest.mark.parametrize("arrays, words", [
    ({"pictures": np.zeros((1, 8, 8), np.uint8)}, "no array called images"),
    ({"images": np.zeros((1, 8, 8))}, "float64"), ({"images": np.zeros((1, 8, 8, 4), np.uint8)}, "1 or 3 channels"),
    ({"images": np.array([{}, {}], dtype=object)}, "plain arrays"),
    ({"images": np.zeros((2, 8, 8), np.uint8), "labels": [1]}, "2 pictures and 1 texts"),
])
def test_arrays_that_are_no_pictures_are_refused(arrays, words, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=words):
        read_labelled(tmp_path / "a.npz", "train")


def test_a_hub_data_set_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ValueError, match="pip install datasets"):
        read_labelled("someone/pictures", "train")


def test_a_hub_data_set_is_read_one_picture_at_a_time(monkeypatch):
    file = io.BytesIO()
    Image.fromarray(draw_picture(1)).save(file, "PNG")
    opened = []

    class Data:
        def __init__(self, decode=True):
            self.decode = decode
            self.features = {"img": package.Image(decode), "label": types.SimpleNamespace(names=["cat", "dog"])}

        def cast_column(self, column, kind):
            return Data(kind.decode)

        def __len__(self):
            return 2

        def __getitem__(self, key):
            if key == "label":
                return [1, 0]
            assert not self.decode, "files are read by open_picture, with its limits"
            opened.append(key)
            return {"img": {"bytes": file.getvalue(), "path": None}}

    class ImageFeature:
        def __init__(self, decode=True):
            self.decode = decode

    package = types.ModuleType("datasets")
    package.Image = ImageFeature
    package.get_dataset_split_names = lambda name: ["train", "test"]
    package.load_dataset = lambda name, split: Data() if split in ("train", "test") else pytest.fail(split)
    monkeypatch.setitem(sys.modules, "datasets", package)
    data = read_labelled("someone/pictures", "val")
    assert data.labels == ["dog", "cat"] and opened == []
    assert np.array_equal(open_pixels(data.pictures[1]), draw_picture(1)) and opened == [1]


def test_a_file_that_cannot_be_read_has_no_views(tmp_path, caplog):
    folder = picture_folder(tmp_path, 2)
    (folder / "000.png").write_bytes(b"no picture")
    data = Labelled([folder / "000.png", folder / "001.png"], ["", ""])
    assert [len(squares) for squares in views(data, 16, 3)] == [0, 3]
    assert "000.png" in caplog.text


def test_a_style_and_tags_give_a_picture_other_captions(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    row = {"file_name": "a.png", "text": "hand: dark skin", "tags": ["palm", "wave"], "split": "train"}
    write_metadata(tmp_path, [row | {"style": f"flat{i}"} for i in range(4)])
    data = read_labelled(tmp_path, "train")
    assert data.labels == [f"hand: dark skin flat{i}" for i in range(4)]
    others = [other.replace(label[-5:], "flat").split() for label in data.labels for other in data.variants[label]]
    assert {word for other in others for word in other} == {"hand", "dark", "skin", "flat", "palm", "wave"}
    assert any(other[0] == "flat" for other in others) and any(other[:3] == ["dark", "skin", "hand"] for other in others)
    assert any("hand" not in other for other in others) and any("skin" not in other for other in others)
    assert all(("dark" in other) == ("skin" in other) for other in others), "what is added is there whole or not at all"
    assert all("dark skin flat" in data.variants[label][-1] for label in data.labels), "what stands after the colon, alone"
    assert data.variants == read_labelled(tmp_path, "train").variants, "the same each time"


def test_a_zip_is_read_as_the_folder_in_it(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    for split in ("train", "val"):
        for name in ("cat", "dog"):
            picture_folder(tmp_path / "set" / split / name, 2)
    (tmp_path / "set" / "README.txt").write_text("about them")
    archive = Path(shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path / "set"))
    for split in ("train", "val"):
        zipped, folder = read_labelled(archive, split), read_labelled(tmp_path / "set", split)
        assert zipped.labels == folder.labels == ["cat", "cat", "dog", "dog"] and zipped.digest() == read_labelled(archive, split).digest()
        assert all(np.array_equal(open_pixels(a), open_pixels(b)) for a, b in zip(zipped.pictures, folder.pictures, strict=True))
    assert f"passed over in {archive}: 1 × .txt" in caplog.text
    assert len(list(unseen_pictures(archive, 3))) == len(list(unseen_pictures(tmp_path / "set", 3))) == 8
    (tmp_path / "broken.zip").write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(ValueError, match="broken.zip: This zip is damaged.*unpack it"):
        read_labelled(tmp_path / "broken.zip", "train")
