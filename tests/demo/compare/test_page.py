"""What the Compare tab asks of the server."""

import base64
import io

import numpy as np
import torch
from PIL import Image

from demo import document as documents
from demo import models
from demo.compare import page
from tests.tiny import draw_picture
from vqcore.metrics import psnr
from vqcore.tokenizers.pixels import to_pixels, to_tensor

PICTURE = draw_picture(42, 96, 64)


def ask(tiny, **settings):
    out = io.BytesIO()
    Image.fromarray(PICTURE).save(out, "PNG")
    question = {"picture": base64.b64encode(out.getvalue()).decode(), "model": tiny.name, "codes": 64, "scale": 1}
    return page.compare_picture(question | settings)


def pixels_of(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def test_the_answer_is_the_tokenizers(tiny_default):
    answer = ask(tiny_default)
    tokens = tiny_default.encode(to_tensor(PICTURE))
    assert answer["grid"]["shape"] == [8, 12]
    assert (documents.unpack(answer["grid"]["data"], (8, 12), 64) == tokens[0][0].numpy()).all()
    assert (pixels_of(answer["rebuilt"]) == to_pixels(tiny_default.decode(tokens))[0]).all()
    assert answer["psnr"] == psnr(PICTURE, pixels_of(answer["rebuilt"]))
    assert (answer["tokens"], answer["bits"], answer["bits_per_pixel"]) == (96, 576, 576 / 6144)
    assert answer["levels"] == [{"codes": 64, "downsampling": 8}] and answer["encoding"] > 0 and answer["decoding"] > 0


def test_the_answer_says_what_was_done_to_the_file(tiny_default):
    out = io.BytesIO()
    Image.fromarray(np.arange(64 * 64).reshape(64, 64).astype(np.uint16)).save(out, "PNG")  # 12 bits in a file of 16
    assert "stretched" in ask(tiny_default, picture=base64.b64encode(out.getvalue()).decode())["note"]
    assert ask(tiny_default)["note"] is None


def test_a_cut_codebooks_tokens_are_numbered_as_in_the_whole(tiny_default):
    answer = ask(tiny_default, codes=16)
    grid = documents.unpack(answer["grid"]["data"], (8, 12), 64)
    assert (pixels_of(answer["rebuilt"]) == to_pixels(tiny_default.decode([torch.from_numpy(grid)[None]]))[0]).all()
    assert answer["bits"] == 96 * 4 and answer["levels"] == [{"codes": 16, "downsampling": 8}]


def test_the_choices_read_pictures_of_the_same_kind(tiny_default):
    tokenizers = page.read_choices({"model": tiny_default.name})["tokenizers"]
    assert tokenizers[0] == {"name": tiny_default.name, "sizes": [64, 16], "largest": models.MAX_SIDE}
    assert "fashion" not in [entry["name"] for entry in tokenizers]


def test_what_can_not_be_compared_is_explained(tiny_default):
    assert "smaller than a token" in ask(tiny_default, scale=0.1)["error"]
    assert "1 to 64" in ask(tiny_default, codes=65)["error"]
    assert "no model called" in ask(tiny_default, model="nothing")["error"]
    assert "not a picture" in ask(tiny_default, picture=base64.b64encode(b"no").decode())["error"]
