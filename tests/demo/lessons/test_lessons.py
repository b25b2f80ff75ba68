"""Every claim of the lessons, asked of the functions that the page asks."""

import base64
import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from demo import models
from demo.kit.cards import FIRST
from demo.lessons import blur, components, distribution, fashion, losses, page, plane, sentence, view
from vqcore.metrics import laplacian_energy, psnr
from vqcore.study.vae import VAE, save_vae
from vqcore.tokenizers.second_decoder import second_decoder


def ask(function, **question):
    """The answer as the page gets it: JSON, and no error."""
    answer = json.loads(json.dumps(function(question), allow_nan=False))
    assert "error" not in answer, answer
    return answer


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def cells_of(answer: dict) -> tuple[np.ndarray, np.ndarray]:
    """The code of each place of the plane, and the weight the soft lookup gives it, 0 … 31."""
    cells = np.frombuffer(base64.b64decode(answer["cells"]), np.uint8).reshape(plane.CELLS_SIDE, plane.CELLS_SIDE)
    return cells >> 5, cells & 31


# 1. From PCA to codes


def test_codes_are_nearer_with_few_numbers_and_weights_with_many():
    original = pixels(ask(page.read_components, picture="chelsea")["picture"])
    few, many = (ask(page.compress_patches, picture="chelsea", numbers=n, bits=8) for n in (1, 32))
    assert few["coded_psnr"] > few["linear_psnr"] and many["linear_psnr"] > many["coded_psnr"]
    for answer in (few, many):
        assert answer["linear_psnr"] == pytest.approx(psnr(original, pixels(answer["linear"])))
        assert answer["coded_psnr"] == pytest.approx(psnr(original, pixels(answer["coded"])))


def test_a_codebook_is_fitted_once_however_many_ask_for_it():
    components._fitted.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        fits = list(pool.map(lambda _: components._codes(2, 6), range(4)))
    assert all(fit is fits[0] for fit in fits)


def test_both_write_the_same_number_of_numbers_and_every_code_has_the_bits():
    for numbers, bits in ((4, 6), (192, 4)):
        answer = ask(page.read_patch, picture="coffee", numbers=numbers, bits=bits, row=3, column=20)
        assert len(answer["weights"]) == len(answer["codes"]) == numbers
        assert 0 <= min(answer["codes"]) <= max(answer["codes"]) < 2**bits
        weights, _ = components._written("coffee", numbers, bits)
        assert all(len(weight.unique()) <= 2**bits for weight in weights[0])


# 2. Quantization in the plane


def test_cells_are_those_of_the_nearest_code_and_soften_with_the_temperature():
    codes = [[-0.5, 0.5], [0.5, 0.625], [0.125, -0.125]]
    hard = ask(page.look_up_points, codes=codes, points=[[0, 0]], temperature=1e-3)
    soft = ask(page.look_up_points, codes=codes, points=[[0, 0]], temperature=1)
    cells, sureness = cells_of(hard)
    assert (cells[20, 20], cells[20, 220], cells[180, 130]) == (0, 1, 2)  # rows from the top, y upwards
    assert np.array_equal(cells, cells_of(soft)[0])
    assert sureness.mean() > 30 and cells_of(soft)[1].mean() < 25


def test_a_point_between_two_codes_is_tied_and_the_lower_index_wins():
    answer = ask(page.look_up_points, codes=[[0.5, 0.25], [-0.5, 0.25]], points=[[0, -0.125]], temperature=0.1)
    assert answer["tokens"] == [0] and answer["tied"] == [[0, 1]]
    assert answer["weights"][0] == pytest.approx([0.5, 0.5]) and answer["soft"][0] == pytest.approx([0, 0.25])


# 3. Three losses and a stop-gradient

ALL = dict.fromkeys(losses.SWITCHES, True)


def train(steps: int, **rules) -> list[dict]:
    state, taken = ask(page.scatter_plane, seed=0)["plane"], []
    for _ in range(steps):
        taken.append(ask(page.train_plane, plane=state, rules=ALL | rules))
        state = taken[-1]["plane"]
    return taken


def test_switches_fall_as_beta_grows_and_a_dead_code_comes_back_only_by_revival():
    switches = {beta: sum(len(step["switched"]) for step in train(150, beta=beta, revive=False)) for beta in (0, 1, 4)}
    assert switches[0] > switches[1] > switches[4]
    far = ask(page.scatter_plane, seed=0)["plane"]["codebook"][-1]
    dead = train(150, beta=1, revive=False)
    assert all(losses.CODES - 1 not in step["tokens"] for step in dead) and dead[-1]["plane"]["codebook"][-1] == far
    assert any(losses.CODES - 1 in step["revived"] for step in train(150, beta=1))


def test_squares_of_a_code_are_blurred_by_their_mean_and_the_decoder_gives_that():
    tokenizer = vqcore.load("photos")
    for found in (blur.read_meanings(tokenizer, number) for number in range(12)):
        energy = [laplacian_energy(square) for square in found.squares]
        assert len(energy) > 2 and laplacian_energy(found.mean) < 0.6 * np.mean(energy)
        near = [psnr(found.decoded, other) for other in (found.mean, *found.squares)]
        assert near[0] > np.mean(near[1:])
    assert blur.read_meanings(tokenizer, 0).code == blur.read_meanings(tokenizer, blur.CODES).code


def test_the_same_tokens_go_through_each_of_their_decoders(tiny_default, monkeypatch):
    flat = second_decoder(tiny_default, "flat")
    with torch.no_grad():
        flat.decoder.write.weight.zero_()
    monkeypatch.setattr(models, "second_decoders", lambda home: ["flat"] if home == tiny_default.name else [])
    monkeypatch.setattr(models, "tokenizer", {"flat": flat, None: tiny_default, tiny_default.name: tiny_default}.get)
    for tokenizer in (tiny_default, flat):
        original, (own, second) = blur.through_decoders(tokenizer, "chelsea")
        assert (own.name, second.name) == (tiny_default.name, "flat") and own.psnr > second.psnr
        assert own.psnr == pytest.approx(psnr(original, own.picture))
        assert second.sharpness == pytest.approx(laplacian_energy(second.picture) / laplacian_energy(original))


# 4. Straight through


def test_only_the_estimator_has_a_gradient_in_a_cell_and_differences_grow_at_a_border():
    question = {"codes": [[-0.5, 0], [0.5, 0]], "x": [0.25, 0.5]}
    inside = ask(page.find_slopes, **question, z_e=[-0.25, 0], h=0.01)
    assert inside["estimated"] == pytest.approx([-0.75, -0.5])
    assert inside["plain"] == inside["differences"] == [0, 0]
    wide, narrow = (ask(page.find_slopes, **question, z_e=[0, 0], h=h)["differences"][0] for h in (0.02, 0.01))
    assert narrow == pytest.approx(2 * wide) and wide != 0
    assert len(set(inside["slice"])) == 2


# 5. Learning the distribution


@pytest.fixture
def small_vae(tmp_path, monkeypatch):
    model = VAE()
    model.seen = torch.randn(5, 2)
    monkeypatch.setattr(fashion, "AUTOENCODER", save_vae(model, tmp_path / "vae"))
    fashion.autoencoder.cache_clear()
    yield
    fashion.autoencoder.cache_clear()


def test_latents_are_decoded_and_drawn_from_each_distribution(small_vae):
    assert len(ask(page.read_latents)["seen"]) == 5
    at_two = ask(page.decode_latent, z=[2, 0])
    assert pixels(at_two["picture"]).shape == (28, 28, 3) and at_two["density"] == pytest.approx(np.exp(-2))
    for kind in ("normal", "uniform", "marginal", "autoregressive"):
        drawn, again = (ask(page.draw_pictures, kind=kind, seed=4, temperature=1) for _ in range(2))
        other = ask(page.draw_pictures, kind=kind, seed=5, temperature=1)
        assert drawn == again and drawn["pictures"] != other["pictures"]
        height, width, _ = pixels(drawn["pictures"]).shape
        assert width == distribution.DRAWN * height
    size = fashion.prior().layout.grids[0].codebook_size
    assert ask(page.draw_pictures, kind="uniform", seed=1, temperature=1)["cost"] == pytest.approx(np.log2(size))


def test_tokens_that_the_prior_wrote_cost_it_least():
    costs = [
        np.mean([ask(page.draw_pictures, kind=kind, seed=seed, temperature=1)["judged"] for seed in range(3)])
        for kind in ("uniform", "marginal", "autoregressive")
    ]
    assert costs[2] < min(costs[:2])


def test_a_model_that_is_not_there_is_named(monkeypatch):
    fashion.autoencoder.cache_clear()
    monkeypatch.setattr(fashion, "AUTOENCODER", "no-such-vae")
    assert "no-such-vae" in page.decode_latent({"z": [0, 0]})["error"]
    monkeypatch.setattr(models, "priors", dict)
    assert "fashion-prior" in page.read_vocabulary({})["error"]


# 6. A picture is a sentence


def test_words_and_codes_are_integers_of_one_vocabulary_and_what_comes_next_is_the_priors():
    prior = sentence.prior()
    vocabulary = ask(page.read_vocabulary)
    text = sentence.texts(prior)[0]
    whole = ask(page.write_sentence, condition=text, tokens=[], seed=1)["tokens"]
    read = ask(page.read_sentence, condition=text, tokens=whole[:5])
    words = read["prefix"][:-1]
    assert prior.layout.text.decode(words) == read["words"] == text.split()
    assert read["prefix"][-1] == vocabulary["sep"] and max(words) < vocabulary["words"] < vocabulary["sep"] < vocabulary["first_code"]
    grid = torch.tensor(whole).view(1, *vocabulary["shape"])
    logits = prior.logits(prior.layout.prefix([text]), prior.layout.flatten([grid]))[0, 5].softmax(0)
    best = read["next"][0]
    assert best["code"] == int(logits.argmax()) and best["probability"] == pytest.approx(float(logits.max()), rel=1e-3)
    assert ask(page.read_sentence, condition=text, tokens=whole)["next"] is None
    kept = ask(page.write_sentence, condition=text, tokens=whole[:30], seed=9)["tokens"]
    assert kept[:30] == whole[:30] and len(kept) == len(whole)


def test_a_sentence_is_judged_after_every_word():
    prior = sentence.prior()
    first, *others = sentence.texts(prior)
    tokens = prior.sample(condition=first, seed=2)
    judged = ask(page.judge_sentence, tokens=tokens[0].flatten().tolist())["bits"]
    assert {text for text, _ in judged} == {first, *others, ""} and judged == sorted(judged, key=lambda each: each[1])
    expected = float(prior.bits(tokens, first)[0].sum())
    assert dict(map(tuple, judged))[first] == pytest.approx(expected, rel=1e-3)


def test_the_lesson_is_of_scenes_where_they_are_here_and_of_clothes_where_not(tiny_text_prior, tmp_path, monkeypatch):
    folder = shutil.copytree(tiny_text_prior, tmp_path / FIRST)
    here = {FIRST: vqcore.load_prior(folder), "other": vqcore.load_prior(tiny_text_prior)}
    monkeypatch.setattr(models, "priors", lambda: here)
    monkeypatch.setattr(models, "prior_folder", lambda name: folder)
    assert sentence.prior() is here[FIRST] and sentence.texts(sentence.prior()) == ["red bar", "blue disc"]
    monkeypatch.setattr(fashion, "prior", lambda: here["other"])
    (folder / "prompts.json").unlink()
    assert sentence.prior() is here["other"], "without sentences there is nothing to begin with"
    del here[FIRST]
    assert sentence.prior() is here["other"]


# The page


def test_what_makes_no_sense_is_answered_in_words():
    for function, question in (
        (page.look_up_points, {"codes": [], "points": [[0, 0]], "temperature": 1}),
        (page.look_up_points, {"codes": [[0, 0]], "points": [[0, 99]], "temperature": 1}),
        (page.look_up_points, {"codes": [[0, 0]] * 9, "points": [[0, 0]], "temperature": 1}),
        (page.compress_patches, {"picture": "../secret", "numbers": 1, "bits": 8}),
        (page.compress_patches, {"picture": "coffee", "numbers": 3, "bits": 8}),
        (page.find_slopes, {"codes": [[0, 0]], "z_e": [0, 0], "x": [0, 0], "h": 0}),
        (page.draw_pictures, {"kind": "other", "seed": 0, "temperature": 1}),
        (page.read_sentence, {"condition": None, "tokens": [10**6]}),
        (page.train_plane, {"plane": None, "rules": {}}),
    ):
        assert function(question).get("error"), question


def test_the_page_is_a_template_that_nothing_is_filled_into():
    assert not any(sign in view.page() for sign in ("{{", "${", "`"))
