"""Texts and grids as one sequence, and back."""

import pytest
import torch

from vqcore.priors.sequence import Grid, Layout, Words

WORDS = Words.of(["Ankle boot", "t-shirt/top", "shirt"])
SHAPES = {
    "one dimension": (Grid(9, (11,)),),
    "two": (Grid(32, (5, 7)),),
    "three": (Grid(5, (2, 3, 4)),),
    "two levels": (Grid(8, (2, 3)), Grid(16, (4, 6))),
    "three levels of sound": (Grid(3, (2,)), Grid(4, (4,)), Grid(5, (8,))),
}


def random_grids(layout, batch=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(g.codebook_size, (batch, *g.shape), generator=generator) for g in layout.grids]


@pytest.mark.parametrize("grids", SHAPES.values(), ids=SHAPES)
def test_flattening_and_back_is_exact(grids):
    layout = Layout(WORDS, 3, grids)
    tokens = random_grids(layout)
    sequence = layout.flatten(tokens)
    assert sequence.shape == (3, layout.length)
    assert all(torch.equal(a, b) for a, b in zip(tokens, layout.unflatten(sequence)))
    assert torch.equal(layout.flatten([grid.to(torch.uint8) for grid in tokens]), sequence)


def test_order_is_raster_and_coarse_first():
    layout = Layout(WORDS, 3, (Grid(8, (1, 2)), Grid(16, (2, 3))))
    coarse, fine = torch.tensor([[[1, 2]]]), torch.tensor([[[0, 1, 2], [3, 4, 5]]])
    codes = layout.flatten([coarse, fine]) - layout.first_code
    assert codes.tolist() == [[1, 2, 8, 9, 10, 11, 12, 13]]
    assert layout.levels().tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    assert layout.places().tolist() == [[0, 0], [0, 1], [0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]


def test_one_vocabulary_without_overlap():
    layout = Layout(WORDS, 3, SHAPES["two levels"])
    lowest = layout.flatten([torch.zeros(1, 2, 3).long(), torch.zeros(1, 4, 6).long()])
    highest = layout.flatten([torch.full((1, 2, 3), 7), torch.full((1, 4, 6), 15)])
    words, blank, sep = range(layout.text.size), layout.blank, layout.sep
    ranges = [*words, blank, sep, *range(lowest[0, 0], highest[0, 0] + 1), *range(lowest[0, -1], highest[0, -1] + 1)]
    assert ranges == list(range(layout.vocabulary_size))


def test_text_stands_before_sep_and_blanks_before_text():
    layout = Layout(WORDS, 3, SHAPES["two"])
    words = WORDS.words
    rows = layout.prefix(["ankle BOOT", None, "", "t-shirt/top"]).tolist()
    boot = [layout.blank, words.index("ankle"), words.index("boot"), layout.sep]
    nothing = [layout.blank] * 3 + [layout.sep]
    assert rows == [boot, nothing, nothing, [*map(words.index, ("t", "shirt", "top")), layout.sep]]
    assert WORDS.decode(WORDS.encode("T-shirt, top!")) == ["t", "shirt", "top"]


def test_unknown_and_too_many_words_are_explained():
    layout = Layout(WORDS, 3, SHAPES["two"])
    with pytest.raises(ValueError, match="'giraffe'.*ankle, boot"):
        layout.prefix(["giraffe"])
    with pytest.raises(ValueError, match="4 tokens.*3 at most"):
        layout.prefix(["boot boot boot boot"])


@pytest.mark.parametrize("broken, message", [
    ([torch.zeros(1, 7, 5).long()], "list of grids"),
    (torch.zeros(1, 5, 7).long(), "one tensor"),
    ([torch.zeros(1, 5, 7)], "integers"),
    ([torch.full((1, 5, 7), 32)], "0 … 31"),
    ([torch.full((1, 5, 7), -1)], "0 … 31"),
])
def test_other_grids_are_refused(broken, message):
    with pytest.raises(ValueError, match=message):
        Layout(WORDS, 3, SHAPES["two"]).flatten(broken)


def test_json_keeps_everything():
    layout = Layout(WORDS, 3, SHAPES["two levels"])
    assert Layout.from_json(layout.to_json()) == layout
