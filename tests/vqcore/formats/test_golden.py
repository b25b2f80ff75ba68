"""What must stay the same for ever, on every machine: the bytes of token files, and the tokens that a seed gives.

tests/golden/ holds the files. A token file that somebody saved has to open years later: where one of these tests fails, the
format or the fingerprint has changed, and needs a new version (`tokenfile.MAGIC`) that still reads these. A document or a
lesson that names a seed has to show what it showed.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from vqcore.formats import tokenfile
from vqcore.priors.pixelcnn import PixelCNN, PixelCNNConfig
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.tables import Tables
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2, VQVAE2Config

GOLDEN = Path(__file__).parent.parent.parent / "golden"
SMALL = NetworkConfig(2, 3, 4, 4, 8, 8, 0, 0, 0, 0, 0)
COARSE = NetworkConfig(2, 8, 2, 4, 8, 8, 0, 0, 0, 0, 0)
MARGIN = 1e-3  # from a draw to the next border between two codes: a thousand times what machines' rounding differs by


def whole_numbers(*shape):
    """Whole numbers without an order: int64 of that shape, 0 … 30,010."""
    return np.arange(np.prod(shape, dtype=int)).reshape(shape) * 7919 % 30_011


def given(model, scale):
    """The model with weights that are whole numbers times a power of two, exact in half precision too."""
    with torch.no_grad():
        for number, weight in enumerate(model.state_dict().values()):
            if weight.is_floating_point():
                weight.copy_(torch.from_numpy((whole_numbers(weight.numel()) + 101 * number) % 31 - 15).view(weight.shape) * scale)
    return model.eval()


def tables():
    weights = lambda *shape: np.where(whole_numbers(*shape) % 3, 40, whole_numbers(*shape) + 1).astype(np.uint16)
    group = np.repeat(np.arange(3), [1, 6, 9]).astype(np.uint8)
    return Tables(
        group, np.array([0, 0, 1], np.uint8), np.arange(16, dtype=np.int32), np.array([0, 1, 7, 16], np.int32),
        weights(4, 4, 3), weights(3, 3, 16),
    )


def packed():
    return given(VQVAE(VQVAEConfig(SMALL, VQConfig(300))), 2**-4), [whole_numbers(1, 5, 7) % 300], (18, 28)


def coded():
    model = given(VQVAE(VQVAEConfig(SMALL, VQConfig(16))), 2**-4)
    model.tables = [tables()]
    return model, [np.where(whole_numbers(1, 9, 9) % 17, 13, whole_numbers(1, 9, 9) % 16)], (36, 33)


def two_levels():
    model = given(VQVAE2(VQVAE2Config(network=SMALL, coarse=COARSE, quantizers=(VQConfig(5), VQConfig(300)))), 2**-4)
    return model, [whole_numbers(1, 3, 4) % 5, whole_numbers(1, 6, 8) % 300], (23, 30)


@pytest.mark.parametrize("make", [packed, coded, two_levels])
def test_a_token_file_is_these_bytes_and_reads_as_these_tokens(make):
    tokenizer, grids, size = make()
    data = (GOLDEN / f"{make.__name__}.vqt").read_bytes()
    assert (data[12:16] == tokenfile.UNTABLED) == (make is not coded)
    assert tokenfile.write([torch.from_numpy(grid) for grid in grids], size, tokenizer) == data
    file = tokenfile.read(data, tokenizer)
    assert file.size == size and all((a.numpy() == b).all() for a, b in zip(file.tokens, grids))


LAYOUT = Layout(Words.of(["red", "blue"]), 1, (Grid(6, (2, 2)), Grid(7, (4, 4))))
FLAT = Layout(Words.of(["red", "blue"]), 1, (Grid(12, (4, 5)),))
SAMPLED = {
    "transformer": (lambda: Transformer(FLAT, TransformerConfig(2, 16, 2)), 2**-5, {}),
    "two levels": (lambda: Transformer(LAYOUT, TransformerConfig(2, 16, 2)), 2**-5, {"temperature": 0.75, "guidance": 2.0}),
    "pixelcnn": (lambda: PixelCNN(FLAT, PixelCNNConfig(layers=4, width=8)), 2**-5, {"top_k": 9, "top_p": 0.9}),
}
TOKENS = {  # the seed, and the tokens of two samples
    "transformer": (
        23, [4, 3, 3, 3, 10, 2, 3, 9, 8, 2, 8, 2, 9, 7, 4, 3, 3, 3, 4, 3], [8, 3, 3, 3, 6, 1, 9, 9, 9, 3, 4, 4, 3, 8, 8, 3, 4, 2, 8, 8],
    ),
    "two levels": (
        14, [2, 0, 5, 4, 5, 5, 0, 0, 0, 3, 0, 5, 1, 5, 3, 0, 0, 6, 5, 2], [1, 5, 2, 1, 6, 1, 3, 5, 0, 0, 5, 1, 5, 1, 5, 5, 5, 0, 0, 5],
    ),
    "pixelcnn": (
        18, [6, 6, 2, 7, 11, 7, 6, 7, 0, 0, 0, 11, 6, 1, 9, 7, 10, 6, 1, 7],
        [7, 7, 11, 0, 6, 1, 1, 11, 6, 6, 1, 0, 11, 0, 6, 1, 11, 6, 1, 0],
    ),
}


def sampled(name, seed):
    """Two samples, each a row of tokens, and how near a draw came to a border between two codes."""
    make, scale, settings = SAMPLED[name]
    prior, near = given(make(), scale), []
    draws = torch.rand(2, prior.layout.length, generator=torch.Generator().manual_seed(seed))

    def measure(token):
        sums = token.probabilities.double().cumsum(1)
        near.append(float((sums / sums[:, -1:] - draws[:, token.index, None]).abs().min()))

    grids = prior.sample(2, ["red", "blue"], seed=seed, on_token=measure, **settings)
    return torch.cat([grid.flatten(1) for grid in grids], 1).tolist(), min(near)


@pytest.mark.parametrize("name", SAMPLED)
def test_a_seed_gives_these_tokens(name):
    seed, *expected = TOKENS[name]
    tokens, nearest = sampled(name, seed)
    assert nearest > MARGIN, "the weights leave no draw on a border"
    assert tokens == expected
