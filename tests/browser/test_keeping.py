"""What outlives a reload, and what a link holds."""

import pytest

from tests.browser.test_canvas import DRAWN, SIZE, png
from tests.tiny import draw_picture

SMALL = "12 × 10 tokens"
KEPT = """async (grids) => {
    const result = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const database = await result(indexedDB.open("vq-explorer"));
    const workspaces = await result(database.transaction("workspaces").objectStore("workspaces").getAll());
    database.close();
    const kept = workspaces.flatMap(({ pictures }) => pictures.map(({ document }) => document.grids));
    return kept.some((each) => each.length === grids.length && each.every(({ data }, i) => data === grids[i].data));
}"""


@pytest.fixture
def small(bench):
    """A picture of 12 × 10 tokens in the middle of a filmstrip, painted on."""
    bench.open("small.png", png(draw_picture(5, 96, 80)), SMALL)
    bench.choose(23)
    bench.use("paint")
    bench.drag((2, 2), (2, 9))
    return bench


def wait_until_kept(bench):
    """Until the picture that is shown is in the browser's storage as it is now."""
    bench.page.wait_for_function(KEPT, arg=bench.document()["grids"])


def copied_link(bench):
    bench.page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    bench.page.locator("[data-part=save] summary").click()
    bench.page.locator("[data-export=link]").click()
    bench.page.wait_for_function("window.copied")
    return bench.page.evaluate("window.copied")


def test_pictures_history_and_original_outlive_a_reload(small):
    tokens, pixels, original = small.tokens(), small.pixels(), small.document()["original"]
    wait_until_kept(small)
    small.page.reload()
    small.wait_for_size(SMALL)
    assert small.page.locator(".frames .frame").count() == 2
    assert (small.tokens() == tokens).all() and (small.pixels() == pixels).all()
    assert small.document()["original"] == original
    assert small.page.locator(".segments [data-layer=original]").is_enabled()
    small.page.keyboard.press("Control+z")
    assert (small.tokens() != tokens).any()
    assert small.page.locator("[data-action=undo]").is_disabled()
    small.page.keyboard.press("Control+y")
    assert (small.tokens() == tokens).all()


@pytest.mark.slow
def test_a_link_holds_a_small_picture_whole(small, open_bench):
    link, tokens, pixels = copied_link(small), small.tokens(), small.pixels()
    assert len(link) < 2000
    other = open_bench()
    other.page.goto("about:blank")
    other.page.goto(link)
    other.wait_for_size(SMALL)
    assert (other.tokens() == tokens).all() and (other.pixels() == pixels).all()
    assert "#" not in other.page.url


def test_a_larger_picture_shares_its_selection(bench):
    bench.open("drawn.png", DRAWN, SIZE)
    tokens = bench.tokens()
    bench.page.locator("[data-part=save] summary").click()
    entry = bench.page.locator("[data-export=link]")
    assert "16 × 16 tokens at most" in entry.inner_text() and entry.is_disabled()
    bench.page.keyboard.press("Escape")
    bench.use("select")
    bench.drag((3, 4), (9, 19))
    link = copied_link(bench)
    bench.page.goto("about:blank")
    bench.page.goto(link)
    bench.wait_for_size("16 × 7 tokens")
    assert (bench.tokens() == tokens[3:10, 4:20]).all()


def test_a_link_that_is_cut_short_is_explained(open_bench):
    assert "cut short" in open_bench(query="#tokens=eyJ2ZXJza").message()


def test_the_address_chooses_the_model(open_bench):
    assert open_bench(query="?model=tiny").document()["model"] == "tiny"
    wrong = open_bench(query="?model=nobody")
    assert "no model called “nobody”" in wrong.message()
    assert wrong.document()["model"] == "tiny"
