"""A prior of any size is measured on whole pictures, whatever their sizes."""

import pytest
import torch
from PIL import Image

from tests.tiny import draw_picture
from vqcore.evaluation.any_size import measure_any_size
from vqcore.priors.local import LocalPixelCNN, LocalPixelCNNConfig
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.pixels import to_tensor
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig

NETWORK = NetworkConfig(
    code_dim=4, coarse_width=8, fine_width=8, encoder_fine_blocks=0, encoder_coarse_blocks=0, decoder_coarse_blocks=0,
    decoder_pointwise_blocks=0, decoder_fine_blocks=0,
)


def test_bits_are_counted_over_all_tokens_of_whole_pictures(tmp_path):
    torch.manual_seed(0)
    tokenizer = VQVAE(VQVAEConfig(NETWORK, VQConfig(16)), name="some").eval()
    prior = LocalPixelCNN(Layout(Words(()), 0, (Grid(16, (4, 4)),)), LocalPixelCNNConfig(2, 8, 8, 4), "some").eval()
    prior.adopt([tokenizer.levels[0].codebook])
    folder = tmp_path / "some" / "val"
    folder.mkdir(parents=True)
    pictures = [draw_picture(0, 40, 24), draw_picture(1, 17, 65)]
    for i, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(folder / f"{i}.png")
    report = measure_any_size(prior, tokenizer, folder)
    bits = [prior.bits(tokenizer.encode(to_tensor(pixels)))[0] for pixels in pictures]
    assert report.value("tokens") == sum(b.numel() for b in bits) == 5 * 3 + 3 * 9
    assert report.value("bits_per_token") == pytest.approx(float(torch.cat([b.flatten() for b in bits]).mean()), rel=1e-5)
    assert report.value("bits_of_pictures") == pytest.approx(sum(float(b.mean()) for b in bits) / 2, rel=1e-5)
    assert report.value("fixed_bits") == 4
    assert report.value("saving") == pytest.approx(1 - report.value("bits_per_token") / report.value("marginal_entropy"))
    empty = tmp_path / "nothing"
    empty.mkdir()
    with pytest.raises(ValueError, match="no picture"):
        measure_any_size(prior, tokenizer, empty)
