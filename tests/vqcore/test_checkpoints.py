import json
import pickle
import shutil
import zipfile

import pytest
import torch

import vqcore
from vqcore.priors.stored import save_prior
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.appearance import read_appearance
from vqcore.tokenizers.base import decoder_fingerprint
from vqcore.tokenizers.stored import save_tokenizer


@pytest.fixture
def copy(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "copy", ignore=shutil.ignore_patterns("run"))


def test_what_is_saved_comes_back(tiny_folder, tmp_path):
    first = vqcore.load(tiny_folder)
    second = vqcore.load(save_tokenizer(first, tmp_path / "again"))
    x = torch.rand(1, 3, 40, 64) * 2 - 1
    assert torch.equal(first.encode(x)[0], second.encode(x)[0])
    assert torch.equal(first.reconstruct(x), second.reconstruct(x))
    assert torch.equal(first.levels[0].usage, second.levels[0].usage) and first.levels[0].usage.sum() > 0
    assert (first.levels[0].appearance == second.levels[0].appearance).all()
    assert first.levels[0].appearance.shape == (64, 8, 8, 3)


def test_a_loaded_model_is_frozen(tiny_folder):
    tokenizer = vqcore.load(str(tiny_folder))
    assert not tokenizer.training and not any(p.requires_grad for p in tokenizer.parameters())
    assert tokenizer.levels[0].codebook.dtype == torch.float32


def test_appearance_is_what_a_code_decodes_to_among_its_like(tiny_folder):
    tokenizer = vqcore.load(tiny_folder)
    pixels = vqcore.tokenizers.pixels.to_pixels(tokenizer.decode([torch.full((1, 9, 9), 5)]))
    assert (pixels[0, 32:40, 32:40] == tokenizer.levels[0].appearance[5]).all()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="no checkpoint 'nothing'.*there are"):
        vqcore.load("nothing")


def test_a_folder_that_cannot_be_read_is_left_out_of_the_lists(tiny_folder, tiny_prior, tmp_path, monkeypatch):
    monkeypatch.setattr("vqcore.checkpoints.FOLDER", tmp_path)
    for folder, name in ((tiny_folder, "a"), (tiny_prior, "b")):
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("run"))
        shutil.copytree(folder, tmp_path / f"broken-{name}", ignore=shutil.ignore_patterns("run"))
        (tmp_path / f"broken-{name}" / "config.json").write_text("{")
    assert vqcore.list_checkpoints() == ["a"] and vqcore.list_priors() == ["b"]


@pytest.mark.parametrize("network, layout", [
    ({"width": 1 << 20}, {}), ({"layers": 1 << 30}, {}), ({}, {"text_length": 1 << 40}), ({}, {"text": "words"}),
    ({}, {"grids": [{"codebook_size": 1 << 40, "shape": [8, 8]}]}), ({}, {"grids": [{"codebook_size": 64, "shape": [1 << 20, 1 << 20]}]}),
])
def test_a_prior_of_other_sizes_than_its_weights_takes_no_memory(network, layout, tiny_prior, tmp_path):
    folder = shutil.copytree(tiny_prior, tmp_path / "copy", ignore=shutil.ignore_patterns("run"))
    config = json.loads((folder / "config.json").read_text())
    config["network"] |= network
    config["layout"] |= layout
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="doesn't describe a prior"):
        vqcore.load_prior(folder)


def spoil_weights(folder, data):
    (folder / "model.safetensors").write_bytes(data)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


@pytest.mark.parametrize("spoil, words", [
    (lambda f: spoil_weights(f, (f / "model.safetensors").read_bytes()[:-100]), "truncated"),
    (lambda f: spoil_weights(f, b""), "safetensors"),
    (lambda f: spoil_weights(f, b"\xff" * 64), "safetensors"),
    (lambda f: spoil_weights(f, pickle.dumps(Bomb())), "pickles"),
    (lambda f: (f / "model.safetensors").unlink(), "missing"),
    (lambda f: (f / "config.json").write_text("{"), "JSON"),
    (lambda f: (f / "config.json").write_text("[]"), "not written by"),
    (lambda f: (f / "config.json").write_text(json.dumps({"kind": "cat", "version": 1})), "cat"),
    (lambda f: (f / "config.json").write_text(json.dumps({"kind": "vqvae", "version": 1})), "describe"),
    (lambda f: edit_config(f, "network", {"surprise": 1}), "surprise"),
    (lambda f: edit_config(f, "network", {"coarse_width": 48}), "don't fit"),
    (lambda f: edit_config(f, "quantizer", {"codebook_size": 65}), "don't fit"),
])
def test_a_broken_or_foreign_folder_is_explained(copy, spoil, words):
    spoil(copy)
    with pytest.raises(ValueError, match=words):
        vqcore.load(copy)


def edit_config(folder, part, change):
    config = json.loads((folder / "config.json").read_text())
    config[part] |= change
    (folder / "config.json").write_text(json.dumps(config))


def test_a_torch_pickle_named_safetensors_is_refused(copy):
    with zipfile.ZipFile(copy / "model.safetensors", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="pickles"):
        vqcore.load(copy)


def test_a_save_that_fails_leaves_the_old_file_whole(copy, monkeypatch):
    before = (copy / "model.safetensors").read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError):
        save_tokenizer(vqcore.load(copy), copy)
    assert (copy / "model.safetensors").read_bytes() == before


def test_a_prior_meets_another_decoder_only_with_a_message_and_a_better_encoder_without(copy, tiny_prior, tmp_path):
    tokenizer = vqcore.load(copy)
    prior = vqcore.load_prior(tiny_prior)
    prior.tokenizer, prior.decoder = str(copy), decoder_fingerprint(tokenizer).hex()
    folder = save_prior(prior, tmp_path / "prior")
    assert vqcore.load_tokenizer_of(vqcore.load_prior(folder)).name == tokenizer.name
    with torch.no_grad():
        tokenizer.encoder.read.weight += 1
    save_tokenizer(tokenizer, copy)
    assert vqcore.load_tokenizer_of(vqcore.load_prior(folder)).name == tokenizer.name
    for tensor in (tokenizer.decoder.write.weight, tokenizer.quantizer.codebook):
        with torch.no_grad():
            tensor += 1
        save_tokenizer(tokenizer, copy)
        with pytest.raises(ValueError, match="codebook or decoder has changed"):
            vqcore.load_tokenizer_of(vqcore.load_prior(folder))
        with torch.no_grad():
            tensor -= 1


@pytest.mark.parametrize("name", vqcore.list_priors())
def test_the_priors_here_go_with_the_tokenizers_here(name):
    prior = vqcore.load_prior(name)
    assert prior.decoder and vqcore.load_tokenizer_of(prior).name == prior.tokenizer


def test_a_tokenizer_of_before_there_were_other_quantizers_is_read(copy):
    config = json.loads((copy / "config.json").read_text())
    table = config["quantizer"]
    assert table.pop("kind") == "vq" and table["codebook_size"] == 64
    (copy / "config.json").write_text(json.dumps(config))
    assert torch.equal(vqcore.load(copy).quantizer.codebook, vqcore.load(copy).levels[0].codebook)
    assert vqcore.load(copy).config.quantizer == VQConfig(64)


HOSTILE = ["A", [4_000_000_000], 1 << 70, -1, None, {}, "\ud800\n" * 100_000, [2] * 100_000]


def places_in(config, path=()):
    """The way to each value in a config, however deep."""
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places_in(value, (*path, key))


@pytest.mark.parametrize("kind", ["tokenizer", "prior"])
def test_a_config_with_anything_in_any_place_is_read_or_refused_in_a_few_words(kind, tiny_folder, tiny_text_prior, tmp_path):
    source = {"tokenizer": tiny_folder, "prior": tiny_text_prior}[kind]
    folder = shutil.copytree(source, tmp_path / "copy", ignore=shutil.ignore_patterns("run", "codes*.png"))
    load, whole = vqcore.load_prior if "layout" in (config := json.loads((folder / "config.json").read_text())) else vqcore.load, config
    for path in places_in(whole):
        for value in HOSTILE:
            config = json.loads(json.dumps(whole))
            place = config
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            (folder / "config.json").write_text(json.dumps(config))
            try:
                load(folder)
            except ValueError as problem:
                assert len(str(problem)) < 600 and str(problem).replace("\n", "").isprintable(), path


def test_a_header_of_millions_of_entries_is_refused_before_it_is_read(copy):
    header = b"{" + b",".join(b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % i for i in range(40_000)) + b"}"
    spoil_weights(copy, len(header).to_bytes(8, "little") + header)
    with pytest.raises(ValueError, match="its header would have"):
        vqcore.load(copy)


def test_a_program_in_the_place_of_a_picture_of_the_codes_is_no_picture(tiny_folder, tmp_path):
    (tmp_path / "codes.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n{ } loop\nshowpage\n")
    with pytest.raises(ValueError, match="codes.png is not a picture that can be read"):
        read_appearance(tmp_path / "codes.png", vqcore.load(tiny_folder).levels[0])
