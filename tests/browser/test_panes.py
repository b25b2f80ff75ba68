"""Original, codes and rebuilt side by side, with the usage of the codes under them: what opens."""

from pathlib import Path

import numpy as np
import pytest

from demo.kit import modules
from tests.browser.test_canvas import DRAWN, SIZE, png
from tests.tiny import draw_picture

PANES = Path(__file__).parents[2] / "demo/canvas/js/stage/panes.js"
CALL = "sideBySide({width: %d, height: %d}, {width: %d, height: %d}, ['original', 'codes', 'rebuilt'], 'error')"
PARTS = [".bar", ".pane[data-pane=original]", ".pane[data-pane=codes]", ".pane[data-pane=rebuilt]", ".usage", ".filmstrip"]


@pytest.fixture
def drawn(shared_bench):
    """The page with a drawn picture of 20 × 16 tokens in its panes."""
    shared_bench.open("drawn.png", DRAWN, SIZE)
    shared_bench.page.locator("[data-view]").click()
    yield shared_bench
    if not shared_bench.problems:
        shared_bench.page.evaluate("localStorage.clear()")


def boxes(bench):
    panes = bench.page.locator(".pane")
    return {pane.get_attribute("data-pane"): pane.bounding_box() for pane in panes.all()}


@pytest.mark.parametrize("width, height, tabs", [(1280, 720, True), (1440, 900, True), (400, 860, False)])
def test_a_first_visit_sees_panes_usage_and_filmstrip_on_one_screen(open_bench, width, height, tabs):
    page = open_bench(width, height, new=True).page
    for part in [*PARTS, *(["#benches [role=tablist]"] if tabs else [])]:
        box = page.locator(part).first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] >= 0 and box["y"] + box["height"] <= height, part


@pytest.mark.parametrize("stage, picture, layers", [
    ((960, 400), (450, 300), ["original", "codes", "rebuilt"]),             # in a row
    ((1118, 582), (450, 300), ["original", "codes", "rebuilt", "error"]),   # two by two, where the fourth costs nothing
    ((960, 400), (1024, 128), ["original", "codes", "rebuilt"]),            # a panorama: one above the other
    ((376, 420), (450, 300), ["rebuilt", "original", "codes"]),             # on a phone one is large
    ((376, 420), (300, 450), ["rebuilt", "original", "codes"]),
])
def test_panes_lie_on_the_stage_without_overlap_and_have_the_shape_of_the_picture(chromium, stage, picture, layers):
    page = chromium.new_page()
    panes = page.evaluate("(script) => Function(script)()", modules.join(PANES, CALL % (*stage, *picture)).replace(
        "module0.sideBySide", "return module0.sideBySide"))
    page.close()
    assert [pane["layer"] for pane in panes] == layers
    taken = np.zeros(stage[::-1], int)
    for pane in panes:
        x, y, width, height = (pane[key] for key in ("x", "y", "width", "height"))
        assert x >= 0 and x + width <= stage[0] and y >= 22 and y + height <= stage[1]
        assert width / height == pytest.approx(picture[0] / picture[1], rel=0.04)
        taken[y - 22 : y + height, x : x + width] += 1
    assert taken.max() == 1
    if len(layers) == 3 and layers[0] == "original":
        assert len({pane["y"] for pane in panes}) == (3 if picture[0] > 4 * picture[1] else 1)


def test_a_token_under_the_pointer_is_marked_in_every_pane(drawn):
    drawn.page.mouse.move(2, 2)
    before = {layer: drawn.look(layer) for layer in boxes(drawn)}
    drawn.page.mouse.move(*drawn.screen_place(5, 7, "codes"))
    for layer, pixels in before.items():
        places = np.argwhere((drawn.look(layer) != pixels).any(2))
        expected = np.array([5.5 / 16, 7.5 / 20]) * pixels.shape[:2]
        assert len(places) and abs((places.min(0) + places.max(0)) / 2 - expected).max() < 3, layer
    assert drawn.page.locator(".readout [data-fact=column]").inner_text() == "7"


def test_the_brush_paints_on_every_pane_and_all_of_them_follow(drawn):
    tokens, column = drawn.tokens(), 3
    drawn.choose(int(tokens[9, 9] + 9) % 64)
    drawn.use("paint")
    for layer in boxes(drawn):
        before = {other: drawn.look(other) for other in ("codes", "rebuilt")}
        drawn.click_token(8, column, layer)
        assert all((drawn.look(other) != pixels).any() for other, pixels in before.items())
        tokens[8, column] = (tokens[9, 9] + 9) % 64
        column += 4
    assert (drawn.tokens() == tokens).all() and drawn.page.locator(".pane").count() > 2


def test_zoom_and_pan_are_shared(drawn):
    before = {layer: drawn.look(layer) for layer in boxes(drawn)}
    drawn.page.mouse.move(*drawn.screen_place(4, 5, "rebuilt"))
    drawn.page.keyboard.down("Control")
    drawn.page.mouse.wheel(0, -150)
    drawn.page.keyboard.up("Control")
    zoomed = {layer: drawn.look(layer) for layer in before}
    assert all(abs(zoomed[layer] - before[layer]).mean() > 1 for layer in before)
    assert drawn.page.locator(".readout [data-fact=row]").inner_text() == "4"
    drawn.use("pan")
    x, y = drawn.screen_place(8, 10, "original")
    drawn.page.mouse.move(x, y)
    drawn.page.mouse.down()
    drawn.page.mouse.move(x - 40, y - 30)
    drawn.page.mouse.up()
    assert all(abs(drawn.look(layer) - zoomed[layer]).mean() > 1 for layer in before)


def test_a_caption_shows_its_layer_alone_and_a_key_brings_them_back(drawn):
    drawn.page.get_by_role("button", name="Codes 320 tokens").click()
    assert drawn.page.locator(".pane").count() == 0 and drawn.page.evaluate("window.canvas.view") == "codes"
    drawn.page.locator(".stage").focus()
    drawn.page.keyboard.press("a")
    assert drawn.page.locator(".pane").count() >= 3 and drawn.page.evaluate("window.canvas.view") == "side"
    drawn.page.mouse.move(*drawn.screen_place(2, 2, "original"))
    drawn.page.keyboard.press("a")
    assert drawn.page.evaluate("window.canvas.view") == "original"
    drawn.page.evaluate("document.addEventListener('canvas-view', () => (window.told = window.canvas.view), { once: true })")
    drawn.page.evaluate("window.canvas.view = 'side'")
    assert drawn.page.evaluate("window.told") == "side"


@pytest.mark.slow
def test_the_view_is_remembered(open_bench):
    bench = open_bench(new=True)
    assert bench.page.locator(".pane").count() >= 3
    bench.page.locator("[data-layer=original]").click()
    bench.settle()
    bench.page.reload()
    bench.wait_for_size("57 × 38 tokens")
    assert bench.page.locator(".pane").count() == 0 and bench.page.evaluate("window.canvas.view") == "original"


def test_a_document_without_its_original_has_two_panes(drawn):
    document = drawn.save("document").replace(b'"name": "drawn"', b'"name": "bare"').replace(b'"name":"drawn"', b'"name":"bare"')
    drawn.page.locator(".frames .remove").last.click()
    drawn.open("bare.json", document, SIZE)
    assert list(boxes(drawn)) == ["codes", "rebuilt"]


def test_the_usage_tells_how_often_each_code_is_used_and_a_click_chooses(drawn):
    counts = np.bincount(drawn.tokens().ravel(), minlength=64)
    order = sorted(np.flatnonzero(counts), key=lambda code: (-counts[code], code))
    told, bars = drawn.page.locator(".usage p"), drawn.page.locator(".usage canvas")
    assert told.inner_text().startswith(f"{len(order)} of 64 codes used, perplexity ")
    box = bars.bounding_box()
    before = drawn.look("codes")
    for rank in (0, len(order) - 2):
        drawn.page.mouse.move(box["x"] + (rank + 0.5) / len(order) * box["width"], box["y"] + 40)
        drawn.settle()
        assert told.inner_text() == f"code {order[rank]}: {counts[order[rank]]} of 320 tokens, rank {rank + 1}"
    assert abs(drawn.look("codes") - before).mean() > 5  # veiled but for the code's places
    drawn.page.mouse.down()
    drawn.page.mouse.up()
    assert drawn.page.evaluate("window.canvas.code") == order[-2]
    bars.press("Home")
    drawn.settle()
    assert drawn.page.evaluate("window.canvas.code") == order[0] and bars.get_attribute("aria-valuenow") == "1"


def test_the_usage_follows_the_brush(drawn):
    tokens, told = drawn.tokens(), drawn.page.locator(".usage p")
    before = drawn.page.locator(".usage canvas").evaluate("canvas => canvas.toDataURL()")
    drawn.choose(int(np.bincount(tokens.ravel(), minlength=64).argmin()))
    drawn.use("paint")
    x, y = drawn.screen_place(3, 3, "codes")
    drawn.page.mouse.move(x, y)
    drawn.page.mouse.down()
    drawn.page.mouse.move(*drawn.screen_place(3, 15, "codes"), steps=4)
    drawn.settle()
    assert drawn.page.locator(".usage canvas").evaluate("canvas => canvas.toDataURL()") != before  # the button is down still
    drawn.page.mouse.up()
    used = len(np.unique(drawn.tokens()))
    assert told.inner_text().startswith(f"{used} of 64")


@pytest.mark.slow
def test_hints_cover_no_pane_and_come_one_after_the_other(open_bench):
    bench = open_bench(new=True)
    page = bench.page
    page.evaluate("localStorage.clear()")
    bench.settle()
    page.reload()
    page.locator(".pane").first.wait_for()
    hints = page.locator(".hints li:visible")
    assert hints.count() == 1 and "Click the picture" in hints.inner_text()
    top = hints.bounding_box()["y"]
    assert all(box["y"] + box["height"] <= top for box in (pane.bounding_box() for pane in page.locator(".pane").all()))
    hints.locator("button").click()
    assert "brush" in page.locator(".hints li:visible").inner_text()


def test_a_phone_has_one_large_pane_and_two_small_ones(open_bench):
    bench = open_bench(400, 860, new=True)
    bench.open("tall.png", png(draw_picture(6, 96, 128)), "12 × 16 tokens")
    panes = boxes(bench)
    assert panes["rebuilt"]["width"] > 1.9 * panes["original"]["width"] and panes["codes"]["width"] == panes["original"]["width"]
    tokens = bench.tokens()
    bench.page.evaluate("code => window.canvas.choose(code)", int(tokens[3, 3] + 5) % 64)
    bench.use("paint")
    bench.click_token(3, 3, "codes")
    tokens[3, 3] = (tokens[3, 3] + 5) % 64
    assert (bench.tokens() == tokens).all()
