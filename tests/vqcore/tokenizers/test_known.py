"""Other people's models by name, and folders as people have them: told from config.json alone, opened or refused in plain words."""

import copy
import json

import pytest
import torch
from safetensors.torch import save_file

import vqcore
from tests.vqgan import CONFIG, small_vqgan_folder
from vqcore.files import read_tensors
from vqcore.tokenizers.foreign.known import TABLE, recognised

PICTURE = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(1)) * 2 - 1
CONFIGS = {
    "Open-MAGVIT2": {"model": {"class_path": "src.Open_MAGVIT2.models.lfqgan.VQModel", "init_args": {}}},
    "IBQ": {"model": {"class_path": "src.IBQ.models.ibqgan.IBQ", "init_args": {}}},
    "Chameleon": {"model_type": "chameleon", "architectures": ["ChameleonForConditionalGeneration"]},
    "Emu3": {"model_type": "Emu3VisionVQ", "architectures": ["Emu3VisionVQModel"], "ch": 256, "codebook_size": 32768, "embed_dim": 4},
    "Emu3, whose": {"model_type": "Emu3", "architectures": ["Emu3ForCausalLM"]},
    "TiTok": {"model": {"vq_model": {"codebook_size": 4096, "token_size": 12, "num_latent_tokens": 32}}, "dataset": {}},
    "MaskGIT": {"_class_name": "MaskGitVQGAN", "num_embeddings": 1024},
    "MoVQ": {"_class_name": "MOVQ"},
    "open-muse": {"_class_name": "VQGANModel", "num_embeddings": 8192},
    "norm_type is 'spatial': it is a MoVQ": {"_class_name": "VQModel", "norm_type": "spatial"},
    "Cosmos": {"architectures": ["CosmosTokenizer"]},
    "BSQ": {"model": {"target": "transcoder.models.bsqvit.VITBSQModel", "params": {}}},
    "dVAE": {"_target_": "dalle_pytorch.OpenAIDiscreteVAE"},
    "Flax": {"ch": 128, "ch_mult": [1, 1, 2, 2, 4], "n_embed": 16384, "embed_dim": 256, "z_channels": 256},
    "VQ-Diffusion": {"_class_name": "VQDiffusionPipeline"},
    "DAC in Descript's own layout": {"architectures": ["DAC"]},
    "WavTokenizer": {"model": {"class_path": "decoder.experiment.VocosEncodecExp", "init_args": {}}},
    "WavTokenizer, a codec": {"model_type": "wavtokenizer", "architectures": ["WavTokenizerModel"]},
    "SNAC": {"sampling_rate": 24000, "encoder_rates": [2, 4, 8, 8], "vq_strides": [4, 2, 1], "codebook_size": 4096},
    "AutoencoderKL": {"_class_name": "AutoencoderKL", "latent_channels": 4},
    "AutoencoderKL, a": {"model": {"target": "ldm.models.autoencoder.AutoencoderKL", "params": {}}},
    "continuous autoencoder of diffusers": {"_class_name": "AutoencoderTiny"},
    "pipeline": {"_class_name": "AmusedPipeline"},
    "language model of text": {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 768},
    "looks at pictures": {"model_type": "clip"},
    "part of a diffusion model": {"_class_name": "UNet2DConditionModel"},
    "isn't known here (model_type zebra)": {"model_type": "zebra"},
    "not written by this program": {"something": "else"},
}


def folder_of(config, folder):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("words, config", CONFIGS.items(), ids=CONFIGS)
def test_a_model_that_does_not_open_is_told_by_name_from_its_config_alone(words, config, tmp_path):
    with pytest.raises(ValueError) as told:
        vqcore.load(folder_of(config, tmp_path / "theirs"))
    message = str(told.value)
    assert words in message and "theirs" in message and str(tmp_path) not in message
    assert len(message) < 400 and "pickle" not in message.split("published")[0]


REASONS = {
    "Chameleon": ("language model of 7 billion", "model.vqmodel"), "Emu3": ("over time", "amused/amused-512/vqvae"),
    "TiTok": ("no grid", "LlamaGen's VQ-16"), "MaskGIT": ("no biases", "amused/amused-512/vqvae"),
    "Open-MAGVIT2": ("pickle (.ckpt)", "FSQ"), "IBQ": ("pickle (.ckpt)", "taming-transformers"),
    "WavTokenizer": ("pickle (.ckpt)", "facebook/encodec_24khz"), "SNAC": ("only EnCodec, Mimi and DAC", "kyutai/mimi"),
    "Cosmos": ("TorchScript (.jit)", "FSQ"), "BSQ": ("transformers", "VQGAN opens"),
}
"""By name: why it doesn't open, and what would help."""


@pytest.mark.parametrize("name", REASONS)
def test_of_the_tokenizers_that_people_have_each_that_does_not_open_says_why_and_what_would_help(name):
    row = recognised(CONFIGS[name], "theirs")
    why, helps = REASONS[name]
    assert row.layout is None and name in row.what and why in row.why and helps in row.helps
    assert row.refusal("theirs") == f"theirs is {row.what}. It doesn't open here: {row.why}. {row.helps}"


def test_every_row_of_the_table_says_why_or_opens():
    for row in TABLE:
        assert (row.layout is None and row.codec is None) == bool(row.why) and (row.calls or row.keys)
    assert recognised({"_class_name": "VQModel"}, "x").layout and recognised(CONFIG, "x").layout


def changed(path, value):
    """CONFIG with another value at a path; dropped where it is None."""
    config = copy.deepcopy(CONFIG)
    place = config["model"]["params"]
    *way, last = path.split(".")
    for key in way:
        place = place[key]
    place[last] = value
    return config


@pytest.mark.parametrize("path, value", [
    ("ddconfig.ch", "A"), ("ddconfig.ch", 1.5), ("ddconfig.ch", 10**9), ("ddconfig.ch", True), ("ddconfig.ch_mult", [4_000_000_000]),
    ("ddconfig.ch_mult", [1] * 10**6), ("ddconfig.ch_mult", "12"), ("ddconfig.num_res_blocks", -1), ("ddconfig.resolution", None),
    ("ddconfig.attn_resolutions", {"a": 1}), ("ddconfig", [1]), ("embed_dim", "\ud800" * 99), ("n_embed", 10**12),
    ("fsq_levels", [2] * 300_000), ("fsq_levels", ["8"]), ("ddconfig.double_z", "no"), ("ddconfig.attn_type", "\x1b[31m" * 999),
    ("ddconfig.in_channels", [[[[[]]]]]), ("ddconfig.tanh_out", True), ("ddconfig.attn_type", "linear"),
])
def test_types_and_counts_are_checked_before_anything_is_reckoned_with_them(path, value, tmp_path):
    with pytest.raises(ValueError, match=path.rpartition(".")[2]) as told:
        vqcore.load(folder_of(changed(path, value), tmp_path / "theirs"))
    assert len(str(told.value)) < 300 and str(told.value).isprintable()


def test_text_times_a_number_is_refused_shortly(tmp_path):
    config = changed("ddconfig.ch", "A")
    config["model"]["params"]["ddconfig"]["ch_mult"] = [100_000_000]
    with pytest.raises(ValueError, match="its ch is A, and has to be a whole number from 1 to 4096") as told:
        vqcore.load(folder_of(config, tmp_path / "theirs"))
    assert len(str(told.value)) < 300


@pytest.mark.parametrize("option", [
    {"num_codebooks": 2}, {"scale": 2.0}, {"orthogonal_rotation": True}, {"preserve_symmetry": "yes"}, {"bound_hard_clamp": 1},
])
def test_what_would_change_an_fsq_models_tokens_is_known_or_refused(option, tmp_path):
    config = changed("fsq_levels", [8, 5, 5, 5])
    config["model"]["params"].update(option)
    with pytest.raises(ValueError, match="FSQ|preserve_symmetry|bound_hard_clamp"):
        vqcore.load(folder_of(config, tmp_path / "theirs"))


@pytest.fixture
def theirs(tmp_path):
    return small_vqgan_folder(tmp_path / "theirs")


@pytest.mark.parametrize("file", [
    "model.fp16.safetensors", "diffusion_pytorch_model.fp16.safetensors", "model.bf16.safetensors", "model-00001-of-00001.safetensors",
])
def test_half_precision_alone_opens(theirs, file):
    expected = vqcore.load(theirs)
    tensors = {name: tensor.half() for name, tensor in read_tensors(theirs / "model.safetensors").items()}
    (theirs / "model.safetensors").unlink()
    save_file(tensors, theirs / file)
    model = vqcore.load(theirs)
    assert model.levels[0].codebook.dtype == torch.float32
    assert (model.levels[0].codebook - expected.levels[0].codebook).abs().max() < 1e-2
    tokens = [torch.arange(4).view(1, 2, 2)]
    assert (model.decode(tokens) - expected.decode(tokens)).abs().max() < 0.05


def test_full_precision_comes_before_half(theirs):
    expected = vqcore.load(theirs).encode(PICTURE)
    save_file({"nothing": torch.zeros(1)}, theirs / "model.fp16.safetensors")
    assert torch.equal(vqcore.load(theirs).encode(PICTURE)[0], expected[0])


def test_tensors_beside_the_networks_are_passed_over_with_a_word_and_none_within(theirs):
    expected = vqcore.load(theirs).encode(PICTURE)
    tensors = read_tensors(theirs / "model.safetensors")
    extra = {f"model_ema.encoder{i}": torch.zeros(2) for i in range(5)} | {"model_ema.decay": torch.zeros(()), "logvar": torch.zeros(1)}
    save_file(tensors | extra | {"loss.discriminator.weight": torch.zeros(1)}, theirs / "model.safetensors")
    model = vqcore.load(theirs)
    assert torch.equal(model.encode(PICTURE)[0], expected[0])
    assert model.notes == ("8 tensors that aren't its networks' were passed over: 6 × model_ema, 1 × logvar, 1 × loss.",)
    save_file(tensors | {"encoder.down.0.block.7.conv1.bias": torch.zeros(32)}, theirs / "model.safetensors")
    with pytest.raises(ValueError, match="encoder.down.0.block.7.conv1.bias is unknown"):
        vqcore.load(theirs)


def test_latent_diffusions_attn_type_none_has_no_attention_anywhere(tmp_path):
    config = changed("ddconfig.attn_type", "none")
    theirs = small_vqgan_folder(tmp_path / "theirs", config)
    assert not any("attn" in name for name in read_tensors(theirs / "model.safetensors"))
    model = vqcore.load(theirs)
    assert not model.config.middle_attention and model.encode(PICTURE)[0].shape == (1, 2, 3)


def test_a_pipelines_folder_names_the_tokenizer_in_it(tmp_path):
    small_vqgan_folder(tmp_path / "pipeline" / "vqvae")
    (tmp_path / "pipeline" / "model_index.json").write_text('{"_class_name": "AmusedPipeline"}')
    with pytest.raises(ValueError, match="pipeline/vqvae: open that one"):
        vqcore.load(tmp_path / "pipeline")


@pytest.mark.parametrize("given", [(1, 0), (0, 255), "01", [0, 1]])
def test_the_range_of_pixels_is_one_of_two_and_only_of_others_tokenizers(theirs, tiny_folder, given):
    with pytest.raises(ValueError, match="pixel_range is"):
        vqcore.load(theirs, pixel_range=given)
    with pytest.raises(ValueError, match="pixel_range is"):
        vqcore.load(tiny_folder, pixel_range=(0, 1))
