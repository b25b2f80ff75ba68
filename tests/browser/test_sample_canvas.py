"""What a prior does for the picture on the canvas: its surprise, other ways to write a part of it, how it may go on."""

import numpy as np
import pytest
import torch

import vqcore
from tests.browser.test_canvas import png
from tests.browser.test_sample import hold, release, wait_asked
from tests.tiny import draw_picture
from vqcore.tokenizers.pixels import to_pixels

pytestmark = pytest.mark.slow

FITTING = "8 × 8 tokens"


@pytest.fixture(scope="module")
def prior(tiny_prior):
    return vqcore.load_prior(tiny_prior)


@pytest.fixture
def fitting(bench):
    """A picture of as many tokens as the prior writes, on the stage."""
    bench.open("fitting.png", png(draw_picture(11, 64, 64)), FITTING)
    return bench


def write(bench, tool):
    bench.page.locator("[data-part=write] summary").click()
    bench.page.locator(f"[data-write={tool}]").click()


def take_candidate(bench, number):
    """Wait until all are there, then take one."""
    bench.page.wait_for_function("document.querySelectorAll('[data-candidates=list] button:enabled').length === 5")
    bench.page.locator("[data-candidates=list] button").nth(number).click()


def surprise(bench, size):
    of_picture = "(({ bench }) => bench.surprise.of(bench.picture))(document.querySelector('.bench'))"
    bench.page.wait_for_function(of_picture)
    bits = bench.page.evaluate(f"[...{of_picture}.bits]")
    return np.array(bits).reshape(size)


def bits_of(prior, tokens, condition=None):
    return prior.bits([torch.from_numpy(tokens)[None]], condition)[0][0].numpy()


def test_the_surprise_map_is_the_priors_bits_and_follows_the_tokens(fitting, prior):
    fitting.page.locator(".segments [data-layer=surprise]").click()
    bits = surprise(fitting, (8, 8))
    assert bits == pytest.approx(bits_of(prior, fitting.tokens()), abs=1e-4)
    fitting.click_token(3, 6)
    assert fitting.page.locator(".readout [data-fact=bits]").inner_text() == f"{bits[3, 6]:.2f}"
    assert f"mean {bits.mean():.2f}" in fitting.page.locator("[data-legend=surprise]").inner_text()
    shown = fitting.look()
    box = fitting.page.locator(".stage > canvas").bounding_box()
    places = [fitting.screen_place(*divmod(cell, 8)) for cell in range(64)]
    bright = np.array([shown[int(y - box["y"]), int(x - box["x"] + 9)].sum() for x, y in places])
    order = np.argsort(bits, axis=None)
    assert (np.diff(bright[order]) >= -3).all() and bright.max() - bright.min() > 100
    fitting.choose(int(fitting.tokens()[2, 2] + 5) % 64)
    fitting.use("paint")
    fitting.click_token(2, 2)
    assert surprise(fitting, (8, 8)) == pytest.approx(bits_of(prior, fitting.tokens()), abs=1e-4)
    fitting.page.locator("[data-part=write] summary").click()
    fitting.page.locator("[data-prior=text]").select_option("disc")
    assert surprise(fitting, (8, 8)) == pytest.approx(bits_of(prior, fitting.tokens(), "disc"), abs=1e-4)


def test_a_larger_picture_is_judged_in_windows(bench, prior):
    bench.open("larger.png", png(draw_picture(4, 160, 104)), "20 × 13 tokens")
    bench.page.locator(".segments [data-layer=surprise]").click()
    bits, tokens = surprise(bench, (13, 20)), bench.tokens()
    assert bits[:8, :6] == pytest.approx(bits_of(prior, tokens[:8, :8].copy())[:, :6], abs=1e-4)
    assert bits[8:12, 10:13] == pytest.approx(bits_of(prior, tokens[4:12, 8:16].copy())[4:, 2:5], abs=1e-4)
    assert bits[12:, 16:] == pytest.approx(bits_of(prior, tokens[5:, 12:].copy())[7:, 4:], abs=1e-4)
    assert "in windows" in bench.page.locator("[data-legend=surprise]").inner_text()


def test_a_picture_too_small_for_the_prior_is_told(bench):
    bench.open("small.png", png(draw_picture(4, 40, 40)), "5 × 5 tokens")
    assert bench.page.locator(".segments [data-layer=surprise]").is_disabled()
    bench.page.locator("[data-part=write] summary").click()
    assert "grids of 8 × 8 tokens, and this picture has 5 × 5" in bench.page.locator("[data-prior=why]").inner_text()
    assert bench.page.locator("[data-write]:enabled").count() == 0
    bench.page.locator("[data-prior=offers] button").click()
    bench.wait_for_size(FITTING)
    assert bench.page.locator(".segments [data-layer=surprise]").is_enabled()


def test_rewriting_changes_the_selected_tokens_only_and_is_one_step(fitting, tiny_folder):
    tokens = fitting.tokens()
    fitting.use("select")
    fitting.drag((2, 3), (4, 5))
    write(fitting, "rewrite")
    seen = []
    for number in (1, 2, 3, 4):
        take_candidate(fitting, number)
        seen.append(fitting.tokens())
        assert (np.delete(seen[-1].flatten(), np.ravel_multi_index(np.mgrid[2:5, 3:6].reshape(2, -1), (8, 8))) ==
                np.delete(tokens.flatten(), np.ravel_multi_index(np.mgrid[2:5, 3:6].reshape(2, -1), (8, 8)))).all()
    assert len({each.tobytes() for each in seen}) > 1 and (seen[-1] != tokens).any()
    pixels = to_pixels(vqcore.load(tiny_folder).decode([torch.from_numpy(seen[-1])[None]]))[0]
    assert (fitting.pixels() == pixels).all()
    fitting.act("undo")
    assert (fitting.tokens() == seen[-2]).all()
    take_candidate(fitting, 0)
    assert (fitting.tokens() == tokens).all()


def test_rewriting_needs_a_selection_that_the_prior_can_write(bench):
    write(bench, "rewrite")
    assert "Select the tokens" in bench.message()
    bench.use("select")
    bench.drag((2, 3), (10, 9))
    write(bench, "rewrite")
    assert "at most 8 × 8 tokens" in bench.message()


def test_a_part_of_a_larger_picture_is_rewritten_where_it_is(bench):
    for start, end in (((0, 0), (1, 2)), ((35, 52), (37, 56)), ((20, 30), (21, 31))):
        tokens = bench.tokens()
        bench.use("select")
        bench.drag(start, end)
        write(bench, "rewrite")
        take_candidate(bench, 2)
        changed = np.argwhere(bench.tokens() != tokens)
        assert len(changed) and (changed >= start).all() and (changed <= end).all()
        bench.page.locator("[data-candidates=close]").click()


def test_going_on_keeps_what_comes_before(fitting):
    for cursor, kept in ((None, 32), ((2, 5), 21)):
        tokens = fitting.tokens().flatten()
        if cursor:
            fitting.click_token(*cursor)
        write(fitting, "continue")
        seen = []
        for number in (1, 3):
            take_candidate(fitting, number)
            seen.append(fitting.tokens().flatten())
            assert (seen[-1][:kept] == tokens[:kept]).all() and (seen[-1][kept:] != tokens[kept:]).any()
        assert (seen[0] != seen[1]).any()
        fitting.page.locator("[data-candidates=close]").click()


def test_candidates_can_be_stopped(fitting):
    hold(fitting.page, "rewrite_tokens", 1)
    fitting.use("select")
    fitting.drag((2, 3), (4, 5))
    write(fitting, "rewrite")
    fitting.page.wait_for_function("document.querySelectorAll('[data-candidates=list] button:enabled').length === 2")
    wait_asked(fitting.page, 2)
    fitting.page.locator("[data-candidates=more]").click()
    assert "stopped" in fitting.page.locator("[data-candidates=told]").inner_text()
    release(fitting)
    assert fitting.page.evaluate("asked") == 2
    assert fitting.page.locator("[data-candidates=list] button").count() == 2


def test_the_candidates_leave_with_their_picture(fitting):
    write(fitting, "continue")
    take_candidate(fitting, 1)
    fitting.page.locator(".frames .frame").first.locator("button").first.click()
    fitting.wait_for_size("57 × 38 tokens")
    assert fitting.page.locator("[data-part=candidates]").is_hidden()
