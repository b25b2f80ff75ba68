"""Texts and pictures in one space, and the figures of a prior that writes from captions."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from tests.tiny import colours_folder, one_thread
from vqcore.checkpoints import load_contrastive
from vqcore.evaluate import main as evaluate
from vqcore.evaluation.report import read_figures
from vqcore.evaluation.text import SAMPLES, Recogniser, read_named, recall, success
from vqcore.priors.choice import Settings
from vqcore.priors.sequence import Grid, Layout
from vqcore.priors.stored import save_prior
from vqcore.priors.text import Text
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.retrieval.contrastive import Contrastive, ContrastiveConfig, save_contrastive
from vqcore.retrieval.known import load_known
from vqcore.tokenizers.pixels import to_tensor
from vqcore.training.budget import Budget
from vqcore.training.contrastive import ContrastiveRecipe, train_contrastive

COLOURS = {"red": (255, 0, 0), "green": (0, 160, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}
CONFIG = ContrastiveConfig(side=16, text_length=6, width=16, text_layers=1, heads=2, channels=(8, 16))
RECIPE = ContrastiveRecipe(CONFIG, batch=16, rate=3e-3)


@pytest.fixture(autouse=True, scope="module")
def on_one_thread():
    with one_thread():
        yield


def disc(colour, ground, noise):
    y, x = np.mgrid[:16, :16] - 7.5
    inside = (y**2 + x**2 < 30)[..., None]
    return np.clip(np.where(inside, colour, ground) + noise.normal(0, 4, (16, 16, 3)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Discs of four colours in two styles, on white and on black; one colour in one style is held out."""
    folder, noise, rows = tmp_path_factory.mktemp("discs"), np.random.default_rng(0), []
    for style, ground in (("light", 255), ("dark", 0)):
        for name, colour in COLOURS.items():
            for i in range(4):
                file = f"{style}{name}{i}.png"
                Image.fromarray(disc(colour, ground, noise)).save(folder / file)
                split = "heldout" if (style, name) == ("dark", "blue") else "train"
                rows.append({"file_name": file, "text": f"{name} disc", "style": style, "tags": ["round"], "split": split})
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return str(colours_folder(tmp_path_factory.mktemp("tokenizer") / "colours"))


@pytest.fixture(scope="module")
def trained(data, tokenizer, tmp_path_factory):
    out = tmp_path_factory.mktemp("contrastive") / "discs-clip"
    train_contrastive(RECIPE, data, tokenizer, out, Budget(steps=200))
    return out


def test_it_learns_which_text_fits_a_picture_it_never_saw(trained, data):
    model, noise = load_contrastive(trained), np.random.default_rng(9)
    for style, ground in (("light", 255), ("dark", 0)):
        for name, colour in COLOURS.items():
            if (style, name) == ("dark", "blue"):
                continue
            image = to_tensor(disc(colour, ground, noise))
            fits = {other: float(model.fit(f"{other} disc {style}", image)) for other in COLOURS}
            assert max(fits, key=fits.get) == name, (style, name, fits)


def test_the_best_of_several_pictures_is_the_one_asked_for(trained):
    model, noise = load_contrastive(trained), np.random.default_rng(5)
    images = to_tensor(np.stack([disc(colour, 255, noise) for colour in COLOURS.values()]))
    assert [int(model.fit(f"{name} disc light", images).argmax()) for name in COLOURS] == [0, 1, 2, 3]


def test_what_it_knows_is_kept_with_its_tokens(trained, data, tokenizer):
    known, model = load_known(trained), load_contrastive(trained)
    assert len(known.texts) == len(known.embeddings) == len(known.tokens) == 28, "what is held out is not among them"
    assert model.tokenizer == tokenizer and known.tokens.shape[1:] == (4, 4)
    drawn = to_tensor(disc(COLOURS["green"], 255, np.random.default_rng(3)))
    assert known.texts[int((known.embeddings @ model.embed_images(drawn)[0]).argmax())] == "green disc light"


def test_any_text_and_any_size_embed_as_unit_vectors(trained):
    model = load_contrastive(trained)
    vectors = torch.cat([model.embed_texts(["", "no such word 心", "red " * 50]), model.embed_images(torch.zeros(2, 3, 40, 25))])
    assert torch.isfinite(vectors).all() and torch.allclose(vectors.norm(dim=1), torch.ones(5), atol=1e-5)
    with pytest.raises(ValueError, match=r"\[B, 3, H, W\]"):
        model.embed_images(torch.zeros(2, 1, 16, 16))


def test_pictures_without_a_text_are_refused(data, tokenizer, tmp_path):
    rows = [json.loads(line) | {"text": "", "style": ""} for line in (data / "metadata.jsonl").read_text().splitlines()]
    for row in rows:
        (tmp_path / row["file_name"]).write_bytes((data / row["file_name"]).read_bytes())
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(ValueError, match="28 of the pictures in .* have no text"):
        train_contrastive(RECIPE, tmp_path, tokenizer, tmp_path / "out", Budget(steps=1))


def test_a_checkpoint_gives_the_same_model(tmp_path):
    model = Contrastive(Text.of(["red disc"]), RECIPE.model, "colours").eval()
    again = load_contrastive(save_contrastive(model, tmp_path / "again", torch.float32))
    assert torch.allclose(model.embed_texts(["red disc"]), again.embed_texts(["red disc"]), atol=1e-5)
    with pytest.raises(ValueError, match="not a contrastive model"):
        load_contrastive("fashion")


def test_recall_counts_the_pairs_found_among_the_best():
    scores = torch.tensor([[3.0, 1, 0, 0, 0, 0], [9, 8, 7, 6, 5, 4], [1, 1, 1, 1, 1, 2]])
    assert recall(scores, torch.tensor([0, 5, 5])) == pytest.approx([2 / 3, 2 / 3])
    assert recall(scores, torch.tensor([0, 4, 0])) == pytest.approx([1 / 3, 1.0])


def test_a_picture_is_recognised_by_name_and_by_its_twins(data):
    known = read_named(data)
    recogniser = Recogniser(known)
    row = known.names.index("green disc")
    noisy = np.clip(known.pixels[row].astype(int) + 5, 0, 255).astype(np.uint8)
    assert recogniser.names(noisy[None], "light") == [{"green disc"}]
    dark = next(i for i, style in enumerate(known.styles) if style == "dark" and known.names[i] == "green disc")
    assert recogniser.names(noisy[None], "dark") != [{"red disc"}] and dark != row


def test_the_evaluation_tells_seen_from_held_out_prompts(trained, data, tokenizer, tmp_path, capsys):
    layout = Layout(Text.of(["red green blue yellow disc light dark"]), 6, (Grid(16, (4, 4)),))
    prior = save_prior(Transformer(layout, TransformerConfig(1, 16, 2), tokenizer), tmp_path / "prior")
    figures = tmp_path / "figures.json"
    assert evaluate([str(prior), "--data", str(data), "--reranker", str(trained), "--prompts", "6", "--json", str(figures)]) == 0
    result, written = read_figures(figures), json.loads(figures.read_text())
    assert (result["seen_prompts"], result["heldout_prompts"], result["retrieval_pairs"]) == (6, 4, 4)
    assert set(written["sheet"]) == {"blue disc dark"} and (tmp_path / "samples.webp").is_file()
    assert "heldout first" in capsys.readouterr().out
    assert evaluate([str(prior), "--data", str(tmp_path)]) == 2
    assert vqcore.load_prior(prior).tokenizer == written["settings"]["tokenizer"]
    wide = Layout(layout.text, 6, (Grid(16, (5, 5)),))
    larger = save_prior(Transformer(wide, TransformerConfig(1, 16, 2), tokenizer), tmp_path / "larger")
    assert evaluate([str(larger), "--data", str(data)]) == 2 and "Scale them first" in capsys.readouterr().err
    lines = (data / "metadata.jsonl").read_text().replace("heldout", "train")
    shutil.copytree(data, tmp_path / "all")
    (tmp_path / "all" / "metadata.jsonl").write_text(lines)
    assert evaluate([str(prior), "--data", str(tmp_path / "all")]) == 2 and "none of heldout" in capsys.readouterr().err


def test_the_loss_is_that_of_finding_the_picture_of_a_text_and_of_finding_the_text_of_a_picture():
    torch.manual_seed(0)
    model = Contrastive(Text.of(["red green disc"]), RECIPE.model).eval()
    numbers, images = model.numbers(["red disc", "red disc", "green"]), torch.rand(3, 3, 16, 16) * 2 - 1
    scores = model.log_scale.exp() * model.embed_numbers(numbers) @ model.embed_images(images).T
    to_picture, to_text = (-each.log_softmax(1).diagonal().mean() for each in (scores, scores.T))
    assert abs(to_picture - to_text) > 0.05, "they differ"
    torch.testing.assert_close(model(numbers, images), (to_picture + to_text) / 2)


def test_the_reranker_takes_the_sample_that_fits_best_and_the_prior_its_likeliest(monkeypatch):
    """Of the samples of each prompt, which are told apart by their grey, one alone is right."""
    right, count = {"red disc light": 3, "blue disc dark": 1}, SAMPLES
    prompts = list(right)
    known = SimpleNamespace(prompt=lambda row: prompts[row], names=["red disc", "blue disc"], styles=["light", "dark"])
    greys = torch.linspace(-1, 1, count)
    bits = {"red disc light": torch.tensor([7.0, 6, 8, 5]), "blue disc dark": torch.tensor([6.0, 7, 5, 8])}
    prior = SimpleNamespace(
        sample=lambda n, prompts, **_: [torch.arange(n).view(n, 1, 1)],
        bits=lambda tokens, prompts: [torch.cat([bits[prompt] for prompt in prompts[::count]]).view(-1, 1, 1)],
    )
    tokenizer = SimpleNamespace(decode=lambda tokens: greys[tokens[0] % count][:, None])
    seen = lambda name, place: [{name} if i == place else {"none"} for i in range(count)]
    names = {"light": seen("red disc", 3), "dark": seen("blue disc", 1)}
    recogniser = SimpleNamespace(names=lambda pixels, style: names[style])
    reranker = SimpleNamespace(fit=lambda prompt, images: -(images.flatten() - greys[right[prompt]]).abs())
    shares, firsts = success(prior, tokenizer, known, [0, 1], recogniser, reranker, Settings())
    assert (shares.first, shares.likeliest, shares.reranked) == (0, 0.5, 1) and len(firsts) == 2
