"""What the lessons on the plane claim, computed."""

import itertools
from dataclasses import replace

import pytest
import torch

from vqcore.study.plane import Plane, Rules, look_up, losses_at, slopes, train_step

CODES = torch.tensor([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.75]])


def scattered(seed: int, points: int = 36, codes: int = 6) -> Plane:
    """Points whose encoder knows nothing yet: z_e is x turned and shrunk."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(points, 2, generator=generator) * 1.6 - 0.8
    codebook = torch.rand(codes, 2, generator=generator) * 1.6 - 0.8
    z_e = x @ torch.tensor([[-0.1, 0.5], [-0.5, -0.1]])
    return Plane(x, z_e, codebook, torch.full((codes,), points / codes))


def run(plane: Plane, rules: Rules, steps: int):
    """All steps."""
    taken = []
    for _ in range(steps):
        taken.append(train_step(plane, rules))
        plane = taken[-1].plane
    return taken


def test_the_hard_choice_jumps_at_a_border_and_a_tie_goes_to_the_lower_index():
    found = look_up(torch.tensor([[-1 / 128, -0.5], [0.0, -0.5], [1 / 128, -0.5]]), CODES, 0.1)
    assert found.tokens.tolist() == [0, 0, 1]
    assert found.tied.tolist() == [[True, False, False], [True, True, False], [False, True, False]]
    assert look_up(torch.tensor([[0.0, -0.5]]), CODES.flip(0), 0.1).tokens.tolist() == [1]


def test_the_soft_lookup_sharpens_to_the_hard_one_and_flattens_to_the_mean():
    points = torch.tensor([[-0.2, 0.1], [0.3, -0.4], [0.1, 0.6]])
    hard = look_up(points, CODES, 1e-4)
    assert torch.equal(hard.weights.argmax(1), hard.tokens)
    torch.testing.assert_close(hard.soft.float(), CODES[hard.tokens])
    torch.testing.assert_close(look_up(points, CODES, 1e6).soft.float(), CODES.mean(0).expand(3, 2), atol=1e-4, rtol=0)
    winners = [look_up(points, CODES, t).weights.amax(1) for t in (1.0, 0.3, 0.1, 0.03)]
    assert all((sharper > softer).all() for softer, sharper in itertools.pairwise(winners))
    with pytest.raises(ValueError, match="above 0"):
        look_up(points, CODES, 0)


def test_each_loss_pulls_only_what_the_stop_gradient_leaves_it():
    plane = scattered(0)
    held = train_step(plane, Rules()).gradients
    assert held["reconstruction"].z_e.any() and not held["reconstruction"].codebook.any()
    assert held["codebook"].codebook.any() and not held["codebook"].z_e.any()
    assert held["commitment"].z_e.any() and not held["commitment"].codebook.any()
    loose = train_step(plane, Rules(stop_gradient=False)).gradients
    for name in ("codebook", "commitment"):
        assert loose[name].z_e.any() and loose[name].codebook.any()


def test_a_loss_that_is_off_moves_nothing():
    plane = scattered(1)
    off = Rules(reconstruction=False, codebook=False, commitment=False, revive=False)
    still = train_step(plane, off).plane
    assert torch.equal(still.z_e, plane.z_e) and torch.equal(still.codebook, plane.codebook)
    codes_only = train_step(plane, replace(off, codebook=True)).plane
    assert torch.equal(codes_only.z_e, plane.z_e) and not torch.equal(codes_only.codebook, plane.codebook)
    points_only = train_step(plane, replace(off, commitment=True)).plane
    assert torch.equal(points_only.codebook, plane.codebook) and not torch.equal(points_only.z_e, plane.z_e)


def test_the_codebook_loss_alone_brings_each_code_to_the_mean_of_its_points():
    taken = run(scattered(2), Rules(reconstruction=False, commitment=False, revive=False), 200)
    plane, tokens = taken[-1].plane, taken[-1].tokens
    for code in tokens.unique():
        torch.testing.assert_close(plane.codebook[code], plane.z_e[tokens == code].mean(0), atol=1e-3, rtol=0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_larger_beta_the_fewer_points_switch_their_code(seed):
    switches = [
        sum(int(step.switched.sum()) for step in run(scattered(seed), Rules(beta=beta, revive=False), 200))
        for beta in (0, 0.5, 2, 6)
    ]
    assert switches == sorted(switches, reverse=True) and switches[0] > 4 * switches[-1]


def test_a_code_that_nobody_chooses_stays_dead_until_it_is_revived():
    plane = scattered(3)
    far = torch.tensor([3.0, 3.0])
    plane = replace(plane, codebook=torch.cat([plane.codebook[:-1], far[None]]))
    dead = run(plane, Rules(revive=False), 200)
    assert torch.equal(dead[-1].plane.codebook[-1], far)
    revived = run(plane, Rules(revive=True), 200)
    assert any(step.revived[-1] for step in revived)
    assert not torch.equal(revived[-1].plane.codebook[-1], far)


def test_with_the_estimator_there_is_a_gradient_where_the_lookup_itself_has_none():
    z_e, x = torch.tensor([-0.3, 0.1]).double(), torch.tensor([0.2, -0.6]).double()
    found = slopes(z_e, x, CODES, h=1e-3)
    assert found.token == 0
    torch.testing.assert_close(found.estimated.float(), CODES[0] - x.float())  # of a mean over two: 2 (z_q − x) / 2
    assert not found.plain.any() and not found.differences.any()


def test_finite_differences_see_nothing_but_borders_and_there_they_grow_without_bound():
    x = torch.tensor([0.2, -0.6]).double()
    on_border = torch.tensor([0.0, -0.3]).double()
    steep = [float(slopes(on_border, x, CODES, h).differences[0].abs()) for h in (1e-1, 1e-2, 1e-3)]
    assert steep[1] == pytest.approx(10 * steep[0]) and steep[2] == pytest.approx(10 * steep[1])
    line = torch.stack([torch.linspace(-1, 1, 401), torch.full((401,), -0.3)], 1)
    assert len(losses_at(line, x, CODES).unique()) == 2
