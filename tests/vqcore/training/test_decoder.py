"""A second decoder: the same tokens, other pixels, from weights that are the decoder's alone."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from tests.tiny import draw_picture, one_thread, picture_folder
from vqcore.files import CONFIG, WEIGHTS, read_tensors
from vqcore.metrics import laplacian_energy
from vqcore.tokenizers.base import decoder_fingerprint
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.second_decoder import second_decoder
from vqcore.train import main as train
from vqcore.training.adversarial import decoder
from vqcore.training.adversarial.decoder import repeated
from vqcore.training.adversarial.discriminator import Discriminator, DiscriminatorConfig, hinge, matching
from vqcore.training.budget import Budget
from vqcore.training.presets import DECODER_PRESETS


def rough_picture(seed: int) -> np.ndarray:
    """A drawn picture with a texture that no token has room for."""
    noise = np.random.default_rng(seed).normal(0, 28, (128, 160, 1))
    return (draw_picture(seed) + noise).clip(0, 255).astype(np.uint8)


def arguments(tokenizer, data, out, steps):
    places = ["--tokenizer", str(tokenizer), "--data", str(data), "--out", str(out)]
    return ["decoder", "--preset", "tiny-sharp", *places, "--steps", str(steps)]


@pytest.fixture(scope="module")
def sharp(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sharp")
    data = folder / "pictures"
    data.mkdir()
    for seed in range(16):
        Image.fromarray(rough_picture(seed)).save(data / f"{seed}.png")
    with one_thread():
        assert train(arguments(tiny_folder, data, folder / "sharp", 80)) == 0
    return folder / "sharp"


def test_it_decodes_the_same_tokens_to_something_sharper(sharp, tiny_folder):
    first, second = vqcore.load(tiny_folder), vqcore.load(sharp)
    unseen = [rough_picture(seed) for seed in range(1000, 1006)]
    energies = [[laplacian_energy(to_pixels(t.reconstruct(to_tensor(p)))[0]) for p in unseen] for t in (first, second)]
    assert np.mean(energies[1]) > 1.5 * np.mean(energies[0])
    for picture in unseen[:2]:
        assert all(torch.equal(a, b) for a, b in zip(first.encode(to_tensor(picture)), second.encode(to_tensor(picture))))
    assert second.tokens_of == first.name and decoder_fingerprint(second) != decoder_fingerprint(first)


def test_a_region_has_the_bits_of_the_whole(sharp):
    tokenizer = vqcore.load(sharp)
    tokens = tokenizer.encode(to_tensor(rough_picture(7)))
    region, f = (slice(3, 9), slice(5, 6)), tokenizer.levels[-1].downsampling
    whole = tokenizer.decode(tokens)[..., 3 * f : 9 * f, 5 * f : 6 * f]
    assert torch.equal(tokenizer.decode_region(tokens, region), whole)


def test_only_the_decoder_is_stored(sharp, tiny_folder):
    own, whole = read_tensors(sharp / WEIGHTS), read_tensors(tiny_folder / WEIGHTS)
    assert own.keys() == {name.removeprefix("decoder.") for name in whole if name.startswith("decoder.")}
    assert json.loads((sharp / CONFIG).read_text("utf-8"))["tokenizer"] == str(tiny_folder)
    assert [look.shape for look in vqcore.load(sharp).appearances] == [look.shape for look in vqcore.load(tiny_folder).appearances]


def test_the_same_command_with_more_steps_goes_on(sharp, tiny_folder, tmp_path):
    data = picture_folder(tmp_path / "pictures", 12)
    with one_thread():
        for steps in (3, 5):
            assert train(arguments(tiny_folder, data, tmp_path / "out", steps)) == 0
    rows = [json.loads(line)["steps"] for line in (tmp_path / "out" / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert max(rows) == 5 and rows == sorted(rows)


def test_tokens_of_another_codebook_are_refused(sharp, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    config = json.loads((sharp / CONFIG).read_text("utf-8"))
    (other / CONFIG).write_text(json.dumps(config | {"codebook": "0" * 16}), "utf-8")
    (other / WEIGHTS).write_bytes((sharp / WEIGHTS).read_bytes())
    with pytest.raises(ValueError, match="another"):
        vqcore.load(other)


def test_a_second_decoder_has_no_tokens_of_its_own_to_decode(sharp, tmp_path):
    with pytest.raises(ValueError, match="itself a second decoder"):
        second_decoder(vqcore.load(sharp), "third")
    round_and_round = tmp_path / "round"
    round_and_round.mkdir()
    config = json.loads((sharp / CONFIG).read_text("utf-8"))
    (round_and_round / WEIGHTS).write_bytes((sharp / WEIGHTS).read_bytes())
    for home in (str(round_and_round), str(sharp), None):
        (round_and_round / CONFIG).write_text(json.dumps(config | {"tokenizer": home}), "utf-8")
        with pytest.raises(ValueError):
            vqcore.load(round_and_round)


def test_mirrored_crops_are_had_or_not_as_the_recipe_says(tiny_folder, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(decoder, "decoder_job", lambda model, recipe, pictures, home, out: seen.append(pictures.recipe.mirrored))
    monkeypatch.setattr(decoder, "train", lambda *_: None)
    monkeypatch.setattr(decoder, "load", lambda name: vqcore.load(tiny_folder))
    monkeypatch.setattr(decoder, "save_second_decoder", lambda *_: None)
    data = picture_folder(tmp_path / "pictures", 12)
    for mirrored in (True, False):
        recipe = replace(DECODER_PRESETS["tiny-sharp"], mirrored=mirrored)
        decoder.train_decoder(recipe, str(tiny_folder), [data], tmp_path / "out", Budget(steps=1))
    assert seen == [True, False]


def test_a_decoder_needs_a_tokenizer(tmp_path, capsys):
    data = picture_folder(tmp_path / "pictures", 12)
    assert train(["decoder", "--preset", "tiny-sharp", "--data", str(data), "--out", str(tmp_path / "out"), "--steps", "1"]) == 2
    assert "--tokenizer" in capsys.readouterr().err


def test_what_repeats_from_token_to_token_is_told_from_texture():
    torch.manual_seed(0)
    texture = torch.randn(2, 1, 64, 64)
    grid = torch.zeros(2, 1, 64, 64)
    grid[..., ::8, :] = 1
    assert repeated(grid, 8) == pytest.approx(7 / 64)
    assert repeated(texture, 8) < 0.1 and repeated(torch.ones(1, 1, 64, 64), 8) == 0


def test_the_discriminator_minimises_the_hinge_and_sees_two_equal_pictures_as_equal():
    torch.manual_seed(0)
    assert hinge(torch.full((4,), 2.0), torch.full((4,), -2.0)) == 0
    assert hinge(torch.zeros(4), torch.zeros(4)) == 2
    discriminator = Discriminator(DiscriminatorConfig(8, 2))
    x = torch.randn(2, 1, 32, 32)
    seen = discriminator(x)[1]
    assert matching(seen, seen) == 0 and matching(seen, discriminator(-x)[1]) > 0
