"""A second decoder: the same tokens, other pixels, from weights that are the decoder's alone."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from tests.tiny import draw_picture, one_thread, picture_folder
from vqcore.evaluation.measure import measure
from vqcore.files import CONFIG, WEIGHTS, read_tensors
from vqcore.metrics import laplacian_energy
from vqcore.tokenizers.base import decoder_fingerprint
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.second_decoder import second_decoder
from vqcore.train import main as train
from vqcore.training.adversarial import decoder
from vqcore.training.adversarial.discriminator import Discriminator, DiscriminatorConfig
from vqcore.training.adversarial.losses import balanced, detail_gap, hinge, shifted, visible_error
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


def test_it_is_measured_beside_its_tokenizers_own(sharp, tiny_folder, tmp_path):
    for seed, height in ((1, 72), (2, 64)):
        Image.fromarray(rough_picture(seed)[:height, :80]).save(tmp_path / f"{seed}.png")
    report = measure(str(sharp), tmp_path)
    assert report.value("sharpness") > 1.5 * measure(str(tiny_folder), tmp_path).value("sharpness")
    shown, pictures = report.pictures["decoders.webp"], [rough_picture(1)[4:68, 8:72], rough_picture(2)[:64, 8:72]]
    assert shown.shape == (66, 6 * 66, 3)
    for start in (0, 3 * 66):
        original, own, second = (shown[:64, x : x + 64].astype(int) for x in (start, start + 66, start + 132))
        assert any((original == picture).all() for picture in pictures)
        assert np.abs(own - second).mean() > 1 and np.abs(own - original).mean() < 40
    assert measure(str(tiny_folder), tmp_path).pictures == {}


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


def test_the_discriminator_minimises_the_hinge():
    assert hinge(torch.full((4,), 2.0), torch.full((4,), -2.0)) == 0
    assert hinge(torch.zeros(4), torch.zeros(4)) == 2


def test_a_discriminator_tells_textures_of_a_few_grey_levels_apart():
    torch.manual_seed(0)
    discriminator = Discriminator(DiscriminatorConfig(8, 2))
    optimizer = torch.optim.Adam(discriminator.parameters(), 4e-3)
    calm = torch.zeros(1, 1, 32, 32)
    striped = calm.clone()
    striped[..., ::2] = 0.06
    for _ in range(80):
        optimizer.zero_grad()
        hinge(discriminator(striped), discriminator(calm)).backward()
        optimizer.step()
    assert discriminator(striped).mean() - discriminator(calm).mean() > 3


def test_each_part_pulls_at_the_picture_as_hard_as_it_is_to():
    torch.manual_seed(0)
    x_tilde, a, b = torch.randn(2, 3, 8, 8, requires_grad=True), torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8)
    error = (x_tilde * a).sum()
    assert torch.equal(balanced(x_tilde, error, ()), a)
    for scale in (1e-6, 1.0, 1e6):
        added = balanced(x_tilde, error, (((x_tilde * b).sum() * scale, 0.3),)) - a
        torch.testing.assert_close(added, 0.3 * a.norm() / b.norm() * b)


def test_an_error_counts_more_on_calm_ground():
    torch.manual_seed(0)
    x = torch.zeros(1, 3, 64, 64)
    x[..., :32] = torch.randn(1, 1, 64, 32)
    calm, rough = x.clone(), x.clone()
    calm[..., 40:56] += 0.1
    rough[..., 8:24] += 0.1
    grey = x[:, :1]
    assert visible_error(x, calm, grey) > 1.3 * visible_error(x, rough, grey) > 0
    assert visible_error(x, x, grey) == 0


def test_detail_is_counted_whatever_it_shows():
    torch.manual_seed(0)
    grass, other, blurred = torch.randn(2, 1, 64, 64), torch.randn(2, 1, 64, 64), torch.zeros(2, 1, 64, 64)
    assert detail_gap(grass, grass) == 0
    assert detail_gap(grass, other) < 0.2 < 0.8 < detail_gap(grass, blurred)
    faint = 0.005 * grass  # a camera's grain, which need not be made up
    assert detail_gap(blurred + faint, blurred) < 0.1


def test_what_is_judged_together_is_cut_alike_and_not_always_at_the_same_place():
    torch.manual_seed(0)
    x = torch.arange(32 * 32.0).view(1, 1, 32, 32)
    starts = set()
    for _ in range(200):
        first, second = shifted((x, -x), 8)
        assert first.shape == (1, 1, 24, 24) and torch.equal(first, -second)
        starts.add(first[0, 0, 0, 0].item())
    assert len(starts) > 40 and all(start % 32 < 8 and start // 32 < 8 for start in starts)
