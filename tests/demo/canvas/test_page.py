"""What the canvas asks of the server."""

import base64
import io

import numpy as np
import pytest
import torch

from demo import document as documents
from demo.canvas import page
from demo.kit import page as kit
from tests.demo.asking import opened, pixels_of, png
from tests.tiny import draw_picture
from vqcore.tokenizers.pixels import to_pixels, to_tensor


def test_a_picture_comes_back_as_tokens_and_pixels(tiny_default):
    pixels = draw_picture(3, 61, 43)
    answer = opened(png(pixels))
    document = documents.from_json(answer["document"])
    tokens = tiny_default.encode(to_tensor(pixels))
    assert (document.grids[0] == tokens[0][0].numpy()).all() and document.grids[0].shape == (6, 8)
    assert (pixels_of(answer["original"]) == pixels).all()
    assert (pixels_of(answer["rebuilt"]) == to_pixels(tiny_default.reconstruct(to_tensor(pixels)))[0]).all()
    assert document.original.bytes == len(png(pixels)) and answer["note"] is None


def test_a_large_picture_is_scaled_and_says_so():
    answer = opened(png(draw_picture(1, 4096, 1024)))
    assert (answer["document"]["width"], answer["document"]["height"]) == (2048, 512)
    assert "was 4096×1024" in answer["note"]


@pytest.mark.parametrize("data, words", [
    (b"", "empty"), (b"hello", "not a picture"), (png(draw_picture(1, 1, 1)), "1×1"), (png(draw_picture(1, 20000, 10)), "20000×10"),
])
def test_a_bad_picture_is_answered_with_a_sentence(data, words):
    assert words in opened(data)["error"]


def test_a_file_beyond_the_limit_is_refused_unread(monkeypatch):
    monkeypatch.setattr("demo.kit.bytes.MAX_FILE_BYTES", 1 << 20)
    assert "larger than 1 MB" in opened(bytes(2 << 20))["error"]


@pytest.mark.parametrize("question", [None, 3, {}, {"data": None, "name": "a"}, {"data": "AA", "name": "a", "model": "x"}])
def test_a_question_that_makes_no_sense_is_answered(question):
    assert page.open_picture(question)["error"]


@pytest.mark.parametrize("row, column", [(0, 0), (7, 9), (15, 19)])
def test_a_window_decodes_to_the_bits_of_the_whole(tiny_default, row, column):
    grid = np.random.default_rng(0).integers(0, 64, (16, 20))
    whole = to_pixels(tiny_default.decode([torch.from_numpy(grid)[None]]))[0]
    halo = tiny_default.halo
    region = [max(0, row - halo), min(16, row + halo + 1), max(0, column - halo), min(20, column + halo + 1)]
    window = [max(0, region[0] - halo), min(16, region[1] + halo), max(0, region[2] - halo), min(20, region[3] + halo)]
    cut = grid[window[0] : window[1], window[2] : window[3]]
    answer = page.decode_window({
        "model": tiny_default.name,
        "grids": [{"shape": list(cut.shape), "data": documents.pack(cut, 64)}],
        "region": [region[0] - window[0], region[1] - window[0], region[2] - window[2], region[3] - window[2]],
    })
    expected = whole[region[0] * 8 : region[1] * 8, region[2] * 8 : region[3] * 8]
    assert base64.b64decode(answer["pixels"]) == expected.tobytes()


@pytest.mark.parametrize("shape, region", [
    ([0, 4], [0, 1, 0, 1]), ([999, 999], [0, 1, 0, 1]), ([2, 2], [0, 3, 0, 1]), ([2, 2], [1, 1, 0, 1]),
])
def test_a_window_outside_its_bounds_is_refused(tiny_default, shape, region):
    data = documents.pack(np.zeros(min(shape[0] * shape[1], 100), int), 64)
    answer = page.decode_window({"model": tiny_default.name, "grids": [{"shape": shape, "data": data}], "region": region})
    assert "stroke" in answer["error"]


def test_the_nearest_codes_start_with_the_code_itself(tiny_default):
    codebook = tiny_default.levels[0].codebook
    answer = page.nearest_codes({"model": tiny_default.name, "code": 5, "count": 9})["codes"]
    distances = (codebook - codebook[5]).norm(dim=1)
    assert answer[0] == 5 and len(answer) == 9
    assert torch.equal(distances[answer], distances.sort().values[:9])


def test_the_tile_sheet_holds_each_code_at_its_place(tiny_default):
    (answer,) = kit.read_codebook({})["levels"]
    sheet = pixels_of(answer["tiles"])
    assert sheet.shape == (8, 64 * 8, 3) and (sheet[:, 40:48] == tiny_default.levels[0].appearance[5]).all()
    usage = np.frombuffer(base64.b64decode(answer["usage"]), "<u4")
    assert (usage == tiny_default.levels[0].usage.numpy()).all()


def test_exports_hold_the_grid_and_the_usage():
    answer = page.open_example({"name": "chelsea"})
    document = documents.from_json(answer["document"])
    npz = page.export_tokens({"document": answer["document"], "kind": "npz"})
    arrays = np.load(io.BytesIO(base64.b64decode(npz["data"])))
    assert (arrays["grid_0"] == document.grids[0]).all() and arrays["usage_0"].sum() == document.tokens
    lines = base64.b64decode(page.export_tokens({"document": answer["document"], "kind": "grid.csv"})["data"]).decode().split()
    assert lines[0] == "level,row,column,code" and len(lines) == document.tokens + 1
    assert "no export" in page.export_tokens({"document": answer["document"], "kind": "exe"})["error"]


def test_an_example_outside_the_folder_is_refused():
    assert "no example" in page.open_example({"name": "../../README"})["error"]


def test_a_walk_between_codes_starts_and_ends_with_them_and_snaps_to_the_nearest(tiny_default):
    codebook = tiny_default.levels[-1].codebook
    codes = page.codes_between({"model": tiny_default.name, "from": 3, "to": 40, "steps": 7})["codes"]
    middle = (codebook[3] + codebook[40]) / 2
    assert len(codes) == 7 and codes[0] == 3 and codes[-1] == 40
    assert codes[3] == (codebook - middle).square().sum(1).argmin()


@pytest.mark.parametrize("change, words", [({"to": 64}, "0 to 63"), ({"from": -1}, "0 to 63"), ({"steps": 1000}, "2 to 64")])
def test_a_walk_that_cannot_be_is_explained(tiny_default, change, words):
    question = {"model": tiny_default.name, "from": 3, "to": 40, "steps": 7} | change
    assert words in page.codes_between(question)["error"]
