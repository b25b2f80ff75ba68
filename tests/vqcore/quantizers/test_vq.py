import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

import vqcore
from tests.tiny import one_thread, picture_folder
from vqcore.data.images import open_picture
from vqcore.quantizers.vq import VectorQuantizer, VQConfig, nearest_codes
from vqcore.tokenizers.pixels import to_tensor
from vqcore.tokenizers.vqvae import VQVAEConfig
from vqcore.training.budget import Budget
from vqcore.training.material.pictures import TokenizerRecipe
from vqcore.training.presets import TINY_NETWORK
from vqcore.training.tokenizer import train_tokenizer


def brute_force(vectors, codebook):
    return (vectors.double()[:, None] - codebook.double()).square().sum(-1).argmin(1)


@pytest.mark.parametrize("n, k, d", [(1, 1, 1), (97, 13, 3), (501, 129, 7), (2049, 1000, 32)])
@pytest.mark.parametrize("offset, spread", [(0, 1), (5, 0.01), (-300, 0.1), (0, 1e-6), (0, 1e12)])
def test_nearest_code_is_that_of_a_float64_brute_force(n, k, d, offset, spread):
    torch.manual_seed(n + d)
    codebook = offset + spread * torch.randn(k, d)
    vectors = offset + spread * torch.randn(n, d)
    assert torch.equal(nearest_codes(vectors, codebook), brute_force(vectors, codebook))


def test_lowest_index_wins_a_tie():
    codebook = torch.tensor([[0.0, 2], [1, 0], [-1, 0], [1, 0], [0, -2]])
    assert nearest_codes(torch.zeros(1, 2), codebook).tolist() == [1]
    torch.manual_seed(0)
    doubled = torch.randn(50, 8).repeat(3, 1)
    assert torch.equal(nearest_codes(doubled + 0.01, doubled), torch.arange(50).repeat(3))
    assert nearest_codes(torch.randn(300, 4), torch.ones(9000, 4)).unique().tolist() == [0]


def test_vectors_halfway_between_two_codes_are_settled_exactly():
    torch.manual_seed(0)
    codebook = 7 + torch.randn(64, 16)
    a, b = torch.randint(64, (2, 4000))
    vectors = (codebook[a] + codebook[b]) / 2
    assert torch.equal(nearest_codes(vectors, codebook), brute_force(vectors, codebook))


def test_values_that_overflow_float32_are_still_compared():
    codebook = torch.tensor([[1e30, 0], [0, 1e30], [-1e30, 0]])
    assert nearest_codes(torch.tensor([[0, 9e29], [-3e29, 0]]), codebook).tolist() == [1, 2]


MEMORY = """
import resource, sys, torch
from vqcore.quantizers.vq import nearest_codes
vectors, codebook = torch.randn(int(sys.argv[1]), 4), torch.randn(8192, 4)
nearest_codes(vectors[:1000], codebook)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
nearest_codes(vectors, codebook)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.parametrize("count, megabytes", [(50_000, 100), pytest.param(1_000_000, 300, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_vectors_times_codes(count, megabytes):
    done = subprocess.run([sys.executable, "-c", MEMORY, str(count)], capture_output=True, text=True, check=True)
    assert float(done.stdout) < megabytes


@pytest.mark.parametrize("shape", [(2, 4), (2, 4, 5), (2, 4, 3, 5), (2, 4, 2, 3, 2), (0, 4, 3, 3)])
def test_any_number_of_spatial_dimensions_and_an_empty_batch(shape):
    quantizer = VectorQuantizer(codebook_size=16, code_dim=4)
    out = quantizer(torch.randn(shape))
    assert out.z_q.shape == shape and out.tokens.shape == (shape[0], *shape[2:])
    assert torch.equal(quantizer.decode(out.tokens), quantizer.decode(quantizer.encode(quantizer.decode(out.tokens))))
    assert out.loss.isfinite()


@pytest.mark.parametrize("bad, words", [
    (torch.full((1, 4, 2), torch.nan), "NaN"),
    (torch.zeros(1, 5, 2), "D = 4"),
    (torch.zeros(1, 4, 2, dtype=torch.int64), "float"),
])
def test_bad_input_is_explained(bad, words):
    with pytest.raises(ValueError, match=words):
        VectorQuantizer(codebook_size=8, code_dim=4)(bad)


def test_gradient_passes_straight_through():
    quantizer = VectorQuantizer(codebook_size=8, code_dim=4).eval()
    z_e = torch.randn(2, 4, 3, 3, requires_grad=True)
    weights = torch.randn(2, 4, 3, 3)
    out = quantizer(z_e)
    (out.z_q * weights).sum().backward()
    assert torch.equal(z_e.grad, weights)
    assert torch.allclose(out.z_q, quantizer.decode(out.tokens), atol=1e-6)


def test_each_loss_moves_only_what_the_stop_gradient_leaves_it():
    quantizer = VectorQuantizer(codebook_size=8, code_dim=4, beta=0.5).eval()
    z_e = torch.randn(2, 4, 6, requires_grad=True)
    out = quantizer(z_e)
    to_code, to_input = torch.autograd.grad(out.codebook_loss, [quantizer.codebook, z_e], retain_graph=True, allow_unused=True)
    assert to_code.abs().sum() > 0 and to_input is None
    to_code, to_input = torch.autograd.grad(out.commitment_loss, [quantizer.codebook, z_e], retain_graph=True, allow_unused=True)
    assert to_code is None and to_input.abs().sum() > 0
    expected = (z_e - quantizer.decode(out.tokens)).square().mean()
    assert torch.allclose(out.codebook_loss, expected) and torch.allclose(out.commitment_loss, expected)
    assert torch.allclose(out.loss, 1.5 * expected)


def clusters(count, generator):
    centers = 4 * torch.randn(count, 6, generator=generator)
    return lambda n: centers[torch.randint(count, (n,), generator=generator)] + 0.1 * torch.randn(n, 6, generator=generator)


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_the_codebook_learns_clusters_and_dead_codes_come_back(ema_decay):
    torch.manual_seed(0)
    draw = clusters(20, torch.Generator().manual_seed(1))
    quantizer = VectorQuantizer(codebook_size=20, code_dim=6, ema_decay=ema_decay)
    quantizer.codebook.data.fill_(50.0)  # all far away
    quantizer.started.fill_(True)
    optimizer = None if ema_decay else torch.optim.SGD(quantizer.parameters(), lr=8.0)
    for _ in range(400):
        out = quantizer(draw(256).view(256, 6))
        if optimizer:
            optimizer.zero_grad()
            out.loss.backward()
            optimizer.step()
    error = quantizer.eval()(draw(2000)).commitment_loss
    alive = torch.bincount(quantizer.encode(draw(2000)), minlength=20).gt(0).sum()
    assert alive >= 16 and error < 2.0


def test_without_revival_far_codes_stay_dead():
    torch.manual_seed(0)
    quantizer = VectorQuantizer(codebook_size=20, code_dim=6, ema_decay=0.9, revive_below=0)
    quantizer.started.fill_(True)
    quantizer.codebook.fill_(50.0)
    quantizer.ema_sums.fill_(50.0)
    draw = clusters(20, torch.Generator().manual_seed(1))
    for _ in range(50):
        tokens = quantizer(draw(256)).tokens
    assert len(tokens.unique()) == 1


def test_ema_follows_the_papers_recurrence():
    quantizer = VectorQuantizer(codebook_size=2, code_dim=1, ema_decay=0.75, revive_below=0)
    quantizer.started.fill_(True)
    quantizer._place(torch.tensor([0, 1]), torch.tensor([[0.0], [10.0]]), 1.0)
    quantizer(torch.tensor([[1.0], [2.0], [9.0]]))
    # N_0 = 0.75·1 + 0.25·2, m_0 = 0.75·0 + 0.25·3;  N_1 = 0.75·1 + 0.25·1, m_1 = 0.75·10 + 0.25·9
    assert torch.allclose(quantizer.codebook[:, 0], torch.tensor([0.75 / 1.25, 9.75 / 1.0]))


def test_eval_mode_leaves_the_codebook_alone():
    quantizer = VectorQuantizer(codebook_size=8, code_dim=4, ema_decay=0.9).eval()
    before = {name: tensor.clone() for name, tensor in quantizer.state_dict().items()}
    quantizer(torch.randn(2, 4, 30))
    assert all(torch.equal(before[name], tensor) for name, tensor in quantizer.state_dict().items())


def test_autocast_does_not_change_the_tokens():
    torch.manual_seed(0)
    quantizer, z_e = VectorQuantizer(codebook_size=512, code_dim=16), torch.randn(4, 16, 20, 20)
    with torch.autocast("cpu", torch.bfloat16):
        inside = quantizer.encode(z_e)
    assert torch.equal(inside, quantizer.encode(z_e))


@pytest.mark.parametrize("ema_decay", [None, 0.9])
@pytest.mark.parametrize("dead, revived", [(60, 10), (7, 7)])
def test_at_most_an_eighth_of_a_batch_revives_codes_which_enter_with_half_an_even_share(ema_decay, dead, revived):
    torch.manual_seed(0)
    quantizer = VectorQuantizer(codebook_size=64, code_dim=4, ema_decay=ema_decay)
    quantizer._place(torch.arange(64), torch.randn(64, 4), 100.0)
    quantizer._place(torch.arange(dead), torch.full((dead, 4), 50.0), 0.01)  # far from everything
    quantizer.started.fill_(True)
    vectors = torch.randn(80, 4)
    quantizer(vectors)
    new = (quantizer.codebook[:dead] < 40).all(1)
    assert int(new.sum()) == revived
    assert (quantizer.ema_counts[:dead][new] == 80 / 64 / 2).all() and (quantizer.ema_counts[:dead][~new] < 0.01).all()
    places = (quantizer.codebook[:dead][new][:, None] == vectors).all(2).nonzero()[:, 1]
    assert len(places.unique()) == len(places) == revived, "each on another vector of the batch"


def test_a_codebook_that_learns_by_gradient_counts_its_tokens_too():
    torch.manual_seed(0)
    quantizer = VectorQuantizer(codebook_size=4, code_dim=2, revive_below=0)
    quantizer._place(torch.arange(4), 10 * torch.eye(4, 2), 3.0)
    quantizer.started.fill_(True)
    before = quantizer.codebook.clone()
    tokens = quantizer(torch.randn(50, 2)).tokens
    expected = 0.99 * torch.full((4,), 3.0) + 0.01 * torch.bincount(tokens, minlength=4)
    torch.testing.assert_close(quantizer.ema_counts, expected)
    assert torch.equal(quantizer.codebook, before), "only the optimizer moves it"
    quantizer.eval()(torch.randn(50, 2))
    torch.testing.assert_close(quantizer.ema_counts, expected)


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_where_the_first_batch_is_smaller_than_the_codebook_the_codes_stand_beside_its_vectors(ema_decay):
    torch.manual_seed(0)
    quantizer = VectorQuantizer(codebook_size=10, code_dim=4, ema_decay=ema_decay, revive_below=0)
    vectors = torch.randn(3, 4)
    quantizer._start(vectors)
    nearest = torch.cdist(quantizer.codebook, vectors).min(1)
    assert torch.bincount(nearest.indices).tolist() in ([4, 3, 3], [3, 4, 3], [3, 3, 4])
    assert len(quantizer.codebook.unique(dim=0)) == 10, "no two codes are the same"
    assert nearest.values.min() > 0 and nearest.values.max() < 0.1 * vectors.std()
    assert (quantizer.ema_counts == 0.3).all() and quantizer.started


@pytest.mark.parametrize("n, k, d", [(97, 13, 3), (2049, 1000, 8)])
@torch.no_grad()
def test_a_cosine_codebooks_nearest_code_is_that_of_the_largest_cosine_in_float64(n, k, d):
    torch.manual_seed(n)
    quantizer = VectorQuantizer(k, d, ema_decay=0.9, cosine=True).eval()
    vectors = torch.randn(n, d) * 10 ** torch.empty(n, 1).uniform_(-3, 3)
    tokens = quantizer.encode(vectors)
    cosines = F.cosine_similarity(vectors.double()[:, None], quantizer.codebook.double(), dim=-1)
    best = cosines.max(1)
    assert torch.equal(tokens, best.indices) and torch.equal(quantizer(vectors).tokens, tokens)
    assert torch.equal(quantizer.encode(1000 * vectors), tokens), "length decides nothing"
    assert torch.equal(brute_force(quantizer.locate(vectors), quantizer.codebook), tokens)
    assert torch.allclose(quantizer.decode(tokens).norm(dim=1), torch.ones(n))


def test_a_cosine_codebook_learns_directions_stays_on_the_sphere_and_revives_dead_codes():
    torch.manual_seed(0)
    draw = clusters(20, torch.Generator().manual_seed(1))
    quantizer = VectorQuantizer(codebook_size=20, code_dim=6, ema_decay=0.9, cosine=True)
    quantizer._place(torch.arange(20), torch.ones(20, 6), 1.0)  # all in one direction
    quantizer.started.fill_(True)
    for _ in range(400):
        loss = quantizer(100 * draw(256)).commitment_loss
        assert torch.allclose(quantizer.codebook.norm(dim=1), torch.ones(20))
    assert torch.bincount(quantizer.eval().encode(draw(2000)), minlength=20).gt(0).sum() >= 16 and loss < 0.02
    part = quantizer.narrowed(torch.tensor([3, 7]))
    assert part.cosine and torch.equal(part.encode(5 * quantizer.codebook[[7, 3]]), torch.tensor([1, 0]))


def test_a_cosine_codebooks_gradient_pulls_vectors_towards_their_codes_direction_and_never_along_their_length():
    torch.manual_seed(0)
    z_e = torch.randn(40, 6, requires_grad=True)
    out = VectorQuantizer(codebook_size=8, code_dim=6, ema_decay=0.9, cosine=True).eval()(z_e)
    (out.loss + (out.z_q * torch.randn(40, 6)).sum()).backward()
    assert z_e.grad.abs().sum() > 1 and (z_e.grad * z_e).sum(1).abs().max() < 1e-4


def test_a_cosine_codebook_without_moving_averages_is_refused():
    with pytest.raises(ValueError, match="give an ema_decay"):
        VectorQuantizer(8, 4, cosine=True)


def test_a_tokenizer_with_a_cosine_codebook_trains_and_is_loaded_as_such(tmp_path):
    data = picture_folder(tmp_path / "pictures", 12)
    recipe = TokenizerRecipe(VQVAEConfig(TINY_NETWORK, VQConfig(64, cosine=True)), rate=4e-3)
    with one_thread():
        train_tokenizer(recipe, [data], tmp_path / "run", Budget(steps=120))
    tokenizer = vqcore.load(tmp_path / "run")
    assert tokenizer.config.quantizer.cosine and torch.allclose(tokenizer.levels[0].codebook.norm(dim=1), torch.ones(64), atol=1e-3)
    images = torch.cat([to_tensor(open_picture(path).pixels) for path in sorted(data.iterdir())[:3]])
    tokens = tokenizer.encode(images)
    assert F.mse_loss(tokenizer.decode(tokens), images) < 0.5 * images.var() and len(tokens[0].unique()) > 10
    z_e = tokenizer.latents(images)[0].movedim(1, -1).flatten(0, 2)
    assert torch.equal(brute_force(z_e, tokenizer.levels[0].codebook), tokens[0].flatten())
