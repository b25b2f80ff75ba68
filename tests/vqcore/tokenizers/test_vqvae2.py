import numpy as np
import pytest
import torch

import vqcore
from tests.tiny import TWO_LEVELS, draw_picture
from vqcore.evaluation.pictures import measure_pictures
from vqcore.tokenizers import windows
from vqcore.tokenizers.appearance import appearances
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.tokenizers.vqvae2 import VQVAE2


@pytest.fixture(scope="module")
def tokenizer():
    torch.manual_seed(0)
    return VQVAE2(TWO_LEVELS).eval()


def random_tokens(rows, columns, batch=1):
    generator = torch.Generator().manual_seed(rows)
    return [
        torch.randint(32, (batch, rows, columns), generator=generator),
        torch.randint(64, (batch, 2 * rows, 2 * columns), generator=generator),
    ]


def test_two_grids_coarse_then_fine_and_back(tokenizer):
    x = torch.rand(2, 3, 19, 33) * 2 - 1
    coarse, fine = tokenizer.encode(x)
    assert coarse.shape == (2, 3, 5) and fine.shape == (2, 6, 10)
    assert tokenizer.decode([coarse, fine]).shape == (2, 3, 24, 40) and tokenizer.reconstruct(x).shape == x.shape
    assert [level.downsampling for level in tokenizer.levels] == [8, 4]


def test_decode_region_has_the_bits_of_decode_wherever_it_lies(tokenizer):
    tokens = random_tokens(13, 11, batch=2)
    whole = tokenizer.decode(tokens)
    for rows, columns in [((0, 1), (0, 1)), ((7, 8), (9, 10)), ((3, 9), (1, 22)), ((25, 26), (21, 22)), ((0, 26), (0, 22))]:
        region = (slice(*rows), slice(*columns))
        pixels = whole[(..., *windows.scaled(region, 4))]
        assert torch.equal(tokenizer.decode_region(tokens, region), pixels)
        assert torch.equal(tokenizer.decode_region([grid[:1] for grid in tokens], region), pixels[:1])


@pytest.mark.parametrize("level", [0, 1])
def test_a_changed_token_changes_no_pixel_beyond_its_halo(tokenizer, level):
    tokens = random_tokens(20, 20)
    changed = [grid.clone() for grid in tokens]
    changed[level][0, 9, 11] += 1
    span, halo = 2 - level, tokenizer.levels[level].halo
    reach = tuple(slice((i * span - halo) * 4, ((i + 1) * span + halo) * 4) for i in (9, 11))
    before, after = tokenizer.decode(tokens).clone(), tokenizer.decode(changed).clone()
    assert not torch.equal(before[(..., *reach)], after[(..., *reach)])
    after[(..., *reach)] = before[(..., *reach)]
    assert torch.equal(before, after)


def test_windows_agree_with_one_plain_pass(tokenizer, monkeypatch):
    x = torch.rand(1, 3, 96, 80) * 2 - 1
    with torch.inference_mode():
        plain, (coarse, fine) = tokenizer(x)
        monkeypatch.setattr(windows, "TOKENS_AT_ONCE", 400)
        monkeypatch.setattr(windows.tiles, "__defaults__", (400,))
        tokens = tokenizer.encode(x)
        assert torch.equal(tokens[0], coarse.tokens) and torch.equal(tokens[1], fine.tokens)
        assert (tokenizer.decode(tokens) - plain.clamp(-1, 1)).abs().max() < 1 / 255


def test_what_does_not_fit_together_is_explained(tokenizer):
    coarse, fine = random_tokens(4, 4)
    with pytest.raises(ValueError, match="two levels"):
        tokenizer.decode([fine])
    with pytest.raises(ValueError, match=r"goes with a fine one \[1, 8, 8\], but got \[1, 8, 6\]"):
        tokenizer.decode([coarse, fine[..., :6]])
    with pytest.raises(ValueError, match="0 … 31"):
        tokenizer.decode([fine, fine])


def test_both_levels_learn_and_the_checkpoint_is_the_tokenizer_again(two_level, tmp_path):
    tokenizer = vqcore.load(two_level)
    unseen = to_tensor(draw_picture(1234))
    tokens = tokenizer.encode(unseen)
    assert (tokenizer.decode(tokens) - unseen).square().mean() < 0.5 * unseen.var()
    shuffled = tokens[0].flatten()[torch.randperm(tokens[0].numel())].view_as(tokens[0])
    assert (tokenizer.decode([shuffled, tokens[1]]) - unseen).square().mean() > 1.1 * (tokenizer.decode(tokens) - unseen).square().mean()
    result = measure_pictures(tokenizer, two_level.parent / "pictures")
    assert result.value("bits_per_pixel") == pytest.approx(5 / 64 + 6 / 16)
    assert (result.value("codebook_size_coarse"), result.value("codebook_size_fine")) == (32, 64)
    again = vqcore.load(save_tokenizer(tokenizer, tmp_path / "copy"))
    for level, other in zip(tokenizer.levels, again.levels):
        assert torch.equal(level.usage, other.usage) and level.usage.sum() > 0
        assert (level.appearance == other.appearance).all()
        assert level.appearance.shape == (level.codebook_size, level.downsampling, level.downsampling, 3)
    assert torch.equal(again.decode(tokens), tokenizer.decode(tokens))


def test_fine_codes_are_shown_on_the_coarse_code_nearest_to_grey(two_level):
    tokenizer = vqcore.load(two_level)
    coarse, fine = appearances(tokenizer)
    grey = int(np.abs(coarse - 127.5).mean((1, 2, 3)).argmin())
    grids = [torch.full((1, 10, 10), grey), torch.full((1, 20, 20), 7)]
    assert (fine[7] == to_pixels(tokenizer.decode_region(grids, (slice(10, 11), slice(10, 11))))[0]).all()
