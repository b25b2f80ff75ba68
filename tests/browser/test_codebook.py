"""The Codebook tab: a map that is true, in step with the canvas, and quiet while it is closed."""

import numpy as np
import pytest

import vqcore
from tests.browser.test_canvas import DRAWN, SIZE
from tests.tiny import picture_folder
from vqcore.atlas import main as make_atlas
from vqcore.formats import atlas
from vqcore.study.tsne import principal_map

pytestmark = pytest.mark.slow

MARGIN = 26  # CSS pixels around the map


@pytest.fixture
def codebook(tiny_folder):
    return vqcore.load(tiny_folder).levels[-1].codebook


def open_tab(bench):
    bench.open("drawn.png", DRAWN, SIZE)
    bench.page.locator("#benches").get_by_role("tab", name="Codebook").click()
    bench.page.locator("[data-detail=rows] button").nth(8).wait_for()
    return bench


@pytest.fixture
def opened(bench):
    return open_tab(bench)


@pytest.fixture
def with_atlas(tiny_folder, tmp_path):
    assert make_atlas([str(tiny_folder), "--data", str(picture_folder(tmp_path / "shown", 4))]) == 0
    yield atlas.read_atlas(tiny_folder, vqcore.load(tiny_folder).levels[-1])
    (tiny_folder / atlas.FILE).unlink()


def places_on_screen(bench, places):
    """Where the codes are in the window while the whole map shows: float [K, 2]."""
    bench.page.locator("[data-map]").scroll_into_view_if_needed()
    box = bench.page.locator("[data-map]").bounding_box()
    places = places.numpy().astype(float)
    unit = (places - places.min(0)) / np.ptp(places, axis=0)
    corner, size = np.array([[box["x"], box["y"]], [box["width"], box["height"]]])
    return corner + MARGIN + unit * (size - 2 * MARGIN)


def lonely(places):
    """The codes that are farthest from all others on the map."""
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return np.argsort(-apart.min(1))[:4]


def chosen(bench):
    return int(bench.page.locator("[data-number]").input_value())


def told(bench, code):
    """The numbers of the nearest codes, once the detail is about this one."""
    bench.page.locator("[data-detail=rows]").scroll_into_view_if_needed()
    bench.page.wait_for_function("code => document.querySelector('[data-detail=rows] b')?.textContent === code", arg=str(code))
    assert bench.page.locator("[data-detail=code]").inner_text() == str(code)
    return bench.page.locator("[data-detail=rows] b").all_inner_texts()


def test_nothing_is_asked_for_before_the_tab_is_opened(bench):
    asked = []
    bench.page.on("request", lambda request: asked.append(request.post_data or ""))
    bench.open("drawn.png", DRAWN, SIZE)
    bench.choose(7)
    bench.settle()
    assert asked and not any(name in data for data in asked for name in ("read_atlas", "read_code", "compare_picture"))
    open_tab(bench)
    assert any("read_code" in data for data in asked)


def test_each_code_lies_where_the_principal_plane_puts_it(opened, codebook):
    places = places_on_screen(opened, principal_map(codebook)[0])
    for code in lonely(places):
        opened.page.mouse.click(*places[code])
        assert chosen(opened) == code
        told(opened, code)


def test_without_an_atlas_too_the_detail_follows_the_canvas_and_the_canvas_the_detail(opened, codebook):
    assert "python -m vqcore.atlas" in opened.page.locator("[data-caption]").inner_text()
    assert opened.page.locator("[data-layout=neighbourhood]").is_disabled()
    opened.choose(11)
    distances = (codebook - codebook[11]).norm(dim=1)
    nearest = distances.argsort(stable=True)[:9].tolist()
    assert told(opened, 11) == [str(code) for code in nearest]
    texts = opened.page.locator("[data-detail=rows] span").all_inner_texts()
    assert texts[0] == "itself" and np.allclose([float(text) for text in texts[1:]], distances.sort().values[1:9], rtol=0.01)
    opened.page.locator("[data-detail=rows] button").nth(3).click()
    assert chosen(opened) == nearest[3]
    opened.page.locator(".stage > canvas").scroll_into_view_if_needed()
    opened.click_token(4, 4)
    told(opened, opened.tokens()[4, 4])


def test_arrows_go_from_code_to_code(opened, codebook):
    places = principal_map(codebook)[0]
    leftmost = int(places[:, 0].argmin())
    opened.choose(leftmost)
    opened.page.locator("[data-map]").focus()
    path = [leftmost]
    for _ in range(3):
        opened.page.keyboard.press("ArrowRight")
        path.append(chosen(opened))
    assert (np.diff(places[path, 0].numpy()) > 0).all()


def test_zooming_keeps_the_code_under_the_pointer_and_dragging_takes_it_along(opened, codebook):
    places = places_on_screen(opened, principal_map(codebook)[0])
    code = lonely(places)[0]
    x, y = places[code]
    label = opened.page.locator("[data-label]")

    def pointed(x, y):
        opened.page.mouse.move(x, y + 1)
        opened.page.mouse.move(x, y)
        return label.inner_text().split(",")[0] if label.is_visible() else None

    opened.page.mouse.click(x, y)
    opened.page.evaluate("window.turns = 0; addEventListener('wheel', () => window.turns++, true)")
    for _ in range(6):
        opened.page.mouse.wheel(0, -200)
    opened.page.wait_for_function("window.turns === 6")
    opened.settle()
    assert pointed(x, y) == f"code {code}"
    step = 150 if x < places[:, 0].mean() else -150
    assert pointed(x + step, y) != f"code {code}"
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x + step, y, steps=4)
    opened.page.mouse.up()
    assert pointed(x + step, y) == f"code {code}"
    opened.page.keyboard.press("0")
    assert pointed(x, y) == f"code {code}"


def test_the_stored_map_and_patches_are_shown(with_atlas, open_bench):
    bench = open_tab(open_bench())
    bench.page.wait_for_function("!document.querySelector('[data-layout=neighbourhood]').disabled")
    places = places_on_screen(bench, with_atlas.places)
    code = next(code for code in lonely(places) if with_atlas.counts[code])
    bench.page.mouse.click(*places[code])
    assert chosen(bench) == code
    told(bench, code)
    bench.page.locator("[data-detail=patches] canvas").nth(int(with_atlas.counts[code]) - 1).wait_for()
    middle = bench.page.evaluate(
        "[...document.querySelectorAll('[data-detail=patches] canvas')]"
        ".map((c) => [...c.getContext('2d').getImageData(37, 37, 1, 1).data].slice(0, 3))"
    )
    assert middle == [patch[12, 12].tolist() for patch in with_atlas.patches_of(code)]


def test_a_cell_of_the_heat_map_chooses_its_rows_code(opened):
    plot = opened.page.locator("#codebook-distances .js-plotly-plot")
    plot.wait_for()
    used = np.unique(opened.tokens())
    caption = opened.page.get_by_text("Distances between").inner_text()
    assert f"all {len(used)} codes of this picture" in caption
    x, y, codes = plot.evaluate(
        "g => { g.scrollIntoView({ block: 'center', behavior: 'instant' });"
        " const [a, b] = [g._fullLayout.xaxis, g._fullLayout.yaxis], box = g.getBoundingClientRect();"
        " return [box.x + a._offset + a.d2p(1), box.y + b._offset + b.d2p(2), g.calcdata[0][0].trace.customdata.map((r) => r[0])]; }"
    )
    assert sorted(codes) == used.tolist()
    opened.page.mouse.move(x - 3, y)
    opened.page.mouse.move(x, y)
    opened.page.wait_for_function("code => document.querySelector('.bench').bench.highlight === code", arg=codes[2])
    opened.page.mouse.click(x, y)
    opened.page.wait_for_function("code => document.querySelector('[data-number]').value === code", arg=str(codes[2]))


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_jumps_and_nothing_sticks_out(open_bench, width):
    bench = open_bench(width=width, new=True)
    bench.page.evaluate(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((e) => e.hadRecentInput || (shift += e.value)))"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    for name, content in (("Codebook", "#codebook-distances .js-plotly-plot"), ("Compare", "#comparison li.row dd")):
        bench.show_tab(name)
        bench.page.locator(content).first.wait_for()
        bench.settle()
        assert bench.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert bench.page.evaluate("shift") < 0.1
