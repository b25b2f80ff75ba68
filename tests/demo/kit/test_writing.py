"""A prior at work with typed values, a few tokens at a time."""

import pytest
import torch

import vqcore
from demo.document import Document
from demo.kit import writing
from demo.kit.writing import Settings
from vqcore.tokenizers.pixels import to_pixels


@pytest.fixture
def prior(tiny_prior):
    return vqcore.load_prior(tiny_prior)


def test_a_part_that_is_written_is_that_part_of_the_whole(prior):
    settings = Settings("disc", 0.9, seed=5)
    whole = prior.sample(2, **vars(settings))[0]
    tokens, expected = writing.write(prior, settings, 2, [whole], 20, 30, candidates=3)
    assert torch.equal(tokens, whole.flatten(1)[:, 20:30]) and len(expected) == 10
    assert all(len(each.codes) == 3 and 0 < each.probability <= 1 for each in expected)


@pytest.mark.parametrize("count, kept, until, words", [(17, 0, 8, "16 samples"), (1, 9, 8, "At most 64"), (1, 0, 65, "At most 64")])
def test_too_much_is_not_written_at_a_time(prior, count, kept, until, words):
    with pytest.raises(ValueError, match=words):
        writing.check(prior, count, kept, until)


def test_what_is_missing_looks_like_the_commonest_code(prior, tiny_default):
    grids = prior.sample(5, "bar")
    filled = grids[0].clone()
    filled.view(5, -1)[:, 20:] = int(tiny_default.levels[0].usage.argmax())
    seen = writing.decode(tiny_default, prior.layout, grids, 20)
    assert all((each == expected).all() for each, expected in zip(seen, to_pixels(tiny_default.decode([filled])), strict=True))
    with pytest.raises(ValueError, match="Between 1 and 64"):
        writing.decode(tiny_default, prior.layout, grids, 0)


def test_a_document_of_another_tokenizer_is_not_for_a_prior(prior, two_level):
    other = vqcore.load(two_level)
    grids = tuple(torch.zeros(side, side, dtype=torch.int64).numpy() for side in (2, 4))
    with pytest.raises(ValueError, match="reads tokens of"):
        writing.grids_for(Document(other, 16, 16, grids), prior)
