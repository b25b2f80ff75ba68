"""Folders, lists, arrays and sounds as people have them: what is data is read right, and what isn't is said in plain words."""

import json
import logging
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from vqcore.data.arrays import read_arrays
from vqcore.data.folders import find_files, find_pictures
from vqcore.data.labelled import read_labelled
from vqcore.data.lists import read_list
from vqcore.data.sounds import open_wav, write_wav
from vqcore.training.material.pictures import read_sources
from vqcore.training.presets import PRESETS

HIDDEN = [".ipynb_checkpoints", ".thumbnails", "@eaDir", "__MACOSX", ".Trash-1000", "cat/.hidden", "$RECYCLE.BIN", "Thumbnails"]


def picture(path, color=(200, 10, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 32), color).save(path)


def names(folder):
    return [path.relative_to(folder).as_posix() for path in find_pictures(folder)]


def test_hidden_and_machine_made_folders_are_no_data(tmp_path, caplog):
    for place in ("cat/0.png", "dog/0.png", *(f"{hidden}/0.png" for hidden in HIDDEN), "._0.png"):
        picture(tmp_path / place)
    (tmp_path / "README.txt").write_text("no picture")
    with caplog.at_level(logging.INFO):
        assert names(tmp_path) == ["cat/0.png", "dog/0.png"]
    assert "1 × .txt" in caplog.text
    assert read_labelled(tmp_path, "train").classes == ["cat", "dog"]


def test_a_folder_that_lies_in_a_hidden_one_is_read(tmp_path):
    picture(tmp_path / ".cache" / "data" / "cat" / "0.png")
    assert names(tmp_path / ".cache" / "data") == ["cat/0.png"]


def test_links_are_followed_and_loops_are_not(tmp_path):
    picture(tmp_path / "elsewhere" / "0.png")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "cat").symlink_to(tmp_path / "elsewhere")
    (folder / "dog").symlink_to(tmp_path / "elsewhere")
    (folder / "round").symlink_to(folder)
    (folder / "1.png").symlink_to(tmp_path / "elsewhere" / "0.png")
    (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert names(folder) == ["1.png", "cat/0.png", "dog/0.png"]


@pytest.mark.parametrize("suffix, kind", [
    (".jfif", "JPEG"), (".jpe", "JPEG"), (".JPG", "JPEG"), (".ppm", "PPM"), (".pgm", "PPM"), (".apng", "PNG"),
])
def test_every_suffix_that_can_be_read_is_found(suffix, kind, tmp_path):
    Image.new("L" if suffix == ".pgm" else "RGB", (32, 32)).save(tmp_path / f"a{suffix}", kind)
    assert len(find_pictures(tmp_path)) == len(read_labelled(tmp_path, "train").pictures) == 1


def listed(folder, content, name="metadata.jsonl"):
    for i in range(3):
        picture(folder / f"{i}.png")
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_labelled(folder, "train").labels


def test_a_list_is_cut_at_line_ends_only(tmp_path):
    rows = [{"file_name": "0.png", "text": "one\u2028line"}, {"file_name": "1.png", "text": "a\u0085b"}]
    assert listed(tmp_path, "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows)) == ["one\u2028line", "a\u0085b"]


def test_a_byte_order_mark_is_fine_and_another_encoding_is_a_message_with_its_line(tmp_path):
    row = '{"file_name": "0.png", "text": "süß"}\n'
    assert listed(tmp_path, b"\xef\xbb\xbf" + row.encode()) == ["süß"]
    with pytest.raises(ValueError, match="Line 2 of .*UTF-8"):
        listed(tmp_path, b'{"file_name": "1.png", "text": "a"}\n' + row.encode("latin-1"))
    with pytest.raises(ValueError, match="UTF-8"):
        listed(tmp_path, row.encode("utf-16"))


@pytest.mark.parametrize("column", ["text", "caption", "label"])
def test_the_text_is_in_whichever_column_it_is(column, tmp_path):
    assert listed(tmp_path, f'{{"file_name": "0.png", "{column}": "a cat"}}') == ["a cat"]
    (tmp_path / "metadata.jsonl").unlink()
    assert listed(tmp_path, f'file_name,{column}\n0.png,"a cat,\nsitting"\n1.png,a dog\n', "metadata.csv") == ["a cat,\nsitting", "a dog"]


def test_a_list_without_a_text_says_so(tmp_path, caplog):
    assert listed(tmp_path, '{"file_name": "0.png", "titel": "a cat"}') == [""]
    assert "text or caption or label" in caplog.text


def test_texts_beside_pictures_are_their_captions(tmp_path):
    for i in range(2):
        picture(tmp_path / "cats" / f"{i}.png")
    (tmp_path / "cats" / "0.txt").write_text("a cat\n on a mat\n", "utf-8")
    assert read_labelled(tmp_path, "train").labels == ["a cat on a mat", "cats"]


def test_a_snapshot_of_links_has_its_files_and_a_list_cant_leave_its_folder(tmp_path):
    picture(tmp_path / "blobs" / "abc.png")
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    (snapshot / "0.png").symlink_to(tmp_path / "blobs" / "abc.png")
    (snapshot / "metadata.jsonl").write_text('{"file_name": "0.png", "text": "a"}')
    assert read_labelled(snapshot, "train").labels == ["a"]
    for name in ("../blobs/abc.png", str(tmp_path / "blobs" / "abc.png"), "missing.png"):
        (snapshot / "metadata.jsonl").write_text(json.dumps({"file_name": name}))
        with pytest.raises(ValueError, match="no such file"):
            read_list(snapshot / "metadata.jsonl")


def arrays(tmp_path, labels, classes=("a", "b", "c")):
    file = tmp_path / "a.npz"
    np.savez(file, images=np.zeros((3, 32, 32, 3), np.uint8), labels=np.array(labels), classes=np.array(classes))
    return read_arrays(file, "train")[1]


@pytest.mark.parametrize("labels", [
    [0, 1, 2], [0.0, 1.0, 2.0], np.array([0, 1, 2], np.uint8), ["a", "b", "c"], [b"a", b"b", b"c"], [[0], [1], [2]],
])
def test_labels_of_any_kind_stand_for_their_classes(labels, tmp_path):
    assert arrays(tmp_path, labels) == ["a", "b", "c"]
    assert arrays(tmp_path, labels, (b"a", b"b", b"c")) == ["a", "b", "c"]


@pytest.mark.parametrize("labels, words", [
    ([1, 2, 3], "label 3.*0 to 2"), ([0, -1, 1], "label -1.*0 to 2"), ([0, 1.5, 2], "whole"), ([0, np.nan, 1], "whole"),
    (["a", "z", "b"], "'z'"),
])
def test_labels_that_no_class_has_are_named_with_the_range(labels, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        arrays(tmp_path, labels)


TONE = np.sin(np.arange(4000) / 5).astype(np.float32) * 0.3


def wav(data, code=1, bits=16, channels=1, size=None, extensible=False, form=b"RIFF", before=b""):
    rate, block = 8000, channels * bits // 8
    head = struct.pack("<HHIIHH", 0xFFFE if extensible else code, channels, rate, rate * block, block, bits)
    if extensible:
        head += struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", code) + b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    length = struct.pack("<I", len(data) if size is None else size)
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + before + b"data" + length + data
    return form + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize("file", [
    wav((TONE * 32767).astype("<i2").tobytes()), wav((TONE * 32767).astype("<i2").tobytes(), extensible=True),
    wav((TONE * 32767).astype("<i2").tobytes(), size=0), wav((TONE * 32767).astype("<i2").tobytes(), size=0xFFFFFFFF, form=b"RF64"),
    wav(TONE.astype("<f4").tobytes(), 3, 32), wav(TONE.astype("<f8").tobytes(), 3, 64),
    wav(TONE.astype("<f4").tobytes(), 3, 32, extensible=True),
    wav(((TONE + 1) * 127.5).round().astype(np.uint8).tobytes(), bits=8), wav((TONE * 2**31).astype("<i4").tobytes(), bits=32),
    wav((TONE * 32767).astype("<i2").tobytes(), before=b"LIST\x05\0\0\0abcde\0"),
    wav((TONE * 32767).astype("<i2").tobytes(), size=99_999), write_wav(TONE, 8000),
])
def test_a_tone_is_heard_however_it_is_stored(file):
    sound = open_wav(file)
    assert sound.rate == 8000 and sound.samples.shape == (4000,) and not sound.notes
    assert np.abs(sound.samples - TONE).max() < 0.01


def test_channels_in_opposite_phase_dont_cancel_to_silence():
    stereo = np.stack([TONE, -TONE], 1)
    sound = open_wav(wav((stereo * 32767).astype("<i2").tobytes(), channels=2))
    assert np.abs(np.abs(sound.samples) - np.abs(TONE)).max() < 0.01 and "cancel" in sound.notes[0]
    same = open_wav(wav((np.stack([TONE, TONE], 1) * 32767).astype("<i2").tobytes(), channels=2))
    assert np.abs(same.samples - TONE).max() < 0.01 and not same.notes


@pytest.mark.parametrize("file, words", [
    (b"", "not a WAV"), (b"RIFF0000WAVE", "no sound"), (wav(b""), "no sound"), (wav(b"\0" * 99, 85), "MP3"),
    (wav(b"\0" * 99, 7, 8), "µ-law"), (wav(b"\0" * 99, channels=0), "channel"), (wav(b"\0" * 99, bits=64), "64 bits"),
    (b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0\0\0\0\0", "cut short"),
])
def test_what_is_no_sound_is_explained(file, words):
    with pytest.raises(ValueError, match=words):
        open_wav(file)


def test_sounds_are_found_as_pictures_are(tmp_path):
    for place in ("one/a.WAV", ".hidden/b.wav", "two/c.wave"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(write_wav(TONE, 8000))
    assert [path.name for path in find_files(tmp_path, {".wav", ".wave"})] == ["a.WAV", "c.wave"]


def test_grey_and_colour_files_fit_a_preset_of_either(tmp_path, caplog):
    for i in range(12):
        picture(tmp_path / "colour" / f"{i}.png", (20 * i, 100, 255 - 20 * i))
    recipe = PRESETS["tiny"]
    grey = replace(recipe, model=replace(recipe.model, network=replace(recipe.model.network, channels=1)), crop=16)
    kept, held_out = read_sources([tmp_path / "colour"], grey)
    assert {p.shape for p in kept + held_out} == {(32, 32, 1)} and "grey" in caplog.text
    assert kept[0][0, 0, 0] == round(0.587 * 100 + 0.114 * 255)
    np.savez(tmp_path / "grey.npz", images=np.full((12, 32, 32), 9, np.uint8))
    assert {p.shape for p in read_sources([tmp_path / "grey.npz"], recipe)[0]} == {(64, 64, 3)}
