"""The variational autoencoder beside the tokenizers, and tokens drawn without a look at each other."""

import gzip

import numpy as np
import pytest
import torch

from vqcore.checkpoints import load_vae
from vqcore.evaluation.report import read_figures
from vqcore.metrics import entropy
from vqcore.study.independent import draw_independent
from vqcore.study.vae import VAE, VAEConfig, save_vae
from vqcore.train import main


def bars(count: int, seed: int = 0) -> np.ndarray:
    """White bars of any height and place on black: uint8 [count, 28, 28]."""
    draw = np.random.default_rng(seed)
    pictures = np.zeros((count, 28, 28), np.uint8)
    for picture, left, top in zip(pictures, draw.integers(4, 20, count), draw.integers(4, 24, count)):
        picture[top:, left : left + 5] = 255
    return pictures


def test_the_divergence_is_that_of_two_normal_distributions():
    torch.manual_seed(0)
    model = VAE(VAEConfig(side=4, latent=3, widths=(8,)))
    images = torch.rand(5, 1, 4, 4) * 2 - 1
    mean, log_variance = model.encode(images)
    there = torch.distributions.Normal(mean, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(there, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(model(images).divergence * 16, expected)


def test_the_reconstruction_is_the_likelihood_of_the_decoded_pixel():
    model = VAE(VAEConfig(side=4, widths=(8,)))
    model.encoder[-1].weight.data.zero_()
    model.encoder[-1].bias.data.copy_(torch.tensor([0.3, -0.2, -60.0, -60.0]))  # no noise: z = μ
    images = torch.rand(5, 1, 4, 4) * 2 - 1
    p, x = (model.decode(torch.tensor([[0.3, -0.2]])) + 1) / 2, (images + 1) / 2
    expected = -(x * p.log() + (1 - x) * (1 - p).log()).mean()
    torch.testing.assert_close(model(images).reconstruction, expected)


def test_training_learns_and_its_checkpoint_is_small_and_says_how_good_it_is(tmp_path):
    for split, count in (("train", 600), ("t10k", 120)):
        for kind, dims, values in (("images-idx3", 3, bars(count, count)), ("labels-idx1", 1, np.zeros(count, np.uint8))):
            header = bytes([0, 0, 8, dims]) + np.array(values.shape, ">u4").tobytes()
            (tmp_path / f"{split}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + values.tobytes()))
    assert main(["vae", "--data", str(tmp_path), "--out", str(tmp_path / "small-vae"), "--steps", "150"]) == 0
    model = load_vae(tmp_path / "small-vae")
    metrics = read_figures(tmp_path / "small-vae" / "metrics.json")
    unseen = torch.from_numpy(bars(120, 120))[:, None].float() / 127.5 - 1
    assert float(model(unseen).loss) / np.log(2) == pytest.approx(metrics["bits_per_pixel_bound"], rel=0.1)
    assert metrics["bits_per_pixel_bound"] < 0.6  # 1 bit knows nothing
    assert model.seen.shape == (120, 2) and model.name == "small-vae"
    assert (tmp_path / "small-vae" / "model.safetensors").stat().st_size < 1 << 20
    samples = model.sample(8, seed=1)
    assert samples.shape == (8, 1, 28, 28) and samples.abs().max() <= 1
    assert torch.equal(samples, model.sample(8, seed=1)) and not torch.equal(samples, model.sample(8, seed=2))


def test_a_model_of_another_kind_is_refused(tmp_path, tiny_folder):
    with pytest.raises(ValueError, match="kind vqvae"):
        load_vae(tiny_folder)
    save_vae(VAE(), tmp_path / "vae")
    (tmp_path / "vae" / "config.json").write_text('{"kind": "vae", "version": 1, "network": {"widths": 3}}')
    with pytest.raises(ValueError, match="doesn't describe a model"):
        load_vae(tmp_path / "vae")


def test_independent_tokens_follow_the_shares_alone():
    shares = torch.tensor([1.0, 0.0, 3.0])
    tokens = draw_independent(shares, (40, 50), 3, seed=1)
    assert tokens.shape == (3, 40, 50)
    counts = torch.bincount(tokens.flatten(), minlength=3) / tokens.numel()
    torch.testing.assert_close(counts, shares / 4, atol=0.03, rtol=0)
    assert torch.equal(tokens, draw_independent(shares, (40, 50), 3, seed=1))
    assert float(entropy(shares)) == pytest.approx(0.25 * 2 + 0.75 * np.log2(4 / 3))
    assert float(entropy(torch.ones(256))) == pytest.approx(8)
    with pytest.raises(ValueError, match="not all 0"):
        draw_independent(torch.zeros(4), (2,), 1)


def test_the_one_that_the_lessons_show_is_here_and_whole():
    model = load_vae("fashion-vae")
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert torch.isfinite(model.seen).all() and 0.7 < float(model.seen.std()) < 1.4, "latents spread about as N(0, I) does"
    pictures = model.sample(64)
    assert float(pictures.std(0).mean()) > 0.1, "other latents give other pictures"
