import base64
import json

import numpy as np
import pytest

from demo import document as documents
from demo import models
from demo.document import Document, Fidelity, Original, Workspace, from_json, to_json


@pytest.fixture
def document():
    grid = np.arange(6).reshape(2, 3)
    return Document(models.tokenizer(), 20, 16, (grid,), "cat", "a1", Original("f00", 999, 20, 16))


def same(a, b):
    grids = len(a.grids) == len(b.grids) and all((x == y).all() for x, y in zip(a.grids, b.grids))
    others = lambda document: (document.tokenizer, document.width, document.height, document.name, document.id, document.original)
    return grids and others(a) == others(b)


def test_a_document_survives_json(document):
    assert same(from_json(json.loads(json.dumps(to_json(document)))), document)


def test_a_workspace_survives_json(document):
    workspace = Workspace((document, document), 1, (Fidelity(None, 1.0), None))
    back = documents.workspace_from_json(json.loads(json.dumps(documents.workspace_to_json(workspace))))
    assert back.active == 1 and back.fidelity == workspace.fidelity and same(back.documents[0], document)


def test_an_empty_canvas_is_an_empty_workspace():
    assert documents.workspace_from_json(None) == Workspace((), 0, ())


def test_tokens_cost_log2_k_bits(document):
    assert document.tokens == 6 and document.bits == 6 * 6


@pytest.mark.parametrize("codebook_size, kind", [(64, "<u2"), (65_536, "<u2"), (65_537, "<u4")])
def test_tokens_take_two_bytes_where_they_fit(codebook_size, kind):
    grid = np.array([[0, codebook_size - 1]])
    packed = documents.pack(grid, codebook_size)
    assert base64.b64decode(packed) == grid.astype(kind).tobytes()
    assert (documents.unpack(packed, (1, 2), codebook_size) == grid).all()


def replaced(**changes):
    return lambda data: data | changes


def with_grid(**changes):
    return lambda data: data | {"grids": [data["grids"][0] | changes]}


@pytest.mark.parametrize("spoil, words", [
    (lambda data: [1, 2], "isn't a token document"),
    (lambda data: {"version": 1}, "isn't a token document"),
    (replaced(version=2), "version 2"),
    (replaced(model="nobody"), "no model called"),
    (replaced(width=0), "width"),
    (replaced(height=99_999), "height"),
    (replaced(height="16"), "height"),
    (replaced(width=True), "width"),
    (replaced(grids=[]), "level"),
    (replaced(grids=[None]), "2×3"),
    (replaced(grids=[{"shape": 5}]), "2×3"),
    (with_grid(shape=[3, 2]), "2×3"),
    (with_grid(data="AAAA"), "cut short"),
    (with_grid(data="!!"), "not base64"),
    (with_grid(data=None), "not base64"),
    (with_grid(data=base64.b64encode(np.full(6, 64, "<u2").tobytes()).decode()), "out of range"),
    (replaced(original={"id": 3}), "reference"),
    (replaced(original={"id": "a", "bytes": 10**30, "width": 1, "height": 1}), "reference"),
    (replaced(original={"id": "a", "bytes": -1, "width": 1, "height": 1}), "reference"),
])
def test_a_spoilt_document_says_what_is_wrong(document, spoil, words):
    with pytest.raises(ValueError, match=words):
        from_json(spoil(to_json(document)))


def test_grids_of_two_levels_are_whole_tokens_of_the_coarser():
    class Level:
        def __init__(self, downsampling):
            self.downsampling = downsampling

    assert documents.grid_shapes([Level(8), Level(4)], 20, 16) == [(2, 3), (4, 6)]
