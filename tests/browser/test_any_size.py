"""A prior of any size on the canvas: surprise, other ways to write a part, what was behind it, and a picture that grows."""

import numpy as np
import pytest
import torch

import vqcore
from tests.browser.conftest import served
from tests.browser.test_canvas import png
from tests.browser.test_keeping import wait_until_kept
from tests.browser.test_sample import hold, release, wait_asked
from tests.browser.test_sample_canvas import surprise, take_candidate, write
from tests.tiny import draw_picture

pytestmark = pytest.mark.slow

SIZE = "9 × 6 tokens"


@pytest.fixture(scope="module")
def address(tiny_folder, any_size_prior, tiny_prior, tmp_path_factory):
    with served(tmp_path_factory.mktemp("any") / "log", VQ_MODEL=str(tiny_folder), VQ_PRIORS=f"{any_size_prior},{tiny_prior}") as address:
        yield address


@pytest.fixture
def bench(open_page, address):
    """A picture that is smaller than the other prior's and whose last tokens stick out over its edges."""
    bench = open_page(address)
    bench.open("small.png", png(draw_picture(4, 70, 44)), SIZE)
    return bench


def grow(bench, edge, by):
    bench.page.locator("[data-part=write] summary").click()
    bench.page.locator("[data-prior=by]").fill(str(by))
    bench.page.locator(f"[data-write={edge}]").click()


def test_any_picture_is_judged_and_written_anew(bench, any_size_prior):
    prior = vqcore.load_prior(any_size_prior)
    bench.page.locator(".segments [data-layer=surprise]").click()
    tokens = bench.tokens()
    assert surprise(bench, (6, 9)) == pytest.approx(prior.bits([torch.from_numpy(tokens)[None]])[0][0].numpy(), abs=1e-4)
    bench.use("select")
    bench.drag((2, 3), (3, 4))
    write(bench, "rewrite")
    take_candidate(bench, 2)
    changed = np.argwhere(bench.tokens() != tokens)
    assert len(changed) and (changed >= (2, 3)).all() and (changed <= (3, 4)).all()
    bench.page.locator("[data-candidates=close]").click()
    write(bench, "away")
    take_candidate(bench, 1)
    changed = np.argwhere(bench.tokens() != tokens)
    assert (changed >= (1, 2)).all() and (changed <= (4, 5)).all() and len(changed) > 8
    bench.page.locator("[data-candidates=close]").click()
    bench.page.locator(".stage").press("Escape")
    before = bench.tokens()
    write(bench, "continue")
    take_candidate(bench, 1)
    assert (bench.tokens()[:3] == before[:3]).all() and (bench.tokens()[3:] != before[3:]).any()


def test_a_picture_grows_past_an_edge_and_back(bench):
    tokens, pixels = bench.tokens(), bench.pixels()
    for edge, size, there in (("right", "12 × 6 tokens", np.s_[:, :9]), ("top", "12 × 9 tokens", np.s_[3:, :9])):
        grow(bench, edge, 3)
        bench.wait_for_size(size)
        assert (bench.tokens()[there] == tokens).all()
    assert bench.pixels().shape[:2] == (44 + 24, 96)
    bench.act("undo")
    bench.wait_for_size("12 × 6 tokens")
    bench.act("undo")
    bench.wait_for_size(SIZE)
    assert (bench.pixels() == pixels).all()
    assert bench.page.locator("[data-action=undo]").is_disabled()
    bench.act("redo")
    bench.wait_for_size("12 × 6 tokens")


def test_what_a_picture_grew_from_and_into_outlives_a_reload(bench):
    tokens, pixels = bench.tokens(), bench.pixels()
    grow(bench, "right", 3)
    bench.wait_for_size("12 × 6 tokens")
    grow(bench, "bottom", 1)
    bench.wait_for_size("12 × 7 tokens")
    largest = bench.tokens()
    bench.act("undo")
    bench.wait_for_size("12 × 6 tokens")
    wait_until_kept(bench)
    bench.page.reload()
    bench.wait_for_size("12 × 6 tokens")
    bench.open("other.png", png(draw_picture(5, 96, 80)), "12 × 10 tokens")
    wait_until_kept(bench)  # what was kept of the first is kept once more
    bench.page.reload()
    bench.wait_for_size("12 × 10 tokens")
    bench.page.locator(".frames .frame").nth(-2).locator("button").first.click()
    bench.wait_for_size("12 × 6 tokens")
    bench.act("undo")
    bench.wait_for_size(SIZE)
    assert (bench.tokens() == tokens).all() and (bench.pixels() == pixels).all()
    assert bench.page.locator(".segments [data-layer=original]").is_enabled()
    for size in ("12 × 6 tokens", "12 × 7 tokens"):
        bench.act("redo")
        bench.wait_for_size(size)
    assert (bench.tokens() == largest).all()


def test_extending_is_stopped_and_keeps_what_is_written(bench):
    hold(bench.page, "extend_tokens", 1)
    grow(bench, "right", 8)
    wait_asked(bench.page, 2)
    bench.page.get_by_role("button", name="Stop", exact=True).click()
    release(bench)
    bench.wait_for_size("13 × 6 tokens")


def test_what_can_not_be_done_says_what_would_allow_it_and_does_it(bench):
    bench.page.locator("[data-part=write] summary").click()
    bench.page.locator("[data-prior=name]").select_option("tiny-prior")
    assert "grids of 8 × 8 tokens, and this picture has 9 × 6" in bench.page.locator("[data-prior=why]").inner_text()
    assert bench.page.locator("[data-write]:enabled").count() == 0
    bench.page.locator("[data-prior=offers] button", has_text="tiny-any-size").click()
    bench.page.locator("[data-part=write] summary").click()
    assert bench.page.locator("[data-write]:disabled").count() == 0
