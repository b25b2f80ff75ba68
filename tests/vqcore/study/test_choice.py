"""Why a token is the code that it is, for every kind of tokenizer."""

import copy
from pathlib import Path

import pytest
import torch

from tests.tiny import TWO_LEVELS
from tests.vqgan import CONFIG
from vqcore.quantizers import FSQConfig, VQConfig
from vqcore.study.choice import decode_choices, explain_token, lines_of
from vqcore.tokenizers import windows
from vqcore.tokenizers.foreign.layouts import from_taming
from vqcore.tokenizers.foreign.vqgan import VQGAN
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2

ROOT = Path(__file__).parent.parent.parent.parent
NETWORK = NetworkConfig(
    downsampling=4, code_dim=6, coarse_width=16, fine_width=16, encoder_coarse_blocks=1, encoder_fine_blocks=1,
    decoder_coarse_blocks=1, decoder_pointwise_blocks=0, decoder_fine_blocks=1,
)


def foreign(**params):
    config = copy.deepcopy(CONFIG)
    config["model"]["params"].update(params)
    return VQGAN(*from_taming(config), "theirs")


KINDS = {
    "table": lambda: VQVAE(VQVAEConfig(NETWORK, VQConfig(32))),
    "fsq": lambda: VQVAE(VQVAEConfig(NETWORK, FSQConfig((8, 5, 5)))),
    "two levels": lambda: VQVAE2(TWO_LEVELS),
    "foreign": foreign,
    "foreign fsq": lambda: foreign(embed_dim=3, fsq_levels=[8, 5, 5]),
}


def project(layer, tokenizer, x):
    """Make the last layer before the rounding spread its vectors over the codes."""
    given = []
    hook = layer.register_forward_hook(lambda _, __, vectors: given.append(vectors))
    tokenizer.latents(x)
    hook.remove()
    vectors = given[0] if isinstance(layer, torch.nn.Conv2d) else given[0].movedim(-1, 1)
    mean, spread = vectors.mean((0, 2, 3)), vectors.std((0, 2, 3))
    layer.bias.copy_((layer.bias - mean) / spread)
    layer.weight /= spread.view(-1, *[1] * (layer.weight.ndim - 1))


@pytest.fixture(scope="module", params=KINDS)
def seen(request):
    """A tokenizer with random weights whose codes lie where its vectors do; a picture that f doesn't divide; its tokens."""
    torch.manual_seed(0)
    tokenizer = KINDS[request.param]().eval().requires_grad_(False)
    x = torch.rand(1, 3, 45, 83) * 2 - 1
    if "fsq" in request.param:
        project(tokenizer.quant_conv if tokenizer.encoder_halo is None else tokenizer.quantizer.project_in, tokenizer, x)
    tables = [table for name, table in tokenizer.state_dict().items() if name.endswith(("codebook", "embedding.weight"))]
    for level, table in enumerate(tables):
        vectors = tokenizer.latents(x)[level][0].flatten(1).T
        near = vectors[torch.randint(len(vectors), (len(table),))]
        table.copy_(near + 0.2 * vectors.std() * torch.randn_like(table))
    return tokenizer, x, tokenizer.encode(x)


def cells(grid):
    """Two corners and one of the middle."""
    rows, columns = grid.shape[1:]
    return [(0, 0), (rows - 1, columns - 1), (1, columns // 3)]


def test_the_nearest_code_is_the_token_and_the_others_are_a_brute_force_s(seen):
    tokenizer, x, tokens = seen
    for place, (level, grid, z_e) in enumerate(zip(tokenizer.levels, tokens, tokenizer.latents(x))):
        assert z_e.shape == (1, level.codebook.shape[1], *grid.shape[1:])
        for cell in cells(grid):
            choice = explain_token(tokenizer, tokens, place, cell, x)[place]
            vector = z_e[(0, slice(None), *cell)]
            brute = torch.tensor([float((vector - e).double().norm()) for e in level.codebook])
            assert choice.nearest[0] == choice.code == grid[0][cell] and choice.rank == 0
            assert torch.equal(choice.z_e, vector) and torch.equal(choice.e_k, level.codebook[choice.code])
            assert torch.allclose(torch.tensor(choice.distances), brute.sort().values[:8], rtol=1e-5)
            assert torch.allclose(brute[list(choice.nearest)], torch.tensor(choice.distances), rtol=1e-5)
            assert choice.margin == choice.distances[1] - choice.distances[0] >= 0 and choice.distance == choice.distances[0]


def test_codes_are_used_so_that_this_says_something(seen):
    assert all(len(grid.unique()) > 8 for grid in seen[2])


def test_what_the_encoder_looks_at_is_enough_to_tell(seen):
    tokenizer, x, tokens = seen
    if tokenizer.encoder_halo is None:
        pytest.skip("Its encoder looks at the whole picture.")
    coarsest, finest = tokenizer.levels[0].downsampling, tokenizer.levels[-1]
    for cell in cells(tokens[-1]):
        own = tuple(slice(at * finest.downsampling // coarsest, at * finest.downsampling // coarsest + 1) for at in cell)
        window = windows.grown(own, tokenizer.encoder_halo, tokens[0].shape[1:])
        pixels = windows.scaled(window, coarsest)
        spans = [windows.scaled(window, coarsest // level.downsampling) for level in tokenizer.levels]
        cut = [grid[(slice(None), *part)] for grid, part in zip(tokens, spans)]
        inside = tuple(at - part.start for at, part in zip(cell, spans[-1]))
        whole = explain_token(tokenizer, tokens, len(tokens) - 1, cell, x)
        for a, b in zip(whole, explain_token(tokenizer, cut, len(tokens) - 1, inside, x[(..., *pixels)]), strict=True):
            assert torch.equal(a.z_e, b.z_e) and (a.code, a.nearest, a.distances) == (b.code, b.nearest, b.distances)


def test_a_token_that_was_edited_is_told_from_the_one_that_was_chosen(seen):
    tokenizer, x, tokens = seen
    place, cell = len(tokens) - 1, (2, 3)
    chosen = explain_token(tokenizer, tokens, place, cell, x, count=99)[place]
    edited = [grid.clone() for grid in tokens]
    edited[place][(0, *cell)] = chosen.nearest[5]
    choice = explain_token(tokenizer, edited, place, cell, x)[place]
    assert (choice.code, choice.rank, choice.distance) == (chosen.nearest[5], 5, chosen.distances[5])
    assert choice.nearest == chosen.nearest[:8] and torch.equal(choice.z_e, chosen.z_e)


def test_without_a_picture_there_is_the_code_and_those_beside_it(seen):
    tokenizer, _, tokens = seen
    for level, choice in zip(tokenizer.levels, explain_token(tokenizer, tokens, 0, (1, 1)), strict=True):
        apart = (level.codebook - level.codebook[choice.code]).norm(dim=1)
        assert choice.z_e is None and choice.nearest[0] == choice.code and choice.rank == choice.distance == 0
        assert torch.allclose(apart.sort().values[:8], torch.tensor(choice.distances), rtol=1e-4, atol=1e-4)


def test_every_level_tells_of_the_token_over_the_same_pixels():
    tokenizer = VQVAE2(TWO_LEVELS).eval()
    tokens = [torch.arange(12).view(1, 3, 4), torch.arange(48).view(1, 6, 8)]
    assert [choice.code for choice in explain_token(tokenizer, tokens, 1, (5, 2))] == [9, 42]
    assert [choice.code for choice in explain_token(tokenizer, tokens, 0, (2, 1))] == [9, 5 * 8 + 3]


def test_a_token_outside_the_grid_is_refused(seen):
    tokenizer, x, tokens = seen
    with pytest.raises(ValueError, match="doesn't lie in a grid"):
        explain_token(tokenizer, tokens, 0, (0, 999), x)


def test_another_choice_is_decoded_as_if_it_stood_there(seen):
    tokenizer, _, tokens = seen
    f = tokenizer.levels[-1].downsampling
    for place, grid in enumerate(tokens):
        for cell in cells(grid)[:2]:
            images, region = decode_choices(tokenizer, tokens, place, cell, [3, 7])
            for code, image in zip([3, 7], images, strict=True):
                changed = [each.clone() for each in tokens]
                changed[place][(0, *cell)] = code
                assert torch.allclose(image, tokenizer.decode(changed)[(0, slice(None), *windows.scaled(region, f))], atol=1e-5)


def test_the_lines_are_those_that_stand_in_the_files(seen):
    for place in range(len(seen[2])):
        found = lines_of(seen[0], place)
        assert len(found) == 2 and "order = squares.argsort" in found[0].text and "return " in found[1].text
        for lines in found:
            text = (ROOT / lines.file).read_text().splitlines()[lines.line - 1 :]
            assert [line.strip() for line in lines.text.splitlines()] == [line.strip() for line in text[: lines.text.count("\n") + 1]]
