"""What a prior looked at, and what changes the odds."""

import math

import pytest
import torch

from tests.tiny import one_thread
from vqcore.priors import transformer
from vqcore.priors.local import LocalPixelCNN, LocalPixelCNNConfig
from vqcore.priors.pixelcnn import PixelCNN, PixelCNNConfig
from vqcore.priors.sequence import Grid, Layout
from vqcore.priors.text import Text
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.study.looking import COLUMNS, ROWS, look_back, measure_effects

WORDS = Text(("blue", "cube", "red"))
TWO_LEVELS = (Grid(6, (2, 2)), Grid(7, (4, 4)))
TEXT = "red cube zz"


@pytest.fixture(autouse=True, scope="module")
def on_one_thread():
    with one_thread(), torch.no_grad():
        yield


def make(kind, config, grids, text_length=8):
    """An untrained prior whose weights are large enough for everything to matter."""
    torch.manual_seed(0)
    model = kind(Layout(WORDS, text_length, grids), config, name="made")
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    return model.eval()


def some_tokens(model, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(grid.codebook_size, (1, *grid.shape), generator=generator) for grid in model.layout.grids]


@pytest.fixture(scope="module")
def attentive():
    return make(Transformer, TransformerConfig(3, 16, 2), TWO_LEVELS)


def test_attention_is_what_the_heads_weigh_values_by(attentive, monkeypatch):
    tokens, index, heard = some_tokens(attentive), 9, []

    def hear(q, k, v, *rest):
        heard.append(((q @ k.mT) / math.sqrt(q.shape[-1]))[0, :, -1].softmax(-1))
        return true(q, k, v, *rest)

    true = transformer._attention
    looked = look_back(attentive, tokens, index, TEXT)
    monkeypatch.setattr(transformer, "_attention", hear)
    reader = attentive.reader(attentive.layout.prefix([TEXT]))
    heard.clear()
    reader.skim(attentive.layout.flatten(tokens)[:, :index] - attentive.layout.first_code)
    expected = torch.stack(heard[-3:])  # layers, heads, inputs
    assert looked.words == ("red", "cube", "zz") and looked.tokens.shape == (3, 2, index)
    assert torch.allclose(looked.tokens, expected[:, :, -index:], atol=1e-5)
    assert torch.allclose(looked.text[:, :, :2], expected[:, :, 4:6], atol=1e-5)  # eight places: four empty, red, cube, z, z
    assert torch.allclose(looked.text[:, :, 2], expected[:, :, 6:8].sum(2), atol=1e-5)
    assert torch.allclose(looked.text.sum(2) + looked.tokens.sum(2), torch.ones(3, 2))


def test_an_effect_is_a_difference_of_bits(attentive):
    tokens, index = some_tokens(attentive), 9
    bits = lambda tokens, text: torch.cat([level.flatten() for level in attentive.bits(tokens, text)])[index]
    found = measure_effects(attentive, tokens, index, TEXT)
    assert found.bits == pytest.approx(float(bits(tokens, TEXT)), abs=1e-4)
    for word, text in zip(found.of_words, ("cube zz", "red zz", "red cube")):
        assert word == pytest.approx(float(bits(tokens, text)) - found.bits, abs=1e-4)
    for place in (0, 2, 7):
        level, cell = (0, place) if place < 4 else (1, place - 4)
        at = (0, cell // tokens[level].shape[2], cell % tokens[level].shape[2])
        effects = []
        for code in range(attentive.layout.grids[level].codebook_size):
            other = [grid.clone() for grid in tokens]
            other[level][at] = code
            earlier = torch.cat([grid.flatten() for grid in attentive.bits(other, TEXT)])[place]
            effects.append((code == tokens[level][at], float(earlier), float(bits(other, TEXT)) - found.bits))
        _, _, expected = min(effects)  # of the other codes that which the prior finds likeliest there
        assert found.of_tokens[place] == pytest.approx(expected, abs=1e-4)


def test_a_pixelcnn_has_no_attention_and_its_effects_end_where_its_receptive_field_does():
    prior = make(PixelCNN, PixelCNNConfig(layers=2, width=8, reach=1), (Grid(9, (7, 7)),))
    tokens, index = some_tokens(prior), 5 * 7 + 3
    with pytest.raises(ValueError, match="no attention"):
        look_back(prior, tokens, index)
    effects = torch.cat([measure_effects(prior, tokens, index).of_tokens, torch.zeros(49 - index)]).view(7, 7)
    assert effects[5, 2] != 0 and effects[4, 3] != 0 and effects[4, 4] != 0
    assert not effects[:3].any() and not effects[:, 0].any() and not effects[:, 6].any()


def test_where_any_size_is_written_what_is_near_is_tried():
    prior = make(LocalPixelCNN, LocalPixelCNNConfig(layers=2, width=8, code_dim=4, readout=8), (Grid(9, (12, 20)),), 0)
    prior.adopt([torch.randn(9, 4)])
    tokens, index = some_tokens(prior), 9 * 20 + 10
    effects = torch.cat([measure_effects(prior, tokens, index).of_tokens, torch.full((240 - index,), math.nan)]).view(12, 20)
    tried = ~effects.isnan()
    assert tried[9 - ROWS : 9, 10 - COLUMNS : 11 + COLUMNS].all() and tried[9, 10 - COLUMNS : 10].all()
    assert int(tried.sum()) == ROWS * (2 * COLUMNS + 1) + COLUMNS
    assert effects[9, 9] != 0 and effects[8, 10] != 0 and not effects[9 - ROWS, tried[9 - ROWS]].any()
    whole = prior.bits(tokens)[0].flatten()[index]
    assert measure_effects(prior, tokens, index).bits == pytest.approx(float(whole), abs=1e-4)
