"""EnCodec, Mimi and DAC, shrunk: written by transformers with random weights, and read by our own loading code."""

import json
import shutil
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vqcore
from tests.codecs import CLIPS, SETTINGS, codec_folder
from vqcore.checkpoints import describe, sample_rate_of
from vqcore.data.sounds import Clips
from vqcore.formats import clips, shards, tokenfile
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.tokenizers.foreign import codecs
from vqcore.tokenizers.foreign.codec_configs import _dac_halo

LEVELS = {"Encodec": 8, "Mimi": 5, "Dac": 4}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Of each family its folder and the original."""
    pytest.importorskip("transformers", reason="These tests need pip install -r tests/requirements.txt.")
    folder = tmp_path_factory.mktemp("codecs")
    return {family: (folder / family, codec_folder(family, folder / family)) for family in SETTINGS}


@pytest.fixture(scope="module")
def opened(saved):
    return {family: vqcore.load(folder) for family, (folder, _) in saved.items()}


def their_tokens(original, family, samples):
    if family == "Encodec":
        return original.encode(samples, bandwidth=4.8).audio_codes[0]
    return original.encode(samples).audio_codes


def their_samples(original, family, tokens):
    if family == "Encodec":
        return original.decode(tokens[None], [None]).audio_values
    decoded = original.decode(audio_codes=tokens).audio_values
    return decoded if decoded.ndim == 3 else decoded[:, None]


@pytest.mark.parametrize("family", SETTINGS)
@torch.no_grad()
def test_tokens_and_samples_are_those_of_the_original(saved, opened, family):
    original, model = saved[family][1], opened[family]
    tokens = model.encode(CLIPS)
    assert torch.equal(torch.stack(tokens, 1), their_tokens(original, family, CLIPS))
    assert len(tokens) == LEVELS[family] and all(len(grid.unique()) > 20 and grid.shape == (2, 60) for grid in tokens)
    theirs = their_samples(original, family, torch.stack(tokens, 1))
    samples = model.decode(tokens)
    assert samples.shape == CLIPS.shape and (samples[..., : theirs.shape[-1]] - theirs.clamp(-1, 1)).abs().max() < 1e-4
    assert 0.1 < theirs.std() < 0.3 and not samples[..., theirs.shape[-1] :].any()
    assert model.reconstruct(CLIPS[..., :4001]).shape == (2, 1, 4001)


@pytest.mark.parametrize("family", SETTINGS)
def test_levels_are_as_many_as_the_model_has_and_one_rate(opened, family):
    model, count = opened[family], LEVELS[family]
    assert [level.name for level in model.levels] == [f"{i + 1} of {count}" for i in range(count)]
    assert {(level.codebook_size, level.downsampling, tuple(level.codebook.shape[:1])) for level in model.levels} == {(64, 80, (64,))}
    assert (model.spatial_dims, model.channels, model.sample_rate) == (1, 1, 8000)


@pytest.mark.parametrize("family", SETTINGS)
def test_what_a_config_tells_is_known_without_the_weights_and_without_transformers(saved, family, tmp_path, monkeypatch):
    shutil.copy(saved[family][0] / "config.json", tmp_path / "config.json")
    monkeypatch.setitem(sys.modules, "transformers", None)
    told = describe(tmp_path, "theirs")
    assert told.codes == (64,) * LEVELS[family] and told.downsampling == (80,) * LEVELS[family] and told.channels == 1
    assert sample_rate_of(tmp_path) == 8000


@pytest.mark.parametrize("family", SETTINGS)
@torch.no_grad()
def test_a_bandwidth_is_chosen_by_the_number_of_levels(saved, opened, family):
    fewer, whole = vqcore.load(saved[family][0], levels=2), opened[family]
    tokens = fewer.encode(CLIPS)
    assert len(tokens) == 2 == len(fewer.levels) and fewer.levels[1].name == "2 of 2"
    assert all(torch.equal(a, b) for a, b in zip(tokens, whole.encode(CLIPS)))
    theirs = their_samples(saved[family][1], family, torch.stack(tokens, 1)).clamp(-1, 1)
    assert (fewer.decode(tokens)[..., : theirs.shape[-1]] - theirs).abs().max() < 1e-4
    with pytest.raises(ValueError, match=f"has {LEVELS[family]} levels"):
        vqcore.load(saved[family][0], levels=9)


@pytest.mark.parametrize("family", SETTINGS)
def test_a_muted_level_is_what_the_sum_lacks(saved, opened, family):
    model, count = opened[family], LEVELS[family]
    tokens = model.encode(CLIPS)
    first = model.decode_levels(tokens, [0, 1])
    assert (first - vqcore.load(saved[family][0], levels=2).decode(tokens[:2])).abs().max() < 1e-5
    muted = model.decode_levels(tokens, [i for i in range(count) if i != 1])
    other = [grid.clone() for grid in tokens]
    other[1] = (other[1] + 7) % 64
    assert (model.decode_levels(other, [i for i in range(count) if i != 1]) - muted).abs().max() < 1e-4, "its tokens are not heard"
    assert (muted - model.decode(tokens)).abs().max() > 0.05
    assert (model.decode_levels(tokens, range(count)) - model.decode(tokens)).abs().max() < 1e-4
    assert model.decode_levels(tokens, []).shape == CLIPS.shape
    with pytest.raises(ValueError, match="Levels are counted from 0"):
        model.decode_levels(tokens, [count])


def test_a_token_of_dac_is_heard_within_its_halo_and_a_region_is_decoded_from_that(saved, monkeypatch):
    monkeypatch.setattr(codecs, "WINDOW", 100)  # so that a long clip takes several
    model = vqcore.load(saved["Dac"][0])
    tokens = [torch.randint(64, (1, 250), generator=torch.Generator().manual_seed(i)) for i in range(4)]
    whole, halo = model.decode(tokens), model.halo
    for region in (slice(0, 5), slice(100, 101), slice(60, 180), slice(240, 250)):
        part = model.decode_region(tokens, (region,))
        assert (part - whole[..., region.start * 80 : region.stop * 80]).abs().max() < 1e-4, region
    cut = [grid[:, 100 - halo : 104 + halo] for grid in tokens]
    assert (model.decode_region(cut, (slice(halo, halo + 4),)) - whole[..., 8000:8320]).abs().max() < 1e-4
    double = model.model.decoder.double()  # in which nothing but what is farther than the halo is the same
    vectors = torch.randn(1, model.model.config.hidden_size, 60, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    other = vectors.clone()
    other[..., 30] += 1
    moved = (double(other) != double(vectors)).flatten().nonzero()
    first, last = int(moved.min()) / 80 - 30, int(moved.max()) / 80 - 31
    assert halo - 1 < max(-first, last) <= halo


@pytest.mark.parametrize("family", ["Encodec", "Mimi"])
def test_a_token_that_is_heard_to_the_end_has_no_halo_and_a_region_is_cut_from_the_whole(opened, family):
    model = opened[family]
    tokens = model.encode(CLIPS)
    assert model.halo is None and "whole clip" in model.notes[0]
    assert torch.equal(model.decode_region(tokens, (slice(20, 30),)), model.decode(tokens)[..., 1600:2400])


def test_token_files_and_shards_and_priors_take_levels_at_one_rate(opened, tmp_path):
    model = opened["Mimi"]
    tokens = [grid[:1] for grid in model.encode(CLIPS)]
    again = tokenfile.read(tokenfile.write(tokens, (4800,), model), model)
    assert all(torch.equal(a, b) for a, b in zip(again.tokens, tokens)) and again.size == (4800,)
    takes = Clips([CLIPS[0, 0].numpy(), CLIPS[1, 0, :3000].numpy()], ["low", "high"])
    clips.tokenize_sounds(model, takes, tmp_path, 4800, 1)
    index = shards.read_index(tmp_path)
    assert [grid["shape"] for grid in index["grids"]] == [[60]] * 5
    stored = load_file(shards.shard_file(tmp_path, 0))
    assert all(np.array_equal(stored[f"level{i}"][0, 0], grid[0]) for i, grid in enumerate(tokens))
    layout = Layout(Words.of(["low", "high"]), 1, tuple(Grid(64, (60,)) for _ in range(5)))
    torch.manual_seed(0)
    prior = Transformer(layout, TransformerConfig(1, 16, 2), "theirs", ["low", "high"])
    (*drawn,) = prior.sample(1, "low", seed=0)
    assert [grid.shape for grid in drawn] == [(1, 60)] * 5 and model.decode(drawn).shape == (1, 1, 4800)
    assert prior.bits(drawn, "low")[4].shape == (1, 60)


def changed(saved, family, folder, **entries):
    shutil.copytree(saved[family][0], folder / "theirs", dirs_exist_ok=True)
    config = json.loads((folder / "theirs" / "config.json").read_text())
    (folder / "theirs" / "config.json").write_text(json.dumps(config | entries))
    return folder / "theirs"


@pytest.mark.parametrize("family, entries, words", [
    ("Encodec", {"audio_channels": 2}, "2 channels of sound, and one is what is coded here"),
    ("Encodec", {"chunk_length_s": 1.0, "overlap": 0.01}, "facebook/encodec_24khz"), ("Encodec", {"normalize": True}, "levels its input"),
    ("Encodec", {"target_bandwidths": [1e9]}, "target_bandwidths"), ("Encodec", {"target_bandwidths": [900.0]}, "1500 levels"),
    ("Encodec", {"num_filters": 10**9}, "num_filters"), ("Encodec", {"hidden_size": 4096, "codebook_dim": 4096}, "asks for"),
    ("Encodec", {"codebook_size": 63}, "power of 2"), ("Encodec", {"upsampling_ratios": [1, 2]}, "upsampling_ratios"),
    ("Encodec", {"upsampling_ratios": [2] * 20}, "upsampling_ratios"), ("Encodec", {"sampling_rate": "8000"}, "sampling_rate"),
    ("Encodec", {"dilation_growth_rate": 10**6}, "dilation_growth_rate"), ("Encodec", {"num_lstm_layers": 10**6}, "num_lstm_layers"),
    ("Encodec", {"pad_mode": "\x1b[31m" * 99}, "pad_mode"), ("Encodec", {"kernel_size": 5}, "don't fit its config.json"),
    ("Mimi", {"num_semantic_quantizers": 5}, "below its num_quantizers"), ("Mimi", {"num_hidden_layers": 10**5}, "num_hidden_layers"),
    ("Mimi", {"_frame_rate": 50.0}, "frame_rate"), ("Mimi", {"decoder_config": None}, "without its encoder or its decoder"),
    ("Mimi", {"rope_parameters": {"rope_type": "yarn"}}, "rope_parameters"), ("Mimi", {"hidden_act": "exec"}, "hidden_act"),
    ("Dac", {"n_codebooks": 10**6}, "n_codebooks"), ("Dac", {"decoder_hidden_size": 63}, "halved"),
    ("Dac", {"codebook_dim": 16}, "don't fit"),
    ("Dac", {"downsampling_ratios": [2, "5", 8]}, "downsampling_ratios"),
])
def test_what_can_not_be_opened_says_why_before_memory_is_taken(saved, tmp_path, family, entries, words):
    with pytest.raises(ValueError, match=words) as told:
        vqcore.load(changed(saved, family, tmp_path, **entries))
    assert len(str(told.value)) < 400 and str(told.value).isprintable()


def test_a_weight_that_is_missing_is_named(saved, tmp_path):
    folder = changed(saved, "Dac", tmp_path)
    tensors = load_file(folder / "model.safetensors")
    tensors["more"] = tensors.pop("decoder.conv1.bias")
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ValueError, match="decoder.conv1.bias is missing"):
        vqcore.load(folder)


def test_nothing_in_a_folder_but_its_config_and_its_safetensors_is_looked_at(saved, tmp_path, opened):
    folder = changed(saved, "Dac", tmp_path, auto_map={"AutoModel": "trap.Trap"}, quantization_config={"quant_method": "gptq"})
    (folder / "trap.py").write_text("raise SystemExit('ran')")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "somebody/else"}')
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    assert torch.equal(vqcore.load(folder).encode(CLIPS)[0], opened["Dac"].encode(CLIPS)[0])


def test_without_transformers_the_person_is_told_how_to_install_it(saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ValueError, match='pip install "transformers>=5,<6"'):
        vqcore.load(saved["Dac"][0])


@pytest.mark.parametrize("options, words", [
    ({"pixel_range": (0, 1)}, "no pixels"), ({"levels": True}, "levels is 1 to 4"), ({"levels": 0}, "levels is 1 to 4"),
])
def test_options_of_other_kinds_are_refused(saved, options, words):
    with pytest.raises(ValueError, match=words):
        vqcore.load(saved["Dac"][0], **options)


def test_levels_are_chosen_of_codecs_only(tiny_sound):
    with pytest.raises(ValueError, match="levels are for codecs of sound"):
        vqcore.load(tiny_sound[0], levels=1)
    model = vqcore.load(tiny_sound[0])
    with pytest.raises(ValueError, match="don't add up"):
        model.decode_levels([torch.zeros(1, 4, dtype=torch.int64)], [0])


def test_the_published_dac_reaches_a_tenth_of_a_second():
    assert [_dac_halo((8, 5, 4, 2)), _dac_halo((8, 8, 4, 2))] == [10, 10]
