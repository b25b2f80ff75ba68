"""The folder that a run writes to: when it can't be had, and when the disk is full."""

import errno

import pytest

import vqcore
from tests.tiny import picture_folder
from vqcore import tokenize
from vqcore.files import alone_in, write_tensors
from vqcore.train import main


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return str(picture_folder(tmp_path_factory.mktemp("pictures"), 8))


def train(pictures, out, steps):
    return main(["tokenizer", "--preset", "tiny", "--data", pictures, "--out", str(out), "--steps", str(steps)])


def encode(tokenizer, pictures, out):
    return tokenize.main(["--tokenizer", str(tokenizer), "--data", pictures, "--out", str(out), "--side", "32"])


def test_an_out_that_is_a_file_or_written_to_by_another_run_is_a_message(pictures, tiny_folder, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    no_folder = "can't be a folder"
    for out, words in ((tmp_path / "file", no_folder), (tmp_path / "file" / "in", no_folder), (tmp_path / "out", "Another run")):
        with alone_in(tmp_path / "out"):
            assert train(pictures, out, 1) == 2 and words in capsys.readouterr().err
            assert encode(tiny_folder, pictures, out) == 2 and words in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine" and not list((tmp_path / "out").iterdir())
    assert train(pictures, tmp_path / "out", 1) == 0, "and when that has ended, it is free"


def test_on_a_full_disk_a_run_ends_with_a_message_and_goes_on_from_what_it_had(pictures, tiny_folder, tmp_path, capsys, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "out"
    assert train(pictures, out, 2) == 0
    before = {path: path.read_bytes() for path in out.rglob("*.safetensors")}
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        assert train(pictures, out, 4) == 2 and "No space left on device" in (told := capsys.readouterr().err) and "make room" in told
        assert encode(tiny_folder, pictures, tmp_path / "tokens") == 2 and "make room" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.rglob("*.safetensors")} == before and vqcore.load(out)
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()], "no half of a file is left"
    assert train(pictures, out, 4) == 0


def test_a_write_that_fails_leaves_nothing_beside_what_was_there(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_tensors(tmp_path / "a.safetensors", {})
    assert not list(tmp_path.iterdir())
