"""The search for better tokens."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import vqcore
from tests.tiny import draw_picture
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers import refinement as search
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.pixels import to_tensor
from vqcore.tokenizers.refinement import refine
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig


def squared_error(tokenizer, tokens, x):
    return float((tokenizer.decode(tokens)[..., : x.shape[2], : x.shape[3]] - x).square().sum())


@pytest.fixture(scope="module")
def tokenizer(tiny_folder):
    return vqcore.load(tiny_folder)


def test_refined_tokens_decode_nearer_to_pictures_never_seen(tokenizer):
    x = to_tensor(np.stack([draw_picture(seed, 94, 66) for seed in (2000, 2001, 2002)]))
    tokens = tokenizer.encode(x)
    refined = refine(tokenizer, x, tokens)
    for i in range(3):
        before, after = (squared_error(tokenizer, [grid[0][i : i + 1]], x[i : i + 1]) for grid in (tokens, refined))
        assert after < 0.97 * before
    assert refined[0].dtype == torch.int64 and refined[0].shape == tokens[0].shape


def test_a_picture_cut_into_windows_is_refined_all_over(tokenizer, monkeypatch):
    monkeypatch.setattr(search, "TOKENS_AT_ONCE", 12 * 12)
    x = to_tensor(draw_picture(2003, 160, 160))
    tokens = tokenizer.encode(x)
    refined = refine(tokenizer, x, tokens)
    changed = refined[0][0] != tokens[0][0]
    assert squared_error(tokenizer, refined, x) < 0.97 * squared_error(tokenizer, tokens, x)
    assert all(quarter.any() for half in changed.chunk(2) for quarter in half.chunk(2, 1))


def test_tokens_that_cannot_be_bettered_stay(tokenizer):
    best = [torch.randint(64, (1, 6, 7))]
    refined = refine(tokenizer, tokenizer.decode(best), best)
    assert torch.equal(refined[0], best[0])


@pytest.mark.parametrize("dims", [1, 3])
def test_sounds_and_volumes_are_refined_too(dims):
    torch.manual_seed(dims)
    network = NetworkConfig(dims, 1, 4, 4, 8, 8, 1, 1, 1, 0, 1)
    model = VQVAE(VQVAEConfig(network, VQConfig(16))).eval().requires_grad_(False)
    x = torch.randn(1, 1, *(22,) * dims).clamp(-1, 1)
    tokens = model.encode(x)
    inside = (..., *(slice(22),) * dims)
    error = lambda grids: float((model.decode(grids)[inside] - x).square().sum())
    assert error(refine(model, x, tokens)) < error(tokens)


def test_what_does_not_belong_together_is_refused(tokenizer, two_level):
    x = to_tensor(draw_picture(1, 40, 32))
    with pytest.raises(ValueError, match="aren't those of these images"):
        refine(tokenizer, x, [torch.zeros(1, 9, 9, dtype=torch.int64)])
    with pytest.raises(ValueError, match="one level"):
        refine(vqcore.load(two_level), x, [])


@pytest.mark.parametrize("rounds", [(1.0,), (1.0, 1.0)])
def test_changes_that_help_one_by_one_and_not_together_are_taken_back(rounds, monkeypatch):
    """Of two tokens 0 or 1, that decode to ¼ − z₀ + ¾ z₁ and ¼ z₁ where 0 and 0 are wanted, (0, 0) is the best. Changing both
    helps the first place and harms the second, so the first alone is changed, which makes it worse than it was."""
    monkeypatch.setattr(search, "SPACING", 1)
    monkeypatch.setattr(search, "REACH", 0)
    tokenizer = SimpleNamespace(
        decode_vectors=lambda z: torch.stack([1 - 4 * z[..., 0] + 3 * z[..., 1], z[..., 1]], -1) / 4,
        quantizers=[SimpleNamespace(vectors=lambda: torch.tensor([[0.0], [1.0]]))],
        levels=[SimpleNamespace(downsampling=1)], spatial_dims=1,
    )
    found = search._Search(tokenizer, torch.zeros(1, 1, 2))
    assert found._error(torch.tensor([[1, 0]])).sum() > found._error(torch.tensor([[0, 0]])).sum()
    grid = found.downhill(torch.tensor([[0, 0]]), torch.ones(1, 2, dtype=torch.bool), rounds, lambda: None)
    assert grid.tolist() == [[0, 0]]


def test_what_is_shown_is_judged_and_not_what_lies_beyond_black_and_white():
    """Of two tokens that decode to 1.6 and to 0.9 where white is wanted, the first is shown as white, and stays."""
    tokenizer = SimpleNamespace(
        decode_vectors=lambda z: z, quantizers=[SimpleNamespace(vectors=lambda: torch.tensor([[1.6], [0.9]]))],
        levels=[SimpleNamespace(downsampling=1)], spatial_dims=1,
    )
    found = search._Search(tokenizer, torch.ones(1, 1, 4))
    free = torch.ones(1, 4, dtype=torch.bool)
    assert found.downhill(torch.tensor([[0, 0, 1, 1]]), free, (1.0, 2.0), lambda: None).tolist() == [[0, 0, 0, 0]]
