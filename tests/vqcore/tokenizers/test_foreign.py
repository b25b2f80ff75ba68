"""Other people's tokenizers, written by the libraries they come from, and read by our own loading code."""

import json
import os
import re
import shlex
import subprocess
import sys
from types import ModuleType

import pytest
import torch
from safetensors.torch import save_file

import vqcore
from tests.originals import PICTURES, agrees, shuffled, spread
from vqcore.tokenizers import foreign
from vqcore.tokenizers.foreign.layouts import from_diffusers

CELEBA = {  # config.json of CompVis/ldm-celebahq-256, folder vqvae
    "act_fn": "silu", "block_out_channels": [128, 256, 512], "down_block_types": ["DownEncoderBlock2D"] * 3, "in_channels": 3,
    "latent_channels": 3, "layers_per_block": 2, "num_vq_embeddings": 8192, "out_channels": 3, "sample_size": 256,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
}
SMALL = CELEBA | {"block_out_channels": [32, 64], "down_block_types": ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
                  "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"], "layers_per_block": 1, "num_vq_embeddings": 50}
IMAGENET = {  # ddconfig of taming's vqgan_imagenet_f16_16384, with a quarter of its channels
    "double_z": False, "z_channels": 64, "resolution": 256, "in_channels": 3, "out_ch": 3, "ch": 32, "ch_mult": [1, 1, 2, 2, 4],
    "num_res_blocks": 2, "attn_resolutions": [16], "dropout": 0.0,
}


@pytest.fixture(scope="module")
def diffusers():
    return pytest.importorskip("diffusers", reason="These tests need pip install -r tests/requirements.txt.")


def diffusers_model(diffusers, config, folder):
    original = shuffled(diffusers.VQModel(**config))
    with torch.no_grad():
        spread(original.quantize.embedding, original.encode(PICTURES).latents)
    original.save_pretrained(folder)
    return original


@pytest.mark.parametrize("config", [CELEBA, SMALL], ids=["ldm-celebahq-256", "attention"])
@torch.no_grad()
def test_a_diffusers_folder_gives_the_tokens_and_pixels_of_diffusers(diffusers, tmp_path, config):
    original = diffusers_model(diffusers, config, tmp_path)
    model = vqcore.load(tmp_path)
    z_e = original.encode(PICTURES).latents
    shape = (*z_e.shape[:1], *z_e.shape[2:], z_e.shape[1])
    agrees(
        model, z_e, lambda z: original.quantize(z)[2][2],
        lambda tokens: original.decode(original.quantize.get_codebook_entry(tokens.flatten(), shape), force_not_quantize=True).sample,
    )
    level = model.levels[0]
    assert (level.codebook_size, level.downsampling) == (config["num_vq_embeddings"], 2 ** (len(config["block_out_channels"]) - 1))
    assert torch.equal(level.codebook, original.quantize.embedding.weight)


@torch.no_grad()
def test_amused_is_given_pixels_from_0_to_1_and_its_own_are_shown_as_they_are(diffusers, tmp_path):
    config = SMALL | {"lookup_from_codebook": True, "mid_block_add_attention": False}
    original = shuffled(diffusers.VQModel(**config))
    z_e = original.encode((PICTURES + 1) / 2).latents
    spread(original.quantize.embedding, z_e)
    original.save_pretrained(tmp_path, variant="fp16")  # the name alone: its numbers stay whole
    model = vqcore.load(tmp_path)
    shape = (*z_e.shape[:1], *z_e.shape[2:], z_e.shape[1])

    def decode(tokens):
        return 2 * original.decode(tokens, force_not_quantize=True, shape=shape).sample - 1

    agrees(model, z_e, lambda z: original.quantize(z)[2][2], decode)
    assert model.notes == ("Its networks take pixels from 0 to 1.",)
    overridden = vqcore.load(tmp_path, pixel_range=(-1, 1))
    assert not overridden.notes and not torch.equal(overridden.encode(PICTURES)[0], model.encode(PICTURES)[0])
    again = vqcore.load(tmp_path, pixel_range=(0, 1))
    assert torch.equal(again.encode(PICTURES)[0], model.encode(PICTURES)[0])


@pytest.mark.parametrize("entry", [{"lookup_from_codebook": True}, {"mid_block_add_attention": False}])
def test_one_of_amuseds_entries_alone_tells_nothing_of_the_range(entry):
    assert from_diffusers(SMALL | entry)[0].pixel_range == (-1, 1)


def test_shards_with_an_index_are_read_whole_or_not_at_all(diffusers, tmp_path):
    original = diffusers_model(diffusers, SMALL, tmp_path / "whole")
    original.save_pretrained(tmp_path / "shards", max_shard_size="300KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 2
    expected = vqcore.load(tmp_path / "whole").encode(PICTURES)
    assert torch.equal(vqcore.load(tmp_path / "shards").encode(PICTURES)[0], expected[0])
    next((tmp_path / "shards").glob("*-00002-of-*")).unlink()
    with pytest.raises(ValueError, match=r"of \d+ shards of weights"):
        vqcore.load(tmp_path / "shards")


def test_attention_layers_of_old_diffusers_are_read(diffusers, tmp_path):
    diffusers_model(diffusers, SMALL, tmp_path)
    expected = vqcore.load(tmp_path).reconstruct(PICTURES)
    file = tmp_path / "diffusion_pytorch_model.safetensors"
    tensors = vqcore.files.read_tensors(file)
    for new, old in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
        tensors = {name.replace(f".{new}.", f".{old}."): tensor for name, tensor in tensors.items()}
    assert any(".query." in name for name in tensors)
    save_file(tensors, file)
    assert torch.equal(vqcore.load(tmp_path).reconstruct(PICTURES), expected)


@pytest.fixture(scope="module")
def taming():
    """taming-transformers' own networks and quantizer, put together as its VQModel does (which needs pytorch-lightning)."""
    reason = "This test needs pip install --no-deps taming-transformers-rom1504 einops."
    networks = pytest.importorskip("taming.modules.diffusionmodules.model", reason=reason)
    quantize = pytest.importorskip("taming.modules.vqvae.quantize", reason=reason)

    def build(quantizer, width):
        original = torch.nn.Module()
        original.encoder, original.decoder = networks.Encoder(**IMAGENET), networks.Decoder(**IMAGENET)
        original.quant_conv = torch.nn.Conv2d(IMAGENET["z_channels"], width, 1)
        original.post_quant_conv = torch.nn.Conv2d(width, IMAGENET["z_channels"], 1)
        original.quantize = quantizer
        return shuffled(original)

    build.VectorQuantizer, build.GumbelQuantize = quantize.VectorQuantizer2, quantize.GumbelQuantize
    return build


def taming_config(**params):
    return {"model": {"target": params.pop("target", "taming.models.vqgan.VQModel"), "params": {"ddconfig": IMAGENET} | params}}


@torch.no_grad()
def test_a_taming_checkpoint_converted_by_the_documented_line_gives_its_tokens_and_pixels(taming, tmp_path, monkeypatch):
    original = taming(taming.VectorQuantizer(1024, 64, beta=0.25, sane_index_shape=True), 64)
    z_e = original.quant_conv(original.encoder(PICTURES))
    spread(original.quantize.embedding, z_e)
    state = original.state_dict() | {"loss.discriminator.weight": torch.zeros(3)}
    lightning = ModuleType("pytorch_lightning.callbacks.model_checkpoint")
    lightning.ModelCheckpoint = type("ModelCheckpoint", (), {"__module__": lightning.__name__})
    with monkeypatch.context() as here:
        for name in ("pytorch_lightning", "pytorch_lightning.callbacks", lightning.__name__):
            here.setitem(sys.modules, name, lightning)
        torch.save({"state_dict": state, "epoch": 3, "callbacks": {lightning.ModelCheckpoint: {}}}, tmp_path / "last.ckpt")
    (tmp_path / "model.yaml").write_text(json.dumps(taming_config(n_embed=1024, embed_dim=64)))  # JSON is YAML
    assert convert(tmp_path, "converted").returncode == 0
    model = vqcore.load(tmp_path / "converted")
    agrees(
        model, z_e, lambda z: original.quantize(z)[2][2],
        lambda tokens: original.decoder(original.post_quant_conv(original.quantize.get_codebook_entry(tokens.flatten(), (2, 4, 6, 64)))),
    )
    assert model.levels[0].downsampling == 16


@torch.no_grad()
def test_a_gumbel_vqgan_gives_the_likeliest_tokens_and_the_pixels_of_the_original(taming, tmp_path):
    width = IMAGENET["z_channels"]
    original = taming(taming.GumbelQuantize(width, width, 100), width)
    z_e = original.quant_conv(original.encoder(PICTURES))
    original.quantize.proj.weight.data.copy_(torch.randn(100, width)[..., None, None])
    original.quantize.proj.bias.data.copy_(-original.quantize.proj(z_e).mean((0, 2, 3)))  # so that many codes are used
    save_file(original.state_dict(), tmp_path / "model.safetensors")
    config = taming_config(target="taming.models.vqgan.GumbelVQ", n_embed=100, embed_dim=width, kl_weight=1e-8)
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = vqcore.load(tmp_path)
    agrees(
        model, z_e, lambda z: original.quantize(z, return_logits=True)[3].argmax(1),
        lambda tokens: original.decoder(original.post_quant_conv(original.quantize.get_codebook_entry(tokens.flatten(), (2, 4, 6, width)))),
    )
    assert torch.equal(model.levels[0].codebook, original.quantize.embed.weight)
    with pytest.raises(ValueError, match="A layer of its own chooses"):
        model.latents(PICTURES)


def test_the_documented_line_runs_nothing_that_a_checkpoint_brings(tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "it ran"),))

    torch.save({"state_dict": {}, "callbacks": Trap()}, tmp_path / "last.ckpt")
    (tmp_path / "model.yaml").write_text("{}")
    done = convert(tmp_path, "converted")
    assert done.returncode != 0 and "weights_only" in done.stderr
    assert not (tmp_path / "it ran").exists() and not (tmp_path / "converted").exists()


def convert(folder, out):
    """Runs the command that vqcore.tokenizers.foreign documents, in a folder with last.ckpt and model.yaml."""
    line = re.search(r"^    (python -c .* FOLDER)$", foreign.__doc__, re.M | re.S)[1]
    names = (str(folder / name) for name in ("last.ckpt", "model.yaml", out))
    return subprocess.run([sys.executable, *shlex.split(line)[1:-3], *names], capture_output=True, text=True)


@pytest.mark.parametrize("levels, width, how", [
    ([8, 5, 5, 5], 4, {}), ([7, 4, 3], 16, {}), ([8, 5, 5, 2], 4, {"preserve_symmetry": True}), ([7, 4, 6], 16, {"bound_hard_clamp": True}),
    ([6, 4, 3], 3, {"preserve_symmetry": True, "bound_hard_clamp": True}),
], ids=["square", "projected", "symmetric", "clamped", "both"])
@torch.no_grad()
def test_an_fsq_model_gives_the_tokens_and_pixels_of_the_original(taming, tmp_path, levels, width, how):
    fsq = pytest.importorskip("vector_quantize_pytorch", reason="This test needs pip install -r tests/requirements.txt.").FSQ
    original = taming(fsq(levels=levels, dim=width, channel_first=True, **how), width)
    with torch.no_grad():
        original.quant_conv.weight.mul_(4)  # so that many codes are used
    save_file(original.state_dict(), tmp_path / "model.safetensors")
    config = taming_config(target="any.FSQModel", fsq_levels=levels, embed_dim=width, **how)
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = vqcore.load(tmp_path)
    z_e = original.quant_conv(original.encoder(PICTURES))
    agrees(
        model, z_e, lambda z: original.quantize(z)[1],
        lambda tokens: original.decoder(original.post_quant_conv(original.quantize.indices_to_codes(tokens))),
    )
    level = model.levels[0]
    assert torch.equal(level.codebook, original.quantize.implicit_codebook)
    assert level.codebook_size == torch.tensor(levels).prod() and level.code_dim == len(levels)


def test_a_region_is_cut_from_the_whole_and_the_halo_says_so(diffusers, tmp_path):
    diffusers_model(diffusers, SMALL, tmp_path)
    model = vqcore.load(tmp_path)
    tokens = model.encode(PICTURES)
    whole = model.decode(tokens)
    assert model.halo is None
    assert torch.equal(model.decode_region(tokens, (slice(3, 5), slice(7, 40))), whole[:, :, 6:10, 14:80])
    tokens[0][:, 0, 0] = (tokens[0][:, 0, 0] + 1) % 50
    assert ((model.decode(tokens) - whole)[:, :, -8:, -8:] != 0).any()  # the far corner changes too


def test_sizes_that_f_does_not_divide_are_padded_and_cropped(diffusers, tmp_path):
    diffusers_model(diffusers, SMALL, tmp_path)
    model = vqcore.load(tmp_path)
    assert model.encode(PICTURES[:, :, :33, :51])[0].shape == (2, 17, 26)
    assert model.reconstruct(PICTURES[:, :, :33, :51]).shape == (2, 3, 33, 51)
    assert model.encode(PICTURES[:0])[0].shape == (0, 32, 48) and model.decode(model.encode(PICTURES[:0])).shape == (0, 3, 64, 96)


@pytest.mark.parametrize("change, words", [
    ({"_class_name": "AutoencoderKL"}, "AutoencoderKL, a continuous autoencoder"),
    ({"_class_name": "VQModel", "norm_type": "spatial"}, "norm_type"),
    ({"_class_name": "VQModel", "down_block_types": ["DownBlock2D", "DownBlock2D"]}, "DownBlock2D"),
    ({"_class_name": "VQModel", "block_out_channels": [32, 10**9]}, "4096"),
    ({"_class_name": "VQModel", "block_out_channels": "ab"}, "whole numbers"),
    ({"_class_name": "VQModel", "num_vq_embeddings": 10**12}, "num_vq_embeddings"),
    ({"_class_name": "VQModel", "num_vq_embeddings": 49}, "quantizer.embedding.weight is"),
    ({"_class_name": "VQModel", "layers_per_block": 2}, "missing"),
    ({"model": {"target": "vqvae.RQVAE"}}, "RQ-VAE"),
    (taming_config(target="taming.models.vqgan.GumbelVQ", n_embed=50, embed_dim=8), "embed_dim is 8, and has to be its z_channels, 64"),
    ({"model": {"target": "a.VQModel", "params": {}}}, "ddconfig"),
    ({"model": 3}, "can't be opened"),
    ({"something": "else"}, "not written by"),
])
def test_what_can_not_be_opened_says_why(diffusers, tmp_path, change, words):
    diffusers_model(diffusers, SMALL, tmp_path)
    config = {**(SMALL if "_class_name" in change else {}), **change}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=words):
        vqcore.load(tmp_path)


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.bin", "last.ckpt"])
def test_a_pickle_is_never_opened(tmp_path, name):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle ran",))

    (tmp_path / "config.json").write_text(json.dumps(SMALL | {"_class_name": "VQModel"}))
    torch.save(Trap(), tmp_path / name)
    with pytest.raises(ValueError, match=f"{name}, a pickle"):
        vqcore.load(tmp_path)
    (tmp_path / name).rename(tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        vqcore.load(tmp_path)
