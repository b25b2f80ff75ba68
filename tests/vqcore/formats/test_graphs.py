"""Encoder and decoder as ONNX graphs, run by onnxruntime, against torch."""

import sys

import numpy as np
import pytest
import torch

import vqcore
from tests.tiny import TWO_LEVELS
from tests.vqgan import small_vqgan_folder
from vqcore.export import main
from vqcore.formats import graphs
from vqcore.quantizers import FSQConfig, VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2

NETWORK = NetworkConfig(code_dim=8, coarse_width=32, fine_width=16)
SOUND = NetworkConfig(spatial_dims=1, channels=1, downsampling=16, code_dim=8, coarse_width=32, fine_width=16)
KINDS = {
    "vq": lambda: VQVAE(VQVAEConfig(NETWORK, VQConfig(64)), "vq"),
    "cosine": lambda: VQVAE(VQVAEConfig(NETWORK, VQConfig(64, cosine=True)), "cosine"),
    "fsq": lambda: VQVAE(VQVAEConfig(NETWORK, FSQConfig((5, 4, 3))), "fsq"),
    "sound": lambda: VQVAE(VQVAEConfig(SOUND, VQConfig(64), sample_rate=8000), "sound"),
    "two levels": lambda: VQVAE2(TWO_LEVELS, "two levels"),
}


@pytest.fixture(scope="module")
def runtime():
    reason = "This test needs pip install -r tests/requirements.txt."
    pytest.importorskip("onnx", reason=reason)
    return pytest.importorskip("onnxruntime", reason=reason)


def agrees(runtime, folder, tokenizer, *shapes):
    """Tokens equal but for near ties, and pixels within 1e-4, at each of these shapes."""
    encoder, decoder = (runtime.InferenceSession(folder / file) for file in graphs.FILES)
    names = [each.name for each in decoder.get_inputs()]
    assert names == [each.name for each in encoder.get_outputs()]
    assert decoder.get_modelmeta().custom_metadata_map["tokenizer"] == tokenizer.name
    for i, shape in enumerate(shapes):
        images = torch.rand(shape, generator=torch.Generator().manual_seed(i)) * 2 - 1
        expected = tokenizer.encode(images)
        found = encoder.run(None, {"image": images.numpy()})
        for one, other in zip(expected, found, strict=True):
            assert other.dtype == np.int64 and other.shape == tuple(one.shape) and (other == one.numpy()).mean() > 0.99
        pixels = decoder.run(None, {name: grid.numpy() for name, grid in zip(names, expected)})[0]
        assert np.abs(pixels - tokenizer.decode(expected).numpy()).max() < 1e-4
    return names


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_each_kind_agrees_with_torch_at_any_size(runtime, tmp_path, kind):
    torch.manual_seed(0)
    tokenizer = KINDS[kind]().eval()
    graphs.write_onnx(tokenizer, tmp_path)
    dims = tokenizer.spatial_dims
    shapes = [(2, tokenizer.channels, *[64, 96][:dims]), (1, tokenizer.channels, *[16, 16][:dims])]
    names = agrees(runtime, tmp_path, tokenizer, *shapes)
    assert names == (["tokens_coarse", "tokens_fine"] if kind == "two levels" else ["tokens"])


def test_another_programs_tokenizer_agrees_too(runtime, tmp_path):
    tokenizer = vqcore.load(small_vqgan_folder(tmp_path / "theirs"))
    graphs.write_onnx(tokenizer, tmp_path)
    agrees(runtime, tmp_path, tokenizer, (1, 3, 64, 40), (2, 3, 16, 24))


def test_photos_is_written_by_the_command_in_half_precision_without_loss(runtime, tmp_path, capsys):
    assert main(["photos", "--format", "onnx", "--out", str(tmp_path)]) == 0
    sizes = [(tmp_path / file).stat().st_size for file in graphs.FILES]
    assert all(f"{size:,} bytes" in capsys.readouterr().out or size for size in sizes) and max(sizes) < 5.2e6
    agrees(runtime, tmp_path, vqcore.load("photos"), (1, 3, 120, 88))


def test_without_onnx_the_command_says_what_to_install(tiny_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main([str(tiny_folder), "--out", str(tmp_path / "out")]) == 2
    assert "pip install onnx" in capsys.readouterr().err and not list((tmp_path / "out").iterdir())
    assert main(["nowhere", "--out", str(tmp_path / "out")]) == 2
