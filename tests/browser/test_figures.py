"""Figures to save, the size for a room, and all places of a code."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.browser.test_canvas import DRAWN, SIZE

SMALL_LETTERS = """() => [...document.querySelectorAll(".bench :not([role=option])")]
    .filter((e) => e.checkVisibility() && [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((e) => parseFloat(getComputedStyle(e).fontSize) < 16).map((e) => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def drawn(shared_bench):
    shared_bench.open("drawn & <dropped>.png", DRAWN, SIZE)
    return shared_bench


def test_a_figure_shows_all_four_and_says_the_numbers_and_the_model(drawn):
    svg = drawn.save("figure.svg").decode()
    words = re.findall(r">([^<>]+)</text>", svg)
    assert svg.count("<image") == 4 and words[0] == "drawn &#38; &#60;dropped&#62;, as tokens of tiny"
    assert words[1:5] == ["Original", "Codes", "Rebuilt", "Error (black 0, white 64 of 255 and more)"]
    assert re.search(r"20 × 16 tokens; .* KB at .* bits a pixel; PSNR \d\d\.\d\d dB, SSIM 0\.\d{4}; \d+ of 64 codes used", words[-1])
    figure = Image.open(io.BytesIO(drawn.save("figure.png"))).convert("RGB")
    assert figure.width > 3000 and len(np.unique(np.asarray(figure).reshape(-1, 3), axis=0)) > 500


def test_the_histogram_is_a_figure_too(drawn):
    svg = drawn.save("histogram.svg").decode()
    assert svg.count("<path") == 2 and "usage of the codes of tiny" in svg and "of 64" in svg
    assert Image.open(io.BytesIO(drawn.save("histogram.png"))).width > 1500


def test_all_places_of_a_code_are_shown_in_every_picture_and_lead_there(drawn):
    code = int(np.bincount(drawn.tokens().ravel(), minlength=64).argmax())
    drawn.choose(code)
    drawn.page.locator(".inspector [data-where]").click()
    places = drawn.page.locator(".where")
    total = drawn.page.evaluate(
        "code => document.querySelector('.bench').bench.pictures.reduce((sum, { counts }) => sum + counts[code], 0)", code
    )
    assert places.locator("h2").inner_text() == f"Code {code} stands at {total} place{'s' * (total != 1)} of 2 pictures"
    places.get_by_role("button", name="chelsea: ").click()
    drawn.page.locator("[aria-label='Show chelsea'][aria-pressed=true]").wait_for()
    assert places.is_hidden() and drawn.page.evaluate("document.querySelector('.bench').bench.highlight") == code


def test_the_size_for_a_room_has_no_small_letters_and_is_in_the_address(drawn):
    drawn.act("present")
    assert "present=" in drawn.page.url and drawn.page.evaluate(SMALL_LETTERS) == []
    drawn.act("present")
    assert "present" not in drawn.page.url
