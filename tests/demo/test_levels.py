"""What the page's server does with a tokenizer of several levels: of two, trained for real, and of three and eight."""

import base64

import numpy as np
import pytest
import torch

from demo import document as documents
from demo import models
from demo.canvas import endpoints, page, work
from demo.codebook import page as atlas
from demo.codebook import view as codebook
from demo.kit import page as kit
from demo.tokens import view as tokens
from tests.demo.asking import pixels_of, png
from tests.tiny import draw_picture
from vqcore.tokenizers.base import Level, Tokenizer
from vqcore.tokenizers.pixels import to_pixels


@pytest.fixture
def tokenizer(two_level, monkeypatch):
    """The app's default model is the one of two levels."""
    monkeypatch.setattr(models, "DEFAULT", str(two_level))
    return models.tokenizer()


@pytest.fixture
def document(tokenizer):
    data = base64.b64encode(png(draw_picture(3, 93, 61))).decode()
    return page.open_picture({"data": data, "name": "a"})["document"]


def test_each_level_has_its_codebook(tokenizer):
    answer = kit.read_codebook({})
    told = [(level["name"], level["size"], level["downsampling"], level["halo"]) for level in answer["levels"]]
    assert told == [("coarse", 32, 8, 6), ("fine", 64, 4, 2)]
    for told, level in zip(answer["levels"], tokenizer.levels):
        f = level.downsampling
        assert (pixels_of(told["tiles"])[:, 5 * f : 6 * f] == level.appearance[5]).all()
        assert (np.frombuffer(base64.b64decode(told["usage"]), "<u4") == level.usage.numpy()).all()


@pytest.mark.parametrize("level", [0, 1])
def test_what_a_level_carries_is_the_picture_with_the_other_one_all_the_same(tokenizer, document, level):
    answer = page.decode_level({"document": document, "level": level})
    grids = [torch.from_numpy(grid)[None] for grid in documents.from_json(document).grids]
    for other, grid in enumerate(grids):
        if other != level:
            grid.fill_(int(tokenizer.levels[other].usage.argmax()))
    assert (pixels_of(answer["picture"]) == to_pixels(tokenizer.decode(grids))[0, :61, :93]).all()


def test_neighbours_and_walks_are_those_of_the_level_that_was_asked_for(tokenizer):
    for place, level in enumerate(tokenizer.levels):
        question = {"model": tokenizer.name, "level": place, "code": 5, "count": 4}
        near = (level.codebook - level.codebook[5]).norm(dim=1).argsort(stable=True)[:4].tolist()
        assert page.nearest_codes(question)["codes"] == near == atlas.read_code(question)["codes"][:4]
    walk = {"model": tokenizer.name, "from": 3, "to": 40, "steps": 5}
    assert page.codes_between(walk)["codes"][-1] == 40
    assert "0 to 31" in page.codes_between(walk | {"level": 0})["error"]
    assert "no level 2" in page.codes_between(walk | {"level": 2})["error"]


def test_the_tabs_tell_of_the_level_at_hand(document):
    parsed = documents.from_json(document)
    for level, (size, name) in enumerate([(32, "coarse"), (64, "fine")]):
        workspace = documents.workspace_from_json({"documents": [document], "active": 0, "level": level, "fidelity": [None]})
        figures = {figure[0]: figure for figure in tokens.figures_of(parsed, None, level)}
        used = np.count_nonzero(parsed.usage[level])
        assert figures["Codes used"] == ("Codes used", f"{used}", f"{100 * used / size:.1f} % of {size} of the {name} level")
        assert "8 rows × 12 columns and 16 rows × 24 columns" in figures["Tokens"]
        histogram = tokens.refresh(workspace, tokens.THIS, tokens.BY_INDEX)[1]
        assert [point[1] for point in histogram.data[1].customdata] == parsed.usage[level].tolist()
        facts, _, _, history = codebook.show_training(workspace)
        assert f"<dd>{size}<" in facts and history.data[0].y[-1] is not None
        assert f"all {used} codes" in codebook.show_distances(workspace)[0]


def test_either_grid_is_read_and_edited_by_other_programs(tokenizer, document, monkeypatch):
    monkeypatch.setattr(endpoints, "to_picture", lambda pixels: pixels)
    for level, shape in enumerate([(8, 12), (16, 24)]):
        edited, seen = endpoints.edit(document, 2, 3, [[7, 8]], level)
        assert np.shape(endpoints.read_codes(edited, level=level)) == shape
        assert endpoints.read_codes(edited, 2, 3, 1, 2, level) == [[7, 8]]
        others = {0, 1} - {level}
        assert all(endpoints.read_codes(edited, level=other) == endpoints.read_codes(document, level=other) for other in others)
        assert (seen == work.decode(documents.from_json(edited))).all()
    assert endpoints.read_codes(document) == endpoints.read_codes(document, level=1)
    with pytest.raises(ValueError, match="0 to 31"):
        endpoints.edit(document, 0, 0, [[40]], 0)


def test_a_workspace_of_a_level_that_is_not_there_is_refused(document):
    with pytest.raises(ValueError, match="fit together"):
        documents.workspace_from_json({"documents": [document], "active": 0, "level": 2, "fidelity": [None]})


class Stack(Tokenizer):
    """Grids of tokens of 16, 8, 4 and then ever again 2 pixels; a picture's grey is the sum of its codes, each level's share half
    the last one's."""

    def __init__(self, depth: int):
        super().__init__()
        self.anchor = torch.nn.Parameter(torch.zeros(()))
        self.name, self.spatial_dims, self.channels, self.halo = f"stack of {depth}", 2, 3, 0
        self.levels_ = tuple(
            Level(f"number {i}", 4 + i, 1, 2 ** max(1, 4 - i), torch.linspace(-1, 1, 4 + i)[:, None], torch.arange(4 + i), None, 0)
            for i in range(depth)
        )

    @property
    def levels(self):
        return self.levels_

    def encode(self, images):
        grey = images.mean(1, keepdim=True)
        means = [torch.nn.functional.avg_pool2d(grey, level.downsampling)[:, 0] for level in self.levels]
        return [(mean[..., None] - level.codebook[:, 0]).abs().argmin(-1) for mean, level in zip(means, self.levels)]

    def decode(self, tokens):
        return self.decode_region(tokens, tuple(slice(0, side) for side in tokens[-1].shape[1:]))

    def decode_region(self, tokens, region):
        finest = self.levels[-1].downsampling
        whole = 0
        for i, (grid, level) in enumerate(zip(tokens, self.levels, strict=True)):
            share = level.codebook[grid, 0] / 2 ** (i + 1)
            whole = whole + share.repeat_interleave(level.downsampling, 1).repeat_interleave(level.downsampling, 2)
        rows, columns = (slice(part.start * finest, part.stop * finest) for part in region)
        return whole[:, None, rows, columns].expand(-1, 3, -1, -1).clamp(-1, 1)


@pytest.mark.parametrize("depth", [3, 8])
def test_there_are_as_many_levels_as_there_are(depth, monkeypatch):
    stack = Stack(depth)
    monkeypatch.setitem(models._added, stack.name, (stack, None))
    told = kit.read_codebook({"model": stack.name})["levels"]
    assert [(each["name"], each["size"]) for each in told] == [(f"number {i}", 4 + i) for i in range(depth)]
    picture = base64.b64encode(png(draw_picture(3, 32, 16))).decode()
    opened = page.open_picture({"data": picture, "name": "a", "model": stack.name})
    grids = [torch.from_numpy(grid)[None] for grid in documents.from_json(opened["document"]).grids]
    assert [grid.shape[1:] for grid in grids] == [(2 ** min(i, 3), 2 ** min(i + 1, 4)) for i in range(depth)]
    alone = page.decode_level({"document": opened["document"], "level": 1})
    others = [grid if i == 1 else torch.full_like(grid, 3 + i) for i, grid in enumerate(grids)]
    assert (pixels_of(alone["picture"]) == to_pixels(stack.decode(others))[0]).all()
    f = stack.levels[-1].downsampling
    part = page.decode_window({"model": stack.name, "grids": opened["document"]["grids"], "region": [0, 1, 1, 3]})
    pixels = np.frombuffer(base64.b64decode(part["pixels"]), np.uint8).reshape(f, 2 * f, 3)
    assert (pixels == to_pixels(stack.decode(grids))[0, :f, f : 3 * f]).all()
