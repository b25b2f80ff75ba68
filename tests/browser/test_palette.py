"""The palette of all codes: its orders, and that a large codebook scrolls."""

import numpy as np
import pytest

import vqcore
from tests.browser.test_canvas import DRAWN, SIZE

COLUMNS_WIDE = 6


@pytest.fixture
def palette(shared_bench):
    shared_bench.open("drawn.png", DRAWN, SIZE)
    return shared_bench


def take(bench, place):
    """Click the tile at a place of the order, which may have been scrolled past to show the chosen code."""
    bench.page.locator("[data-palette]").evaluate("element => { element.scrollTop = 0; }")
    box = bench.page.locator("[data-palette] canvas").bounding_box()
    space = box["width"] / COLUMNS_WIDE
    bench.page.mouse.click(box["x"] + (place % COLUMNS_WIDE + 0.5) * space, box["y"] + (place // COLUMNS_WIDE + 0.5) * space)
    return int(bench.page.locator("[data-number]").input_value())


def order_by(bench, order):
    bench.page.locator("[data-order]").select_option(order)
    bench.settle()


def test_by_number_every_code_stands_at_its_place(palette):
    palette.choose(0)
    order_by(palette, "index")
    assert [take(palette, place) for place in (0, 5, 6, 17)] == [0, 5, 6, 17]


def test_the_most_used_code_comes_first(palette):
    counts = np.bincount(palette.tokens().ravel(), minlength=64)
    palette.choose(63 - int(counts[::-1].argmin()))  # the last of the order, to which the palette scrolls
    order_by(palette, "here")
    assert palette.page.locator("[data-palette]").evaluate("element => element.scrollTop") > 0
    assert counts[take(palette, 0)] == counts.max() and counts[take(palette, 1)] == np.sort(counts)[-2]


def test_the_most_alike_stand_around_the_chosen_code_and_stay_while_one_takes_them(palette, tiny_folder):
    codebook = vqcore.load(tiny_folder).levels[-1].codebook
    palette.choose(11)
    palette.settle()
    nearest = (codebook - codebook[11]).square().sum(1).argsort().tolist()
    assert [take(palette, place) for place in (0, 2, 7)] == [11, nearest[2], nearest[7]]


def test_arrows_walk_along_the_palette(palette):
    palette.choose(0)
    order_by(palette, "index")
    palette.page.locator("[data-palette]").focus()
    for key, code in (("ArrowRight", 1), ("ArrowDown", 7), ("ArrowLeft", 6), ("End", 63), ("Home", 0)):
        palette.page.keyboard.press(key)
        assert palette.page.locator("[data-number]").input_value() == str(code)


def test_a_code_that_is_typed_scrolls_into_sight(bench):
    bench.open("drawn.png", DRAWN, SIZE)
    order_by(bench, "index")
    bench.page.locator("[data-palette]").evaluate("e => (e.style.height = '80px')")
    bench.choose(0)
    bench.choose(63)
    top, height = bench.page.locator("[data-palette]").evaluate("e => [e.scrollTop, e.scrollHeight]")
    assert top > 0 and top + 80 == pytest.approx(height, abs=2)
