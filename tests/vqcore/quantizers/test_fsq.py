"""Finite scalar quantization, trained here."""

import pytest
import torch
import torch.nn.functional as F

import vqcore
from tests.tiny import one_thread, picture_folder
from vqcore.quantizers import FSQ, FSQConfig, VQConfig, from_json, new_quantizer, to_json
from vqcore.tokenizers.pixels import to_tensor
from vqcore.tokenizers.refinement import refine
from vqcore.train import main


@pytest.mark.parametrize("levels, width", [((8, 5, 5), 3), ((4, 3), 6)])
def test_every_code_is_the_token_of_its_own_vector_where_no_layer_is_between(levels, width):
    quantizer = FSQ(levels, width)
    tokens = torch.arange(quantizer.codebook_size)[None]
    z_q = quantizer.decode(tokens)
    assert z_q.shape == (1, width, quantizer.codebook_size) and len(quantizer.vectors()) == len(quantizer.codebook)
    assert len(quantizer.codebook.unique(dim=0)) == quantizer.codebook_size and quantizer.codebook.abs().max() <= 1
    if width == len(levels):  # atanh leads back to the middle of each step
        half = torch.tensor(levels) // 2
        bounded = quantizer.codebook * half
        stretch = (torch.tensor(levels) - 1) * 1.001 / 2
        offset = torch.where(torch.tensor(levels) % 2 == 0, 0.5, 0.0)
        z_e = torch.atanh((bounded + offset) / stretch) - torch.atanh(offset / stretch)
        assert torch.equal(quantizer.encode(z_e.T[None]), tokens)


def test_what_training_sees_is_what_decoding_gives_and_its_gradient_is_that_of_the_bound():
    torch.manual_seed(0)
    quantizer, z_e = FSQ((5, 4, 3), 8), torch.randn(2, 8, 6, 5, requires_grad=True)
    made = quantizer(z_e)
    assert torch.equal(made.tokens, quantizer.encode(z_e))
    torch.testing.assert_close(made.z_q, quantizer.decode(made.tokens))
    assert made.loss == made.codebook_loss == made.commitment_loss == 0 and 1 < made.perplexity <= 60
    made.z_q.square().sum().backward()
    assert z_e.grad.abs().min() > 0, "the rounding is passed straight through"


@pytest.mark.parametrize("config", [FSQConfig((7, 5)), VQConfig(12, 0.5, None), VQConfig(12, cosine=True)])
def test_a_quantizers_config_survives_its_json(config):
    assert from_json(to_json(config)) == config and new_quantizer(config, 4).codebook_size == config.codebook_size


@pytest.mark.slow
def test_it_trains_by_its_preset_and_serves_as_any_tokenizer(tmp_path):
    data = picture_folder(tmp_path / "pictures", 12)
    with one_thread():
        assert main(["tokenizer", "--preset", "tiny-fsq", "--data", str(data), "--out", str(tmp_path / "fsq"), "--steps", "150"]) == 0
    tokenizer = vqcore.load(tmp_path / "fsq")
    level = tokenizer.levels[0]
    assert level.codebook_size == len(level.codebook) == 60 and int(level.usage.sum()) > 0 and level.appearance.shape == (60, 8, 8, 3)
    images = torch.cat([to_tensor(vqcore.data.images.open_picture(path).pixels) for path in sorted(data.iterdir())[:3]])
    tokens = tokenizer.encode(images)
    assert F.mse_loss(tokenizer.decode(tokens), images) < 0.4 * images.var()
    better = refine(tokenizer, images, tokens)
    assert F.mse_loss(tokenizer.decode(better), images) < F.mse_loss(tokenizer.decode(tokens), images)
    region = (slice(3, 9), slice(2, 7))
    whole = tokenizer.decode(tokens)[..., 24:72, 16:56]
    assert torch.equal(tokenizer.decode_region(tokens, region), whole)
    with pytest.raises(ValueError, match="rule"):
        tokenizer.narrowed(torch.arange(4))
