"""Every tab once, on one page that stays open: what `pytest` alone drives of the tabs whose own files are marked slow."""

import numpy as np
import pytest
import torch

import vqcore
from tests.browser import test_codebook as codebook_tab
from tests.browser import test_train as train_tab
from tests.browser.bench import Bench
from tests.browser.conftest import new_context
from tests.browser.test_canvas import DRAWN, PICTURE, SIZE, png
from tests.browser.test_compare import figures, frame, row
from tests.browser.test_edits import press
from tests.browser.test_lessons import Lesson
from tests.browser.test_sample_canvas import FITTING, bits_of, surprise, take_candidate, write
from tests.browser.test_sound import SoundTab, sweep
from tests.browser.test_text import TextTab
from tests.tiny import draw_picture
from vqcore.data.sounds import open_wav, write_wav
from vqcore.study.comparison import compare
from vqcore.tokenizers.pixels import to_pixels


@pytest.fixture(scope="module")
def page(chromium, app_address):
    context = new_context(chromium)
    bench = Bench(context.new_page(), app_address)
    yield bench
    context.close()
    assert bench.problems == []


@pytest.fixture
def drawn(page):
    """The page with a picture of 20 × 16 tokens newly opened."""
    page.page.evaluate("scrollTo(0, 0)")
    page.open("drawn.png", DRAWN, SIZE)
    return page


def test_tokens_are_selected_filled_and_undone(drawn, tiny_folder):
    tokens = drawn.tokens()
    drawn.use("select")
    drawn.choose(23)
    drawn.drag((3, 4), (7, 9))
    press(drawn, "Delete")
    filled = tokens.copy()
    filled[3:8, 4:10] = 23
    assert (drawn.tokens() == filled).all()
    assert (drawn.pixels() == to_pixels(vqcore.load(tiny_folder).decode([torch.from_numpy(filled)[None]]))[0]).all()
    press(drawn, "Control+z")
    assert (drawn.tokens() == tokens).all()
    drawn.page.locator(".edit summary").click()
    assert drawn.page.locator("[data-edit]").count() > 3
    press(drawn, "Escape")
    drawn.use("pick")


def test_the_codebook_tells_the_nearest_of_the_code_that_is_chosen_on_the_map_or_on_the_stage(drawn, tiny_folder):
    codebook = vqcore.load(tiny_folder).levels[-1].codebook
    drawn.show_tab("Codebook")
    for code in (11, 40):
        drawn.choose(code)
        nearest = (codebook - codebook[code]).square().sum(1).argsort().tolist()
        assert [int(number) for number in codebook_tab.told(drawn, code)] == nearest[: len(codebook_tab.told(drawn, code))]
    drawn.page.locator("#codebook-distances .js-plotly-plot").wait_for()


def test_a_picture_is_compared_with_its_original(drawn, tiny_folder):
    drawn.show_tab("Compare")
    found, result = row(drawn, "tiny"), compare(vqcore.load(tiny_folder), PICTURE)
    assert (frame(found, "Rebuilt") == result.rebuilt).all() and figures(found)["PSNR"] == f"{result.psnr:.2f} dB"


def test_a_prior_judges_a_picture_and_writes_a_part_of_it_anew(page, tiny_prior):
    prior = vqcore.load_prior(tiny_prior)
    page.show_tab("Tokens")
    page.page.evaluate("scrollTo(0, 0)")
    page.open("fitting.png", png(draw_picture(11, 64, 64)), FITTING)
    page.page.locator(".segments [data-layer=surprise]").click()
    tokens = page.tokens()
    assert surprise(page, (8, 8)) == pytest.approx(bits_of(prior, tokens), abs=1e-4)
    page.page.locator(".segments [data-layer=rebuilt]").click()
    page.use("select")
    page.drag((2, 3), (4, 5))
    write(page, "rewrite")
    take_candidate(page, 1)
    changed = np.argwhere(page.tokens() != tokens)
    assert ((changed >= (2, 3)) & (changed <= (4, 5))).all()
    page.page.locator("[data-candidates=close]").click()
    page.use("pick")


def test_a_sentence_is_written_as_a_picture(page, tiny_text_prior):
    tab = TextTab(page)
    tab.write("blue disc", 1)
    tab.wait_told("1 candidate")
    expected = vqcore.load_prior(tiny_text_prior).sample(1, "blue disc square", temperature=0.5, seed=3)[0]
    assert [int(code) for code in tab.chips("token")] == expected.flatten().tolist()


def test_a_sound_becomes_tokens_and_a_sound_again(page, tiny_sound):
    tab, tokenizer = SoundTab(page), vqcore.load(tiny_sound[0])
    tab.open("sweep.wav", write_wav(sweep(0.8), 8000))
    tab.wait_told("0.80 seconds are 100 tokens")
    heard = open_wav(tab.save())
    assert len(heard.samples) == 100 * tokenizer.levels[0].downsampling and np.abs(heard.samples).max() > 0


def test_a_lesson_is_moved_and_answered(page):
    page.show_tab("Lessons")
    page.page.locator("nav [data-step='1']").click()
    lesson = Lesson(page, "components")
    lesson.wait("linear-told", "32 bits")
    lesson.part("numbers").press("ArrowRight")
    lesson.wait("coded-told", "64 bits")
    assert "codes are nearer" in lesson.answer()
    page.page.locator("nav [data-step='2']").click()
    Lesson(page, "plane").wait("hard", "^0, ")


def test_a_tokenizer_is_trained_and_opened_on_the_canvas(page):
    trainer = train_tab.open_tab(page)
    trainer.locator("select[name=codebook_size]").select_option("16")
    train_tab.send(trainer, "mine.zip", train_tab.zip_of(*(f"{i}.png" for i in range(12))))
    train_tab.wait_for(trainer, "The best of it is kept")
    trainer.locator("[data-act=open_model]").click()
    train_tab.wait_for(trainer, "on the canvas")
    page.wait_for_size("64 × 64 px")
    assert page.document()["model"].startswith("trained-") and page.tokens().max() < 16
