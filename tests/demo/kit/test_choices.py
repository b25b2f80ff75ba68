"""Why a token is its code, as the page asks it."""

import base64

import numpy as np
import pytest
import torch

from demo import document as documents
from demo.kit import page
from tests.demo.asking import opened, pixels_of, png
from tests.tiny import draw_picture
from vqcore.tokenizers.pixels import to_pixels, to_tensor

DRAWN = draw_picture(3, 156, 124)  # 20 × 16 tokens, the last of which are cut off


def floats(data):
    return np.frombuffer(base64.b64decode(data), "<f4")


def question(tokens, row, column, pixels=DRAWN, **more):
    """About a part of a picture, as large as its pixels."""
    grid = {"shape": list(tokens.shape), "data": documents.pack(tokens, 64)}
    height, width = pixels.shape[:2]
    document = {"version": 1, "model": "tiny", "width": width, "height": height, "grids": [grid]}
    raw = base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()
    return {"document": document, "level": 0, "row": row, "column": column, "pixels": raw} | more


@pytest.fixture(scope="module")
def tokens(tiny_default):
    return tiny_default.encode(to_tensor(DRAWN))[0][0].numpy()


@pytest.mark.parametrize("row, column", [(0, 0), (7, 9), (15, 19)])
def test_a_part_as_wide_as_the_encoder_looks_tells_what_the_whole_does(tiny_default, tokens, row, column):
    halo = max(tiny_default.encoder_halo, tiny_default.halo + 1)
    top, left = max(0, row - halo), max(0, column - halo)
    bottom, right = min(16, row + halo + 1), min(20, column + halo + 1)
    part = question(tokens[top:bottom, left:right], row - top, column - left, DRAWN[8 * top : 8 * bottom, 8 * left : 8 * right])
    whole = page.explain_token(question(tokens, row, column))
    assert page.explain_token(part) == whole
    (choice,) = whole["choices"]
    z_e = tiny_default.latents(to_tensor(DRAWN))[0][0, :, row, column]
    assert (floats(choice["z_e"]) == z_e.numpy()).all() and choice["code"] == choice["nearest"][0] == tokens[row, column]
    codes = {"codes": choice["nearest"][:3], "pixels": None}
    assert page.decode_choices(part | codes) == page.decode_choices(question(tokens, row, column) | codes)


def test_the_codes_and_the_lines_are_those_of_the_tokenizer(tiny_default, tokens):
    answer = page.explain_token(question(tokens, 4, 5))
    (choice,) = answer["choices"]
    assert (floats(choice["e_k"]) == tiny_default.levels[0].codebook[choice["code"]].numpy()).all()
    assert [lines["file"] for lines in answer["lines"]] == ["vqcore/study/choice.py", "vqcore/quantizers/vq.py"]


def test_another_code_is_decoded_in_the_place_of_the_token(tiny_default, tokens):
    asked = question(tokens, 4, 5, pixels=DRAWN) | {"pixels": None, "codes": [3, 60]}
    for code, url in zip([3, 60], page.decode_choices(asked)["pictures"], strict=True):
        changed = tokens.copy()
        changed[4, 5] = code
        whole = to_pixels(tiny_default.decode([torch.from_numpy(changed)[None]]))[0]
        assert (pixels_of(url) == whole[24:48, 32:56]).all()


def test_tokens_without_their_original_tell_of_the_code_alone(tokens):
    (choice,) = page.explain_token(question(tokens, 4, 5) | {"pixels": None})["choices"]
    assert choice["z_e"] is None and choice["nearest"][0] == choice["code"] == tokens[4, 5] and choice["distances"][0] == 0


@pytest.mark.parametrize("change, words", [
    ({"row": 16}, "16 rows"), ({"column": -1}, "20 columns"), ({"pixels": "AAAA"}, "aren't those"), ({"level": 1}, "no level 1"),
])
def test_what_cannot_be_told_is_explained(tokens, change, words):
    assert words in page.explain_token(question(tokens, 4, 5) | change)["error"]


@pytest.mark.parametrize("codes", [[], [64], [-1], list(range(9))])
def test_codes_that_are_none_are_refused(tokens, codes):
    assert "one to eight codes of 0 to 63" in page.decode_choices(question(tokens, 4, 5) | {"codes": codes})["error"]


def test_a_grey_original_is_read_as_it_was(tiny_default):
    grey = np.repeat(DRAWN[..., :1], 3, axis=-1)
    document = documents.from_json(opened(png(grey[..., 0]))["document"])
    (choice,) = page.explain_token(question(document.grids[0], 3, 3, grey))["choices"]
    assert choice["rank"] == 0
