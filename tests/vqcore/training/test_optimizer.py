"""The optimizer: how long a gradient may be, which weights Muon moves, and how weights decay."""

import pytest
import torch
from torch import nn

from vqcore.formats.shards import Shards
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.training.optimizer import Optimizer
from vqcore.training.prior import PriorRecipe, Tokens, prior_job


def parameters():
    """A hidden matrix, and a vector of the rest."""
    torch.manual_seed(0)
    return nn.Parameter(torch.randn(8, 12)), nn.Parameter(torch.randn(5))


def moved(optimizer, weights, gradients, rate):
    """What one step by these gradients adds to the weights."""
    before = [weight.detach().clone() for weight in weights]
    for weight, gradient in zip(weights, gradients):
        weight.grad = gradient.clone()
    norm = optimizer.step(rate)
    return [weight.detach() - b for weight, b in zip(weights, before)], norm


def after_two_steps(scale):
    """The weights after a short gradient and one that is `scale` times as long as another; the norm that was told."""
    weights = parameters()
    optimizer = Optimizer(weights[:1], weights[1:])
    first, second = ([torch.randn(weight.shape) for weight in weights] for _ in range(2))
    moved(optimizer, weights, [0.01 * gradient for gradient in first], 0.1)
    _, norm = moved(optimizer, weights, [scale * gradient for gradient in second], 0.1)
    return torch.cat([weight.detach().flatten() for weight in weights]), norm


def test_a_long_gradient_counts_as_one_of_length_1():
    (ten, norm), (thousand, longer), (short, _) = map(after_two_steps, (10, 1000, 0.001))
    torch.testing.assert_close(ten, thousand)
    assert longer == pytest.approx(100 * norm) and norm > 10, "what is told is the length before"
    assert (ten - short).abs().max() > 0.01, "a short one is left as it is"


@pytest.mark.parametrize("shape", [(16, 24), (16, 8, 3), (12, 6, 3, 3)])
def test_hidden_weights_move_by_an_orthogonal_matrix_and_all_others_by_their_signs(shape):
    torch.manual_seed(0)
    hidden, other = nn.Parameter(torch.zeros(shape)), nn.Parameter(torch.zeros(16, 24))
    gradient = torch.randn(shape).flatten(1)
    u, s, v = torch.linalg.svd(gradient, full_matrices=False)
    gradient = (u * torch.linspace(0.05, 1, len(s)) @ v).view(shape)  # much longer in some directions than in others
    (by_muon, by_adam), _ = moved(Optimizer([hidden], [other], weight_decay=0), [hidden, other], [gradient, torch.randn(16, 24)], 0.1)
    lengths = torch.linalg.svdvals(by_muon.flatten(1))
    assert lengths.max() < 2 * lengths.min(), "about as far in every direction"
    torch.testing.assert_close(by_adam.abs(), torch.full((16, 24), 0.1), rtol=1e-3, atol=0)
    assert float(by_muon.square().mean().sqrt()) == pytest.approx(0.2 * 0.1, rel=0.25), "as far as AdamW usually goes"


@pytest.mark.parametrize("given, share", [({}, 0.01), ({"weight_decay": 0.3}, 0.3), ({"weight_decay": 0}, 0)])
def test_weights_decay_by_their_share_of_the_rate(given, share):
    hidden, other = nn.Parameter(torch.ones(4, 6)), nn.Parameter(torch.ones(5))
    optimizer = Optimizer([hidden], [other], **given)
    changes, _ = moved(optimizer, [hidden, other], [torch.zeros(4, 6), torch.zeros(5)], 0.5)
    for change in changes:
        torch.testing.assert_close(change, torch.full_like(change, -0.5 * share))


def test_a_prior_decays_as_its_recipe_says(tmp_path):
    layout = Layout(Words.of(["red"]), 1, (Grid(2, (3,)),))
    shards = Shards({"views": 1, "grids": [], "texts": ["red"]}, [], torch.zeros(4, dtype=torch.int64), torch.tensor([0]))
    model = Transformer(layout, TransformerConfig(1, 16, 2))
    recipe = PriorRecipe(model.config, side=3, weight_decay=0.07)
    optimizer = prior_job(model, recipe, *[Tokens(shards, layout, torch.arange(4))] * 2, tmp_path).optimizer
    assert {group["weight_decay"] for part in optimizer.parts for group in part.param_groups} == {0.07}
    assert {id(p) for p in optimizer.hidden} == {id(p) for p in model.blocks.parameters() if p.ndim > 1}
