"""Two levels of tokens on the canvas."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from tests.browser.conftest import served
from tests.browser.test_canvas import png
from tests.browser.test_keeping import copied_link, wait_until_kept
from tests.browser.test_sample import TEXTS, SampleTab, hold, wait_asked
from tests.browser.test_sample_canvas import surprise, take_candidate, write
from tests.tiny import draw_picture
from vqcore.tokenizers.pixels import to_pixels, to_tensor

pytestmark = pytest.mark.slow

SIZE, COARSE_SIZE = "96 × 80 px, 24 × 20 tokens", "96 × 80 px, 12 × 10 tokens"


@pytest.fixture(scope="module")
def address(two_level, two_level_prior, tmp_path_factory):
    with served(tmp_path_factory.mktemp("two") / "log", VQ_MODEL=str(two_level), VQ_PRIORS=str(two_level_prior)) as address:
        yield address


@pytest.fixture
def bench(open_page, address):
    """The page with a drawn picture on the stage, its fine level at hand."""
    bench = open_page(address, first_size="114 × 76 tokens", f=4)
    bench.open("one.png", png(draw_picture(77, 96, 80)), SIZE)
    return bench


def use_level(bench, level):
    bench.page.locator(f"[data-level='{level}']").click()
    bench.f = (8, 4)[level]
    bench.wait_for_size((COARSE_SIZE, SIZE)[level])


def take_from(bench, name):
    bench.page.locator(".edit summary").click()
    bench.page.locator("[data-levels=from]").select_option(label=name)
    bench.page.locator("[data-levels=take]").click()


def drawn_layer(bench, name):
    """A layer's own pixels, once nothing is being asked of the server."""
    bench.settle()
    bench.page.wait_for_function("document.querySelector('[data-progress]').hidden")
    url = bench.page.evaluate("name => document.querySelector('.bench').bench.layers[name].toDataURL()", name)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def decoded(folder, grids):
    return to_pixels(vqcore.load(folder).decode([torch.from_numpy(np.ascontiguousarray(grid))[None] for grid in grids]))[0]


@pytest.mark.parametrize("level, row, column", [(0, 4, 5), (0, 9, 0), (1, 9, 11), (1, 0, 23)])
def test_a_stroke_on_either_level_repaints_exactly_what_it_reaches(bench, two_level, level, row, column):
    use_level(bench, level)
    grids, pixels = bench.grids(), bench.pixels()
    assert (pixels == decoded(two_level, grids)).all()
    code = int(grids[level][row, column] + 9) % (32, 64)[level]
    bench.choose(code)
    bench.use("paint")
    asked = []
    bench.page.on("request", lambda request: asked.append(request.post_data or ""))
    bench.click_token(row, column)
    expected = [grid.copy() for grid in grids]
    expected[level][row, column] = code
    after = bench.pixels()
    assert all((a == b).all() for a, b in zip(bench.grids(), expected))
    assert (after == decoded(two_level, expected)).all()
    changed = np.argwhere((after != pixels).any(2)) // bench.f
    reach = vqcore.load(two_level).levels[level].halo // (2, 1)[level]
    assert len(changed) and abs(changed - [row, column]).max() <= reach
    assert any("region" in data for data in asked)
    bench.act("undo")
    assert all((a == b).all() for a, b in zip(bench.grids(), grids)) and (bench.pixels() == pixels).all()


def test_undo_goes_back_through_both_levels(bench):
    grids = bench.grids()
    bench.use("paint")
    for level, place in ((0, (2, 3)), (1, (15, 8))):
        use_level(bench, level)
        bench.choose(int(grids[level][place] + 1) % 32)
        bench.click_token(*place)
    assert [(a != b).sum() for a, b in zip(bench.grids(), grids)] == [1, 1]
    bench.act("undo")
    assert [(a != b).sum() for a, b in zip(bench.grids(), grids)] == [1, 0]
    bench.act("undo")
    assert [(a != b).sum() for a, b in zip(bench.grids(), grids)] == [0, 0]


def test_palette_inspector_and_histogram_are_those_of_the_level_at_hand(bench):
    grids = bench.grids()
    for level, size in ((0, 32), (1, 64)):
        use_level(bench, level)
        place = (3, 3)
        bench.click_token(*place)
        assert bench.page.locator("[data-number]").input_value() == str(grids[level][place])
        bench.page.get_by_text(f"of {grids[level].size} tokens").wait_for()
        bench.page.locator("#figures").get_by_text(f"of {size} of the {('coarse', 'fine')[level]} level").wait_for()
        bench.page.locator("[data-number]").fill(str(size))
        bench.page.locator("[data-number]").press("Enter")
        assert f"0 to {size - 1}" in bench.message()


def test_a_level_alone_is_the_picture_with_the_other_all_the_same(bench, two_level):
    whole = bench.look()
    bench.page.locator("button[data-layer=alone]").click()
    for level, name in ((1, "Fine"), (0, "Coarse")):
        use_level(bench, level)
        bench.page.get_by_role("button", name=f"{name} alone").wait_for()
        grids = bench.grids()
        for other, each in enumerate(vqcore.load(two_level).levels):
            if other != level:
                grids[other][:] = int(each.usage.argmax())
        assert (drawn_layer(bench, "alone") == decoded(two_level, grids)).all()
        assert (bench.look() != whole).any()
    bench.choose(int(bench.grids()[0][4, 5] + 3) % 32)
    bench.use("paint")
    bench.click_token(4, 5)
    changed = bench.grids()
    changed[1][:] = grids[1]
    assert (drawn_layer(bench, "alone") == decoded(two_level, changed)).all()


def test_the_coarse_grid_of_one_picture_goes_with_the_fine_grid_of_another(bench, two_level):
    other = vqcore.load(two_level).encode(to_tensor(draw_picture(5, 96, 80)))[0][0].numpy()
    grids = bench.grids()
    bench.open("two.png", png(draw_picture(5, 96, 80)), SIZE)
    bench.open("small.png", png(draw_picture(6, 64, 80)), "16 × 20 tokens")
    bench.page.get_by_role("button", name="Show one").click()
    bench.wait_for_size(SIZE)
    use_level(bench, 0)
    take_from(bench, "small")
    assert "small has 8 × 10 tokens here, and this one 12 × 10" in bench.message()
    take_from(bench, "two")
    mixed = bench.grids()
    assert (mixed[0] == other).all() and (mixed[1] == grids[1]).all()
    assert (bench.pixels() == decoded(two_level, mixed)).all()
    bench.act("undo")
    assert (bench.grids()[0] == grids[0]).all()


def test_a_document_holds_both_grids_and_codes_of_one_level_do_not_go_into_the_other(bench):
    use_level(bench, 0)
    bench.page.locator(".edit summary").click()
    bench.page.locator("[data-edit=shuffle]").click()
    grids, pixels, saved = bench.grids(), bench.pixels(), bench.save("document")
    bench.open("again.json", saved)
    bench.wait_for_size(SIZE)
    assert all((a == b).all() for a, b in zip(bench.grids(), grids)) and (bench.pixels() == pixels).all()
    bench.page.locator(".edit summary").click()
    bench.page.locator("[data-edit=copy]").click()
    use_level(bench, 0)
    bench.page.locator(".edit summary").click()
    bench.page.locator("[data-edit=paste]").click()
    assert "of the fine level of two-level; in the coarse level" in bench.message()


def test_both_levels_outlive_a_reload_with_their_history(bench):
    use_level(bench, 0)
    bench.use("select")
    bench.drag((1, 2), (3, 5))
    grids = bench.grids()
    bench.page.locator(".stage").focus()
    bench.page.keyboard.press("Delete")
    filled = bench.grids()
    assert (filled[0] != grids[0]).any() and (filled[1] == grids[1]).all()
    wait_until_kept(bench)
    bench.page.reload()
    bench.wait_for_size(SIZE)
    assert all((a == b).all() for a, b in zip(bench.grids(), filled))
    bench.act("undo")
    assert all((a == b).all() for a, b in zip(bench.grids(), grids))


@pytest.mark.parametrize("level, start, end", [(0, (2, 3), (7, 9)), (1, (5, 7), (15, 18))])
def test_a_link_holds_the_selected_part_of_both_grids(bench, open_page, address, level, start, end):
    use_level(bench, level)
    bench.use("select")
    bench.drag(start, end)
    link, grids = copied_link(bench), bench.grids()
    other = open_page(address, first_size="114 × 76 tokens", f=4)
    other.page.goto("about:blank")
    other.page.goto(link)
    other.wait_for_size("56 × 48 px, 14 × 12 tokens")
    coarse, fine = other.grids()
    assert (coarse == grids[0][2:8, 3:10]).all() and (fine == grids[1][4:16, 6:20]).all()


def pixels_of(canvas):
    """What a canvas in the page shows: uint8 [height, width, 3]."""
    url = canvas.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def test_a_prior_of_two_levels_judges_both_and_writes_coarse_tokens_with_the_fine_ones_under_them(bench, two_level_prior):
    prior, grids = vqcore.load_prior(two_level_prior), bench.grids()
    judged = prior.bits([torch.from_numpy(grid[None, : 4 * scale, : 4 * scale].copy()) for grid, scale in zip(grids, (1, 2))])
    bench.page.locator(".segments [data-layer=surprise]").click()
    assert surprise(bench, (20, 24))[:8, :6] == pytest.approx(judged[1][0, :, :6].numpy(), abs=1e-4)
    use_level(bench, 0)
    assert surprise(bench, (10, 12))[:4, :3] == pytest.approx(judged[0][0, :, :3].numpy(), abs=1e-4)
    bench.use("select")
    bench.drag((2, 3), (3, 4))
    write(bench, "rewrite")
    take_candidate(bench, 1)
    for grid, before, scale in zip(bench.grids(), grids, (1, 2)):
        changed = np.argwhere(grid != before)
        assert len(changed) and (changed >= np.array([2, 3]) * scale).all() and (changed < np.array([4, 5]) * scale).all()
    assert (bench.pixels() == decoded(vqcore.load_prior(two_level_prior).tokenizer, bench.grids())[:80, :96]).all()


def test_a_prior_of_two_levels_shows_its_coarse_tokens_while_it_writes_them(bench, two_level, two_level_prior):
    coarse = vqcore.load_prior(two_level_prior).sample(8, TEXTS, seed=0)[0].flatten(1)
    looks = vqcore.load(two_level).levels[0].appearance
    tab = SampleTab(bench)
    tab.wait_told("Click one")
    hold(tab.page, "write_tokens", 1)
    tab.run()
    tab.wait_told("Token 10 of 80")
    wait_asked(tab.page, 2)
    tab.run()
    assert (tab.pictures()[:, :8, 8:16] == looks[coarse[:, 1]]).all()
    tab.page.evaluate("window.passing = Infinity")
    tab.show("watch")
    tab.pause_at(6)
    page, where = tab.root.locator("[data-page]"), tab.root.locator("[data-where]")
    middles = (np.arange(32) * 27.5 + 13).astype(int)  # of the picture's pixels on the page
    squares = pixels_of(page)[middles][:, middles].reshape(4, 8, 4, 8, 3).swapaxes(1, 2).reshape(16, 8, 8, 3)
    assert (squares[:6] == looks[coarse[0, :6]]).all() and (squares[7:] == 0).all()
    bar = tab.root.locator("[data-bars] button").first
    assert (pixels_of(bar.locator("canvas")) == looks[int(bar.locator("b").inner_text())]).all()
    assert "row 1, column 2 of the coarse grid" in where.inner_text()
    side = page.bounding_box()["width"] / 8
    for shown, (row, column), seen in ((6, (1, 5), 2), (20, (0, 2), 18), (20, (7, 7), 15), (6, (7, 7), 6)):
        tab.move_to(shown)
        page.click(position={"x": (column + 0.5) * side, "y": (row + 0.5) * side})
        tab.wait_told(f": {seen} of 80")
    assert "row 1, column 2 of the coarse grid" in where.inner_text()


def test_models_of_one_level_have_no_switch(open_bench):
    page = open_bench().page
    for part in ("[data-levels=choice]", "button[data-layer=alone]", "[data-levels=mix]"):
        assert page.locator(part).is_hidden()
