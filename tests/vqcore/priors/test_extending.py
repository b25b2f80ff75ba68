"""Grids that grow past an edge."""

import pytest
import torch

from tests.vqcore.priors.test_local import K, tokens
from tests.vqcore.priors.test_local import prior as prior
from vqcore.priors.extending import EDGES, extend
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.transformer import Transformer, TransformerConfig


@pytest.mark.parametrize("edge", EDGES)
def test_what_is_there_stays_and_new_tokens_are_written_beyond_the_edge(prior, edge):
    grid = tokens(1, 7, 8)
    (grown,) = extend(prior, [grid], edge, 4, seed=5)
    axis = 1 if edge in ("top", "bottom") else 2
    old, new = (grown.narrow(axis, start, size) for start, size in
                ([(4, grid.shape[axis]), (0, 4)] if edge in ("top", "left") else [(0, grid.shape[axis]), (grid.shape[axis], 4)]))
    assert torch.equal(old, grid) and 0 <= int(new.min()) <= int(new.max()) < K and len(new.unique()) > 3
    assert torch.equal(extend(prior, [grid], edge, 4, seed=5)[0], grown) and not torch.equal(extend(prior, [grid], edge, 4)[0], grown)


def test_what_is_new_depends_on_what_is_there(prior):
    grid = tokens(1, 7, 8)
    for edge in EDGES:
        drawn = [extend(prior, [each], edge, 2, seed=2)[0] for each in (grid, (grid + 3) % K)]
        new = {"top": (0, slice(0, 2)), "bottom": (0, slice(7, 9)), "left": (0, ..., slice(0, 2)), "right": (0, ..., slice(8, 10))}[edge]
        assert not torch.equal(drawn[0][new], drawn[1][new])


def test_other_priors_and_edges_are_refused_in_words(prior):
    with pytest.raises(ValueError, match="top, bottom, left or right"):
        extend(prior, [tokens(1, 4, 4)], "up", 1)
    fixed = Transformer(Layout(Words(()), 0, (Grid(K, (4, 4)),)), TransformerConfig(1, 8, 1))
    with pytest.raises(ValueError, match="prior of any size"):
        extend(fixed, [tokens(1, 4, 4)], "top", 1)
    with pytest.raises(ValueError, match="knows grids of 4 × 4 tokens, and these are 5 × 4"):
        fixed.of_size((4, 5))
