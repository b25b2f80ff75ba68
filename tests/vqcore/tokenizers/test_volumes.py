"""#S = 3: a tokenizer of volumes and both priors, trained for real on boxes that are made here."""

import pytest
import torch
import torch.nn.functional as F

from tests.tiny import one_thread
from vqcore.priors.pixelcnn import PixelCNN, PixelCNNConfig
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.training.optimizer import Optimizer

SIDE, CODES = 16, 16


def volumes(count, seed):
    """Boxes of matter in empty space, float32 [count, 1, 16, 16, 16]."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.full((count, 1, SIDE, SIDE, SIDE), -0.8)
    for volume in x:
        low = torch.randint(0, 8, (3,), generator=generator)
        high = low + torch.randint(4, 9, (3,), generator=generator)
        volume[(0, *(slice(a, b) for a, b in zip(low.tolist(), high.tolist())))] = 0.8
    return x


@pytest.fixture(scope="module")
def trained():
    """The tokenizer (f = 4, halo 2), and the reconstruction losses on the way."""
    torch.manual_seed(0)
    with one_thread():
        model = VQVAE(VQVAEConfig(NetworkConfig(3, 1, 4, 8, 32, 8, 0, 1, 1, 0, 1), VQConfig(CODES)))
        hidden = [p for p in model.parameters() if p.ndim > 2]
        optimizer = Optimizer(hidden, [p for p in model.parameters() if p.ndim <= 2])
        data, losses = volumes(64, 0), []
        for _ in range(200):
            x = data[torch.randint(len(data), (8,))]
            x_tilde, (quantized,) = model(x)
            loss = F.mse_loss(x_tilde, x)
            (loss / 0.2 + quantized.loss).backward()
            optimizer.step(4e-3)
            losses.append(tuple(value.item() for value in (loss, quantized.codebook_loss, quantized.commitment_loss)))
        yield model.eval().requires_grad_(False), losses


def test_volumes_become_grids_of_tokens_and_come_back(trained):
    model, _ = trained
    (tokens,) = model.encode(volumes(2, 5)[..., :14])
    assert tokens.shape == (2, 4, 4, 4) and tokens.dtype == torch.int64
    assert model.decode([tokens]).shape == (2, 1, SIDE, SIDE, SIDE)
    assert model.reconstruct(volumes(2, 5)[..., :14]).shape == (2, 1, SIDE, SIDE, 14)


def test_every_loss_is_finite_and_unseen_volumes_come_back(trained):
    model, losses = trained
    assert torch.isfinite(torch.tensor(losses)).all() and losses[-1][0] < losses[0][0] / 3
    unseen = volumes(8, 99)
    flat = F.mse_loss(unseen.mean((2, 3, 4), keepdim=True).expand_as(unseen), unseen)
    assert F.mse_loss(model.reconstruct(unseen), unseen) < flat / 3


def test_one_token_reaches_its_halo_and_a_region_is_a_part_of_the_whole(trained):
    model, _ = trained
    tokens = torch.randint(CODES, (1, 9, 8, 10), generator=torch.Generator().manual_seed(1))
    before = model.decode([tokens])
    other = tokens.clone()
    other[0, 4, 4, 5] = (other[0, 4, 4, 5] + 3) % CODES
    changed = (model.decode([other]) != before).nonzero()[:, 2:] // 4 - torch.tensor([4, 4, 5])
    assert len(changed) and int(changed.abs().max()) <= model.halo
    region = (slice(2, 7), slice(0, 3), slice(6, 10))
    part = model.decode_region([tokens], region)
    assert torch.equal(part, before[(..., *(slice(4 * s.start, 4 * s.stop) for s in region))])


@pytest.mark.parametrize("kind", ["transformer", pytest.param("pixelcnn", marks=pytest.mark.slow)])
def test_both_priors_learn_grids_of_volumes(trained, kind):
    model, _ = trained
    tokens, unseen = model.encode(volumes(192, 0)), model.encode(volumes(32, 99))
    layout = Layout(Words(()), 0, (Grid(CODES, (4, 4, 4)),))
    torch.manual_seed(0)
    with one_thread():
        if kind == "transformer":
            prior = Transformer(layout, TransformerConfig(2, 32, 2))
        else:
            prior = PixelCNN(layout, PixelCNNConfig(layers=4, width=16))
        hidden = [p for name, p in prior.named_parameters() if name.startswith(("blocks.", "layers.")) and p.ndim > 1]
        optimizer = Optimizer(hidden, [p for p in prior.parameters() if all(p is not h for h in hidden)])
        sequences, prefix = layout.flatten(tokens), layout.prefix([None] * 16)
        for _ in range(100):
            prior(prefix, sequences[torch.randint(len(sequences), (16,))]).mean().backward()
            optimizer.step(4e-3)
        prior.eval()
        bits = float(prior.bits(unseen)[0].mean())
        share = torch.bincount(unseen[0].flatten(), minlength=CODES).double() / unseen[0].numel()
        marginal = float(torch.special.entr(share).sum() / torch.tensor(2.0).log())
        (drawn,) = prior.sample(2, seed=0)
        mask = torch.zeros(2, 4, 4, 4, dtype=torch.bool)
        mask[:, 2:] = True
        (completed,) = prior.complete([drawn], [mask], seed=1)
    assert bits < 0.8 * marginal
    assert drawn.shape == (2, 4, 4, 4) and torch.equal(completed[~mask], drawn[~mask])
    assert model.decode([drawn]).shape == (2, 1, SIDE, SIDE, SIDE)
