"""The prior of any size: what it sees, that reading row by row is reading at once, and that a hole's window is enough."""

import json

import pytest
import torch

from vqcore.files import CONFIG
from vqcore.priors.local import AHEAD, LocalPixelCNN, LocalPixelCNNConfig
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.stored import read_prior, save_prior

K, LAYERS = 11, 3


@pytest.fixture(scope="module")
def prior() -> LocalPixelCNN:
    torch.manual_seed(0)
    model = LocalPixelCNN(Layout(Words(()), 0, (Grid(K, (4, 5)),)), LocalPixelCNNConfig(LAYERS, 12, 16, 6), "some")
    model.adopt([torch.randn(K, 6)])
    for weight in model.parameters():  # large enough that everything counts
        weight.data.mul_(2)
    return model.eval().requires_grad_(False)


def tokens(*shape: int) -> torch.Tensor:
    return torch.randint(K, shape, generator=torch.Generator().manual_seed(sum(shape)))


def logits(prior: LocalPixelCNN, grid: torch.Tensor) -> torch.Tensor:
    """[B, H, W] → [B, H, W, K]"""
    model = prior.of_size(grid.shape[1:])
    return model.logits(model.layout.prefix([None] * len(grid)), model.layout.flatten([grid])).view(*grid.shape, K)


def test_it_sees_what_comes_before_within_its_layers_and_nothing_else(prior):
    grid = tokens(1, 12, 15)
    row, column = 7, 7
    seen = torch.zeros(12, 15, dtype=torch.bool)
    for r in range(12):
        for c in range(15):
            other = grid.clone()
            other[0, r, c] = (other[0, r, c] + 1) % K
            seen[r, c] = not torch.equal(logits(prior, other)[0, row, column], logits(prior, grid)[0, row, column])
    above = torch.zeros_like(seen)
    above[row - LAYERS : row, column - LAYERS : column + LAYERS + 1] = True
    above[row, column - LAYERS : column] = True
    assert not (seen & ~above).any(), "it sees beyond its receptive field"
    assert seen[row - 1, column] and seen[row, column - 1] and seen[row - 1, column + 1] and seen[row - LAYERS, column]


def test_reading_row_by_row_is_reading_at_once(prior):
    grid = tokens(3, 6, 7)
    model = prior.of_size((6, 7))
    reader = model.reader(model.layout.prefix([None] * 3))
    read = reader.read(model._codes([grid])).view(3, 6, 7, K)
    torch.testing.assert_close(read, logits(prior, grid), rtol=1e-4, atol=1e-4)


def test_a_row_read_at_once_is_one_read_token_by_token_and_leaves_the_same_behind(prior):
    codes = prior.of_size((5, 6))._codes([tokens(2, 5, 6)])
    readers = [prior.of_size((5, 6)).reader(torch.zeros(2, 1, dtype=torch.int64)) for _ in range(3)]
    expected = []
    for token in codes[:, :20].T:
        expected.append(readers[0].next())
        readers[0].feed(token)
    torch.testing.assert_close(readers[1].read(codes[:, :20]), torch.stack(expected, 1), rtol=1e-4, atol=1e-4)
    readers[2].skim(codes[:, :9])
    readers[2].skim(codes[:, 9:20])
    for reader in readers[1:]:
        torch.testing.assert_close(reader.next(), readers[0].next(), rtol=1e-4, atol=1e-4)
        rest = reader.read(codes[:, 20:])
        torch.testing.assert_close(rest, logits(prior, codes.view(2, 5, 6)).flatten(1, 2)[:, 20:], rtol=1e-4, atol=1e-4)


def test_rows_of_a_batch_may_be_selected_in_the_middle_of_a_row(prior):
    grid = tokens(2, 4, 5)
    model = prior.of_size((4, 5))
    reader = model.reader(model.layout.prefix([None] * 2))
    codes = model._codes([grid])
    reader.read(codes[:, :7])
    reader.select(torch.tensor([1, 1, 0]))
    rest = reader.read(codes[[1, 1, 0], 7:])
    torch.testing.assert_close(rest, logits(prior, grid)[[1, 1, 0]].flatten(1, 2)[:, 7:], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(4, 4), (1, 9), (9, 1), (5, 8)])
def test_bits_are_of_any_grid(prior, shape):
    grid = tokens(2, *shape)
    (bits,) = prior.bits([grid])
    expected = -logits(prior, grid).log_softmax(-1).gather(-1, grid[..., None])[..., 0] / torch.log(torch.tensor(2.0))
    torch.testing.assert_close(bits, expected, rtol=1e-4, atol=1e-4)


def test_samples_have_the_size_of_what_they_begin_with(prior):
    assert prior.sample(2, seed=1)[0].shape == (2, 4, 5)
    start = [tokens(1, 6, 3)]
    (drawn,) = prior.sample(2, seed=1, start=start, kept=6)
    assert drawn.shape == (2, 6, 3) and torch.equal(drawn[:, :2], start[0][:, :2].expand(2, -1, -1))


def test_the_window_around_a_hole_holds_all_that_its_tokens_look_at_and_some_rows_below(prior):
    grid, hole = tokens(1, 20, 24), torch.zeros(20, 24, dtype=torch.bool)
    hole[9:11, 11:13] = True
    window = prior._around(hole)
    assert window[0].stop == 11 + AHEAD
    part, whole = logits(prior, grid[(..., *window)])[0], logits(prior, grid)[0]
    torch.testing.assert_close(part[hole[window]], whole[hole], rtol=1e-4, atol=1e-4)


def test_what_is_drawn_and_told_is_the_same_whatever_lies_beyond_what_it_sees(prior):
    told, grid = [], tokens(1, 12, 5)
    (whole,) = prior.sample(2, seed=3, start=[grid], kept=42, on_token=lambda token: told.append((token.index, token.place)))
    assert torch.equal(whole.flatten(1)[:, :42], grid.flatten(1)[:, :42].expand(2, -1))
    assert told == [(i, divmod(i, 5)) for i in range(42, 60)]
    other = torch.where(torch.arange(12)[:, None] < 8 - LAYERS, (grid + 1) % K, grid)
    assert torch.equal(prior.sample(2, seed=3, start=[other], kept=42)[0][:, 8:], whole[:, 8:])


def test_a_hole_is_filled_and_nothing_else_is_touched(prior):
    grid, hole = tokens(1, 20, 24), torch.zeros(1, 20, 24, dtype=torch.bool)
    hole[0, 9:11, 11:13] = True
    (filled,) = prior.complete([grid], [hole], temperature=0, particles=4)
    assert torch.equal(filled[~hole], grid[~hole])
    assert 0 <= int(filled.min()) <= int(filled.max()) < K
    assert torch.equal(prior.complete([grid], [torch.zeros_like(hole)])[0], grid)


def test_a_text_is_refused(prior):
    with pytest.raises(ValueError, match="knows no words"):
        prior.sample(condition="a cat")
    assert prior.bits([tokens(2, 4, 4)], ["", None])[0].shape == (2, 4, 4)


def test_eight_bits_leave_the_codebook_whole(prior, tmp_path):
    save_prior(prior, tmp_path)
    read = read_prior(tmp_path, json.loads((tmp_path / CONFIG).read_text()), "again")
    torch.testing.assert_close(read.codebook, prior.codebook, rtol=1e-3, atol=1e-4)
    grid = [tokens(4, 6, 7)]
    assert (read.bits(grid)[0] - prior.bits(grid)[0]).abs().mean() < 0.1
