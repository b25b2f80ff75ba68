import numpy as np
import pytest

from demo.document import Document, Fidelity, Original, Workspace
from demo.figures import usage_histogram
from demo.tokens import view as tokens


@pytest.fixture
def document(tiny_default):
    return Document(tiny_default, 16, 16, (np.array([[1, 1], [2, 3]]),), "x", "i", Original("f", 300, 16, 16))


def test_by_index_every_code_stands_at_its_index():
    figure = usage_histogram(np.array([1, 0, 3]), np.array([5, 5, 0]), by_rank=False)
    training, here = figure.data
    assert here.customdata[:, 0].tolist() == [0, 1, 2] and here.y.tolist() == [25, 0, 75]
    assert training.y.tolist() == [50, 50, 0]


def test_by_rank_the_most_used_come_first_and_training_breaks_ties():
    figure = usage_histogram(np.array([1, 0, 3, 0]), np.array([1, 2, 3, 4]), by_rank=True)
    assert figure.data[1].customdata[:, 0].tolist() == [2, 0, 3, 1]
    assert figure.data[1].y.tolist() == [75, 25, 0, 0]


def test_a_codebook_that_nobody_counted_draws_nothing_wrong():
    assert usage_histogram(np.array([1, 0]), np.zeros(2, int), by_rank=True).data[0].y.tolist() == [0, 0]


def test_the_figures_are_those_of_the_picture(document):
    figures = {name: figure for name, figure, _ in tokens.figures_of(document, Fidelity(25.678, 0.75))}
    assert figures["Tokens"] == "4"
    assert figures["Rate"] == f"{4 * 6 / 256:.4f}"
    assert figures["Against raw"] == "256×"
    assert figures["Against the file"] == "100.0×"
    assert figures["PSNR"] == "25.68 dB" and figures["SSIM"] == "0.7500"
    assert figures["Codes used"] == "3" and figures["Perplexity"] == "3"


def test_equal_pictures_have_no_end_of_psnr(document):
    assert ("PSNR", "∞") in [entry[:2] for entry in tokens.figures_of(document, Fidelity(None, 1.0))]


def test_the_histogram_counts_one_picture_or_all(document):
    workspace = Workspace((document, document), 0, (None, None))
    for scope, count in ((tokens.THIS, 2), (tokens.ALL, 4)):
        _, figure = tokens.refresh(workspace, scope, tokens.BY_RANK)
        assert figure.data[1].customdata[0].tolist() == [1, count]


def test_an_empty_canvas_draws_no_histogram():
    assert tokens.refresh(Workspace((), 0, ()), tokens.THIS, tokens.BY_RANK)[1] is None
