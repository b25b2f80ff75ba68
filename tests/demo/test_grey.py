"""A tokenizer of grey pictures: the page reads and shows everything in RGB."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from demo import document as documents
from demo import models
from demo.canvas import page
from demo.kit import page as kit
from tests.demo.asking import opened, pixels_of, png
from tests.tiny import draw_picture
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig


@pytest.fixture
def grey(tmp_path, monkeypatch):
    """The page's default: an untrained tokenizer of one channel, f = 4, K = 16, that lies alone in its folder."""
    torch.manual_seed(0)
    network = NetworkConfig(
        channels=1, downsampling=4, code_dim=4, coarse_width=8, fine_width=8, encoder_fine_blocks=0, encoder_coarse_blocks=0,
        decoder_coarse_blocks=0, decoder_pointwise_blocks=0, decoder_fine_blocks=0,
    )
    monkeypatch.setattr(models, "DEFAULT", str(save_tokenizer(VQVAE(VQVAEConfig(network, VQConfig(16))), tmp_path / "grey")))
    yield models.tokenizer()


def test_a_colour_picture_is_read_and_measured_in_grey(grey):
    pixels = draw_picture(2, 30, 28)
    answer = opened(png(pixels))
    luma = np.asarray(Image.open(io.BytesIO(png(pixels))).convert("L"))
    tokens = grey.encode(to_tensor(luma[..., None]))
    assert (documents.from_json(answer["document"]).grids[0] == tokens[0][0].numpy()).all()
    assert (pixels_of(answer["original"]) == luma[..., None]).all()
    expected = to_pixels(grey.decode(tokens))[0][:28, :30]
    assert pixels_of(answer["rebuilt"]).shape == (28, 30, 3) and (pixels_of(answer["rebuilt"]) == expected).all()


def test_strokes_and_tiles_come_in_rgb(grey):
    grid = np.arange(16).reshape(4, 4)
    window = {"model": grey.name, "grids": [{"shape": [4, 4], "data": documents.pack(grid, 16)}], "region": [1, 3, 0, 2]}
    pixels = np.frombuffer(base64.b64decode(page.decode_window(window)["pixels"]), np.uint8).reshape(8, 8, 3)
    whole = to_pixels(grey.decode([torch.from_numpy(grid)[None]]))[0]
    assert (pixels == whole[4:12, :8]).all()
    assert pixels_of(kit.read_codebook({})["levels"][0]["tiles"]).shape == (4, 64 * 4, 3)
