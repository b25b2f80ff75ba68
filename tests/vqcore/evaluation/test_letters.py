"""Letters: a reader that learned clean ones reads them, and what a tokenizer blurs it doesn't."""

import pytest
import torch
import torch.nn.functional as F

from vqcore.evaluation import letters
from vqcore.evaluation.letters import COLUMNS, LETTERS, LINES, SIDE, cells, letter_reader, measure_letters, page


class Blurs:
    """Stands in for a tokenizer that keeps the means of 8 × 8 pixels."""

    channels = 3

    def reconstruct(self, images):
        assert images.shape[1] == self.channels
        return F.interpolate(F.avg_pool2d(images, 8), scale_factor=8, mode="bilinear")


class Keeps(Blurs):
    """One that gives grey pictures back as they are."""

    channels = 1

    def reconstruct(self, images):
        assert images.shape[1] == self.channels
        return images


def test_a_page_is_the_same_each_time_and_its_letters_stand_out():
    one = page(12, (3, 12))
    assert (one.picture == page(12, (3, 12)).picture).all() and (one.picture != page(12, (4, 12)).picture).any()
    assert one.picture.shape == (LINES * 18, COLUMNS * 18, 3)
    seen, which = cells([one])
    assert torch.equal(which, one.letters) and seen.shape == (LINES * COLUMNS, 1, SIDE, SIDE)
    assert torch.allclose(seen.amax((1, 2, 3)), torch.ones(()), atol=0.2)
    cover = (seen > 0.5).float().mean((1, 2, 3))
    assert cover[which == LETTERS.index("i")].mean() < cover[which == LETTERS.index("m")].mean() < 0.5


@pytest.mark.slow
def test_letters_survive_what_changes_nothing_and_large_ones_a_blur_a_little(monkeypatch):
    monkeypatch.setattr(letters, "SIZES", (10, 32))
    monkeypatch.setattr(letters, "LETTERS", "AWimo")
    reader = letter_reader(pages=1)
    blurred, kept = measure_letters(Blurs(), reader), measure_letters(Keeps(), reader)
    assert blurred["letters_at_10_drawn"] > 0.9 and blurred["letters_at_32_drawn"] > 0.9
    assert blurred["letters_at_10"] + 0.1 < blurred["letters_at_32"] < 0.8
    assert kept["letters_at_10"] == pytest.approx(kept["letters_at_10_drawn"], abs=0.02)
