"""One picture through a tokenizer at a setting, beside JPEG and WebP."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from tests.tiny import draw_picture
from vqcore.metrics import psnr, ssim
from vqcore.study.comparison import compare, most_used
from vqcore.tokenizers.pixels import to_pixels, to_tensor

PICTURE = draw_picture(99, 100, 75)


@pytest.fixture(scope="module")
def tokenizer(tiny_folder):
    return vqcore.load(tiny_folder)


def test_it_says_what_the_tokenizer_does(tokenizer):
    result = compare(tokenizer, PICTURE)
    rebuilt = to_pixels(tokenizer.reconstruct(to_tensor(PICTURE)))[0]
    assert (result.rebuilt == rebuilt).all() and torch.equal(result.tokens[0], tokenizer.encode(to_tensor(PICTURE))[0][0])
    assert result.bits == 10 * 13 * 6
    assert result.psnr == psnr(PICTURE, rebuilt) and result.ssim == ssim(PICTURE, rebuilt)


def test_a_smaller_picture_has_fewer_tokens_and_is_enlarged_again(tokenizer):
    result = compare(tokenizer, PICTURE, 0.5)
    assert result.tokens[0].shape == (5, 7) and result.rebuilt.shape == PICTURE.shape
    assert 5 < result.psnr < compare(tokenizer, PICTURE).psnr


def test_the_rivals_take_as_many_bytes_at_most(tokenizer):
    picture = draw_picture(3, 320, 320)  # large enough that the headers of the formats fit
    result = compare(tokenizer, picture)
    assert result.rivals
    for rival in result.rivals:
        assert len(rival.file) <= math.ceil(result.bits / 8)
        image = Image.open(io.BytesIO(rival.file))
        assert image.format == rival.codec
        found = np.asarray(image.convert("RGB"))
        assert (rival.psnr, rival.ssim) == (psnr(picture, found), ssim(picture, found))


def test_a_codec_whose_worst_file_is_larger_is_left_out(tokenizer):
    assert compare(tokenizer, PICTURE[:16, :16]).rivals == ()


def test_a_cut_codebook_has_the_codes_that_training_used_most(tokenizer):
    part, codes = most_used(tokenizer, 16)
    usage = tokenizer.levels[0].usage
    assert len(codes) == 16 and usage[codes].min() >= np.delete(usage.numpy(), codes).max()
    assert part.levels[0].codebook_size == 16 and tokenizer.levels[0].codebook_size == 64
    x = to_tensor(PICTURE)
    tokens = part.encode(x)
    assert torch.equal(part.decode(tokens), tokenizer.decode([codes[tokens[0]]]))
    kept = torch.isin(tokenizer.encode(x)[0], codes)
    assert kept.any() and torch.equal(codes[tokens[0]][kept], tokenizer.encode(x)[0][kept])


def test_cutting_nothing_changes_nothing(tokenizer):
    part, codes = most_used(tokenizer, 64)
    assert codes.tolist() == list(range(64))
    assert torch.equal(part.encode(to_tensor(PICTURE))[0], tokenizer.encode(to_tensor(PICTURE))[0])


@pytest.mark.parametrize("count", [0, 65])
def test_an_impossible_number_of_codes_is_refused(tokenizer, count):
    with pytest.raises(ValueError, match="1 to 64"):
        most_used(tokenizer, count)
