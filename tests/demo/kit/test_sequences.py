import numpy as np
import pytest
import torch

import vqcore
from demo.kit import sequences


@pytest.fixture
def prior(two_level_prior):
    return vqcore.load_prior(two_level_prior)


def test_grids_survive_the_journey_coarse_level_first(prior):
    grids = [torch.randint(grid.codebook_size, (3, *grid.shape)) for grid in prior.layout.grids]
    packed = sequences.pack_grids(grids, prior)
    assert all(map(torch.equal, sequences.unpack_grids(packed, prior), grids))
    flat = np.concatenate([grid.numpy().reshape(3, -1) for grid in grids], 1)
    assert (sequences.unpack(packed, prior.layout.length, prior).numpy() == flat).all()


def test_what_is_not_written_yet_is_nought(prior):
    coarse, _ = prior.layout.grids
    written = coarse.length + 5
    tokens = torch.randint(1, coarse.codebook_size, (2, written))
    first, second = sequences.unpack_grids(sequences.pack(tokens, prior), prior, written)
    assert torch.equal(first.flatten(1), tokens[:, : coarse.length]) and torch.equal(second.flatten(1)[:, :5], tokens[:, coarse.length :])
    assert not second.flatten(1)[:, 5:].any()
    assert not any(grid.any() for grid in sequences.unpack_grids("", prior, 0))


@pytest.mark.parametrize("data, words", [("AAA", "whole sequences"), ("", "Between 1 and 16"), (None, "whole sequences")])
def test_what_is_no_sequence_is_refused(prior, data, words):
    with pytest.raises(ValueError, match=words):
        sequences.unpack_grids(data, prior)
    with pytest.raises(ValueError, match="has .* tokens"):
        sequences.unpack_grids(data, prior, prior.layout.length + 1)
