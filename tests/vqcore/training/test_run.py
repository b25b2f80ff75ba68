import json
import math
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import vqcore
from tests.kills import kill_over_and_over
from tests.patience import wait_until
from tests.tiny import TWO_LEVELS, colours_folder, draw_picture, picture_folder
from vqcore.evaluate import main as evaluate
from vqcore.evaluation.report import read_figures
from vqcore.metrics import psnr
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.pixels import to_pixels, to_tensor
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig
from vqcore.tokenizers.vqvae2 import VQVAE2
from vqcore.train import main as train
from vqcore.training import run
from vqcore.training.material.pictures import Pictures, TokenizerRecipe, crops
from vqcore.training.material.sound import SoundRecipe, Sounds
from vqcore.training.optimizer import Optimizer
from vqcore.training.presets import PRESETS
from vqcore.training.run import learning_rate, read_log
from vqcore.training.tokenizer import tokenizer_job


def arguments(data, out, steps):
    return ["tokenizer", "--preset", "tiny", "--data", str(data), "--out", str(out), "--steps", str(steps)]


def test_training_learns_pictures_it_never_saw(tiny_folder):
    tokenizer = vqcore.load(tiny_folder)
    unseen = [draw_picture(seed) for seed in range(1000, 1008)]
    quality = [psnr(to_pixels(tokenizer.reconstruct(to_tensor(p)))[0], p) for p in unseen]
    flat = [psnr(np.full_like(p, p.mean((0, 1))), p) for p in unseen]
    assert np.mean(quality) > np.mean(flat) + 2


def test_validation_is_logged_and_the_run_says_when_it_has_had_its_budget(tiny_folder, caplog):
    rows = list(read_log(tiny_folder / "metrics.jsonl"))
    assert rows and {"steps", "minutes", "mse", "commitment", "val_psnr", "val_codes_used"} <= rows[-1].keys()
    assert train(arguments(tiny_folder.parent / "pictures", tiny_folder, 100)) == 0
    assert "has had its 100 steps" in caplog.text


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    data, out = picture_folder(tmp_path / "pictures", 12), tmp_path / "out"
    program = f"import vqcore.training.run as r; r.SAVE_EVERY = 0; from vqcore.train import main; main({arguments(data, out, 10**6)!r})"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    state = out / "run" / "state.safetensors"
    wait_until(lambda: state.is_file() or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    from safetensors import safe_open

    with safe_open(state, "pt") as file:
        before = file.metadata()
    assert 0 < int(before["steps"]) < 10**6
    (out / ".model.safetensors.123").write_bytes(b"half of a file")
    assert train(arguments(data, out, int(before["steps"]) + 20)) == 0
    with safe_open(state, "pt") as file:
        assert int(file.metadata()["steps"]) == int(before["steps"]) + 20 and float(file.metadata()["seconds"]) > float(before["seconds"])
    assert vqcore.load(out).levels[0].usage.sum() > 0 and not list(out.glob(".*"))


@pytest.mark.slow
def test_a_run_that_is_killed_over_and_over_gets_somewhere(tmp_path):
    assert kill_over_and_over(tmp_path, 6)[-1] > 0


def test_an_unreadable_picture_is_named_and_skipped(tmp_path, caplog):
    data = picture_folder(tmp_path / "pictures", 6)
    (data / "broken.png").write_bytes(b"no picture")
    assert train(arguments(data, tmp_path / "out", 2)) == 0
    assert "broken.png" in caplog.text


def test_an_empty_folder_is_an_error_that_says_so(tmp_path, capsys):
    assert train(arguments(tmp_path, tmp_path / "out", 1)) == 2
    assert "no picture" in capsys.readouterr().err


def test_a_run_of_another_shape_is_not_overwritten(tiny_folder, capsys):
    other = ["tokenizer", "--preset", "photos", "--data", str(tiny_folder.parent / "pictures"), "--out", str(tiny_folder), "--steps", "9"]
    assert train(other) == 2
    assert "another shape" in capsys.readouterr().err


def test_the_rate_warms_up_and_falls():
    assert learning_rate(1.0, 0, 0.0) == pytest.approx(0.01)
    assert learning_rate(1.0, 500, 0.0) == 1 and learning_rate(1.0, 500, 1.0) == pytest.approx(0.02)


def test_the_optimizer_moves_every_weight_and_goes_on_from_its_state():
    def build():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(4, 3)).to(memory_format=torch.channels_last)
        return net, Optimizer([net[1].weight], [p for p in net.parameters() if p is not net[1].weight])

    def steps(net, optimizer, count):
        for i in range(count):
            net(torch.full((1, 2, 5, 5), 1.0 + i)).square().sum().backward()
            optimizer.step(0.01)

    (one, optimizer), (two, other) = build(), build()
    before = [p.clone() for p in one.parameters()]
    steps(one, optimizer, 3)
    assert all((p != q).any() for p, q in zip(one.parameters(), before))
    two.load_state_dict(one.state_dict())
    other.load_state({name: tensor.clone() for name, tensor in optimizer.state().items()})
    steps(one, optimizer, 2)
    steps(two, other, 2)
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), two.parameters()))


def test_evaluation_writes_what_it_prints(tiny_folder, tmp_path, capsys, caplog):
    data, file = picture_folder(tmp_path / "pictures", 3), tmp_path / "figures.json"
    (data / "broken.png").write_bytes(b"no picture")
    assert evaluate([str(tiny_folder), "--data", str(data), "--json", str(file)]) == 0
    result, each, printed = read_figures(file), json.loads(file.read_text())["each"], capsys.readouterr()
    assert result["pictures"] == 3 == len(each) and "broken.png" in caplog.text and not (tiny_folder / "metrics.json").exists()
    assert result["bits_per_pixel"] == pytest.approx(20 * 16 * 6 / (160 * 128))
    assert f"{result['psnr']:.2f}" in printed.out and 0 < result["codes_used_share"] <= 1
    assert result["psnr"] == pytest.approx(np.mean([p["psnr"] for p in each]))


def test_a_picture_that_is_given_back_exactly_leaves_the_figures_json(tmp_path, capsys, monkeypatch):
    (tmp_path / "blank").mkdir()
    for name in "ab":
        Image.new("RGB", (32, 32), "white").save(tmp_path / "blank" / f"{name}.png")
    folder = colours_folder(tmp_path / "colours")
    monkeypatch.setattr(VQVAE, "decode", lambda self, tokens: torch.ones(1, 3, 32, 32))
    strict = lambda constant: pytest.fail(f"{constant} is no JSON")
    assert evaluate([str(folder), "--data", str(tmp_path / "blank"), "--publish"]) == 0
    written = json.loads((folder / "metrics.json").read_text(), parse_constant=strict)
    assert read_figures(folder / "metrics.json")["psnr"] is None and written["each"][0]["psnr"] is None
    assert read_figures(folder / "metrics.json")["ssim"] == 1 and "psnr" in capsys.readouterr().out


def test_an_exact_copy_counts_for_more_than_any_other_and_for_no_infinity():
    picture = draw_picture(3, 24, 16)
    near = picture.copy()
    near[5, 5, 0] ^= 1
    material = Pictures(TokenizerRecipe(crop=8), [picture], [picture])
    (exact, _), (other, _) = (material.judge(to_tensor(copy), picture) for copy in (picture, near))
    assert exact == pytest.approx(other) and math.isfinite(exact)
    near[5, 5, 0] ^= 2
    assert material.judge(to_tensor(near), picture)[0] < exact


def test_a_log_is_json_whatever_the_figures_are(tmp_path):
    run._append(tmp_path / "metrics.jsonl", 1, 60.0, {"mse": math.nan, "val_psnr": math.inf, "val_codes_used": 3})
    (line,) = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line, parse_constant=pytest.fail) == {"steps": 1, "minutes": 1.0, "val_codes_used": 3}


def test_a_run_begins_with_the_weights_of_another(tiny_folder, tmp_path, capsys):
    data = picture_folder(tmp_path / "pictures", 12)
    begun, anew = tmp_path / "begun", tmp_path / "anew"
    assert train([*arguments(data, begun, 20), "--start", str(tiny_folder)]) == 0
    assert train(arguments(data, anew, 20)) == 0
    first = [list(read_log(folder / "metrics.jsonl"))[-1]["val_psnr"] for folder in (begun, anew)]
    assert first[0] > first[1] + 1
    assert json.loads((begun / "recipe.json").read_text())["start"] == str(tiny_folder)
    settings = json.loads((begun / "recipe.json").read_text())
    settings["model"]["network"]["decoder_fine_blocks"] = 2  # what is there fits, and a part would stay untrained
    (tmp_path / "deeper.json").write_text(json.dumps(settings))
    deeper = ["tokenizer", "--config", str(tmp_path / "deeper.json"), "--out", str(tmp_path / "deeper"), "--start", str(tiny_folder)]
    assert train(deeper) == 2 and "other networks" in capsys.readouterr().err


def test_every_other_crop_is_mirrored_unless_it_is_not_wished():
    torch.manual_seed(0)
    ramp = np.broadcast_to(np.arange(40, dtype=np.uint8)[None, :, None] * 6, (30, 40, 3))
    steps = lambda mirrored: crops([ramp], np.ones(1), 400, 16, mirrored).diff(dim=3).flatten(1).sign()
    assert (steps(False) == 1).all()
    rising, falling = ((steps(True) == way).all(1).float().mean() for way in (1, -1))
    assert 0.4 < rising < 0.6 and 0.4 < falling < 0.6


@pytest.mark.parametrize("ema_decay", [0.99, None])
@pytest.mark.parametrize("kind", ["vqvae", "two levels", "sound"])
def test_the_quantizers_loss_moves_the_encoder_and_a_codebook_without_averages(kind, ema_decay, tmp_path):
    """By the same step, once with a commitment of no weight and once with one of much."""

    def gradients(beta):
        torch.manual_seed(0)
        if kind == "sound":
            network = NetworkConfig(1, 1, 16, 4, 8, 8, 1, 1, 1, 0, 1)
            recipe = SoundRecipe(VQVAEConfig(network, VQConfig(8, beta, ema_decay), sample_rate=8000), crop=1024, batch=2)
            model = VQVAE(recipe.model)
            material = Sounds(recipe, [np.random.default_rng(0).normal(0, 0.1, 2048).astype(np.float32)] * 2, [])
        else:
            learns = VQConfig(64, beta, ema_decay)
            one, two = replace(PRESETS["tiny"].model, quantizer=learns), replace(TWO_LEVELS, quantizers=(learns, learns))
            config = one if kind == "vqvae" else two
            recipe = TokenizerRecipe(config, crop=16, batch=2)
            model = (VQVAE if kind == "vqvae" else VQVAE2)(config)
            material = Pictures(recipe, [draw_picture(1, 40, 32)], [])
        job = tokenizer_job(model, recipe.rate, recipe.batch, material, tmp_path)
        torch.manual_seed(1)
        job.step()
        codebooks = [p.grad for name, p in model.named_parameters() if name.endswith("codebook")]
        return model.encoder.read.weight.grad, codebooks

    (without, codebooks), (with_much, _) = gradients(0.0), gradients(100.0)
    assert (with_much - without).norm() > 0.01 * without.norm() > 0
    assert len(codebooks) == (0 if ema_decay else 2 if kind == "two levels" else 1)
    assert all(gradient.abs().sum() > 0 for gradient in codebooks)
