"""What the Text tab asks: how a prompt is read, which picture fits it, what its words do."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from demo import models
from demo.kit.page import write_tokens
from demo.kit.sequences import pack_grids
from demo.text import page
from demo.text.view import about
from tests.demo.asking import pack
from vqcore.priors.sequence import Grid, Layout
from vqcore.priors.text import Text
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.retrieval.contrastive import Contrastive, ContrastiveConfig
from vqcore.retrieval.known import Known

NAME = "tiny-text-prior"
HOSTILE = ["<script>alert(1)</script>", "${alert(1)}", "{{this}}", "\u202egnp.exe", "心", "❤️", "a\0b"]


@pytest.fixture(scope="module")
def prior(tiny_text_prior):
    return vqcore.load_prior(tiny_text_prior)


@pytest.fixture(scope="module")
def sequences(prior):
    return prior.sample(3, "red bar", seed=4)[0]


@pytest.fixture
def judge(prior, monkeypatch):
    torch.manual_seed(0)
    config = ContrastiveConfig(side=16, text_length=8, width=8, text_layers=1, heads=2, channels=(4, 4))
    model = Contrastive(prior.layout.text, config, name="judge").eval().requires_grad_(False)
    monkeypatch.setattr(models, "contrastive_of", lambda _: model)
    return model


def test_a_prompt_is_told_as_the_tokens_it_is_read_as():
    answer = page.read_prompt({"prior": NAME, "text": "Red, bar ox"})
    words = [{"word": "red", "pieces": ["red"]}, {"word": "bar", "pieces": ["bar"]}, {"word": "ox", "pieces": ["o", "x"]}]
    assert answer == {"words": words, "tokens": 4, "room": 8, "unseen": []}
    assert page.read_prompt({"prior": NAME, "text": ""})["words"] == []


@pytest.mark.parametrize("text", ["a" * 10_000, "one two three four", None, 7])
def test_a_prompt_that_is_no_prompt_is_explained(text):
    assert set(page.read_prompt({"prior": NAME, "text": text})) == {"error"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_prompts_are_read_or_explained(text, sequences):
    answer = page.read_prompt({"prior": NAME, "text": text})
    assert "words" in answer or "tokens, and the model reads" in answer["error"]
    settings = {"condition": text[:3], "seed": 1}
    written = write_tokens({"prior": NAME, "settings": settings, "count": 1, "tokens": "", "kept": 0, "until": 4})
    assert "tokens" in written


def test_a_word_weighs_what_the_picture_costs_more_without_it(prior, sequences):
    answer = page.weigh_words({"prior": NAME, "text": "red bar", "tokens": pack(sequences[:1])})
    bits = lambda text: float(prior.bits([sequences[:1]], text)[0].sum())
    assert answer["whole"] == pytest.approx(bits("red bar"), rel=1e-4)
    assert answer["without"] == pytest.approx([bits("bar"), bits("red")], rel=1e-4)


def test_words_that_are_read_as_one_are_one_and_leave_room_without_any(prior, monkeypatch):
    layout = Layout(Text.of(["medium-dark skin tone man"]), 4, (Grid(64, (2, 2)),))
    joining = Transformer(layout, TransformerConfig(1, 16, 2), prior.tokenizer).eval().requires_grad_(False)
    monkeypatch.setattr(models, "prior", lambda _: joining)
    text = "medium dark skin tone man"
    answer = page.read_prompt({"prior": "joining", "text": text})
    assert [word["pieces"] for word in answer["words"]] == [["medium-dark"], ["skin"], ["tone"], ["man"]] and answer["tokens"] == 4
    sequence = joining.sample(1, text)[0]
    weighed = page.weigh_words({"prior": "joining", "text": text, "tokens": pack_grids([sequence], joining)})
    assert weighed["without"] == pytest.approx([float(joining.bits([sequence], without)[0].sum()) for without in (
        "skin tone man", "medium dark tone man", "medium-dark skin man", "medium-dark skin tone",
    )], rel=1e-4)
    spelled = page.read_prompt({"prior": "joining", "text": "a b"})
    assert [word["pieces"] for word in spelled["words"]] == [["a"], ["␣", "b"]] and spelled["tokens"] == 3


def test_pictures_are_ranked_by_the_model_that_knows_them(prior, sequences, judge):
    fits = page.rank_pictures({"prior": NAME, "text": "red bar", "tokens": pack(sequences)})["fits"]
    expected = judge.fit("red bar", vqcore.load(prior.tokenizer).decode([sequences]))
    assert fits == pytest.approx(expected.tolist(), abs=1e-3)
    assert page.rank_pictures({"prior": NAME, "text": " ", "tokens": pack(sequences)}) == {"fits": None}


def test_without_such_a_model_there_is_no_ranking(sequences):
    assert page.rank_pictures({"prior": NAME, "text": "red bar", "tokens": pack(sequences)}) == {"fits": None}
    assert "knows pictures" in page.find_nearest({"prior": NAME, "picture": ""})["error"]


def test_a_drawing_finds_its_like(prior, sequences, judge, monkeypatch):
    images = vqcore.load(prior.tokenizer).decode([sequences])
    like = judge.embed_images(images[1:2])[0]
    known = Known(["first", "second", "third"], torch.stack([-like, like, 0 * like]), sequences)
    monkeypatch.setattr(models, "known_pictures", lambda _: known)
    file = io.BytesIO()
    Image.fromarray(((images[1].movedim(0, -1).numpy() + 1) * 127.5).round().astype(np.uint8)).save(file, "PNG")
    answer = page.find_nearest({"prior": NAME, "picture": base64.b64encode(file.getvalue()).decode()})
    assert answer["found"][0]["text"] == "second" and answer["found"][0]["fit"] > 0.99
    assert answer["found"][0]["picture"].startswith("data:image/png")
    for broken in ("", "!!!", base64.b64encode(b"no picture").decode(), "A" * 5_000_000):
        assert set(page.find_nearest({"prior": NAME, "picture": broken})) == {"error"}


def test_the_page_knows_what_the_folder_offers(prior):
    offers = about(prior)
    assert offers["takesText"] and offers["examples"] == ["red bar", "blue disc"] and offers["settings"]["temperature"] == 0.5
    assert not offers["finds"]
