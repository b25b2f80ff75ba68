import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from tests.tiny import draw_picture
from vqcore.metrics import psnr, ssim
from vqcore.tokenizers.pixels import to_pixels, to_tensor


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


PICTURE = draw_picture(77)
DRAWN = png(PICTURE)
SIZE = "160 × 128 px, 20 × 16 tokens"


@pytest.fixture
def drawn(shared_bench):
    """The page with a drawn picture of 20 × 16 tokens on the stage."""
    shared_bench.open("drawn.png", DRAWN, SIZE)
    return shared_bench


def test_an_upload_is_tokenized_and_shown(drawn, tiny_folder):
    tokenizer = vqcore.load(tiny_folder)
    tokens = tokenizer.encode(to_tensor(PICTURE))
    assert (drawn.tokens() == tokens[0][0].numpy()).all()
    assert (drawn.pixels() == to_pixels(tokenizer.decode(tokens))[0]).all()
    assert drawn.page.locator(".frames .frame").count() == 2


@pytest.mark.parametrize("row, column", [(7, 9), (0, 0), (15, 19)])
def test_a_painted_token_changes_pixels_within_its_halo_only(drawn, tiny_folder, row, column):
    tokenizer = vqcore.load(tiny_folder)
    tokens, pixels = drawn.tokens(), drawn.pixels()
    code = (tokens[row, column] + 9) % 64
    drawn.choose(code)
    drawn.use("paint")
    drawn.click_token(row, column)
    expected = tokens.copy()
    expected[row, column] = code
    assert (drawn.tokens() == expected).all()
    after = drawn.pixels()
    changed = np.argwhere((after != pixels).any(2)) // 8
    assert len(changed) and abs(changed - [row, column]).max() <= tokenizer.halo
    assert (after == to_pixels(tokenizer.decode([torch.from_numpy(expected)[None]]))[0]).all()


def test_undo_and_redo_bring_tokens_and_pixels_back(drawn):
    tokens, pixels = drawn.tokens(), drawn.pixels()
    drawn.choose(int(tokens[5, 5] + 3) % 64)
    drawn.use("paint")
    drawn.drag((5, 5), (5, 12))
    painted, painted_pixels = drawn.tokens(), drawn.pixels()
    assert (painted[5, 5:13] == (tokens[5, 5] + 3) % 64).all()
    drawn.act("undo")
    assert (drawn.tokens() == tokens).all() and (drawn.pixels() == pixels).all()
    drawn.page.keyboard.press("Control+Shift+z")
    assert (drawn.tokens() == painted).all() and (drawn.pixels() == painted_pixels).all()
    drawn.page.keyboard.press("Control+z")
    assert (drawn.tokens() == tokens).all()
    assert drawn.page.locator("[data-action=undo]").is_disabled()


def test_a_click_picks_the_code_and_the_readout_tells_it(drawn):
    tokens = drawn.tokens()
    drawn.click_token(4, 11)
    facts = {name: drawn.page.locator(f".readout [data-fact={name}]").inner_text() for name in ("row", "column", "code", "count")}
    code = tokens[4, 11]
    assert facts == {"row": "4", "column": "11", "code": str(code), "count": str((tokens == code).sum())}
    assert drawn.page.locator("[data-number]").input_value() == str(code)


def test_painting_works_by_keyboard(drawn):
    tokens = drawn.tokens()
    drawn.click_token(3, 3)
    drawn.choose(int(tokens[3, 4] + 1) % 64)
    drawn.page.locator(".stage").focus()
    drawn.page.keyboard.press("b")
    drawn.page.keyboard.press("ArrowRight")
    drawn.page.keyboard.press("Enter")
    assert np.argwhere(drawn.tokens() != tokens).tolist() == [[3, 4]]


def test_a_finger_paints_and_a_second_one_takes_its_stroke_back(bench):
    drawn = bench  # not the one that tests share: it has fingers from here on
    drawn.open("drawn.png", DRAWN, SIZE)
    tokens = drawn.tokens()
    drawn.choose(int(tokens[6, 5] + 1) % 64)
    drawn.use("paint")
    touch = drawn.page.context.new_cdp_session(drawn.page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def fingers(kind, *places):
        points = [dict(zip("xy", drawn.screen_place(*place)), id=number) for number, place in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for kind, places in (("touchStart", [(6, 5)]), ("touchMove", [(6, 8)]), ("touchEnd", [])):
        fingers(kind, *places)
    painted = drawn.tokens()
    assert (painted[6, 5:9] == (tokens[6, 5] + 1) % 64).all() and (np.delete(painted, 6, 0) == np.delete(tokens, 6, 0)).all()
    for kind, places in (("touchStart", [(9, 4)]), ("touchMove", [(9, 6)]), ("touchStart", [(9, 6), (3, 9)]), ("touchEnd", [])):
        fingers(kind, *places)
    assert (drawn.tokens() == painted).all()


def test_layers_show_different_things(drawn):
    seen = []
    for layer in ("original", "rebuilt", "codes", "error"):
        drawn.page.locator(f".segments [data-layer={layer}]").click()
        assert drawn.page.locator(f".segments [data-layer={layer}]").get_attribute("aria-pressed") == "true"
        seen.append(drawn.look())
    assert min(abs(a - b).mean() for i, a in enumerate(seen) for b in seen[:i]) > 2


def test_the_two_colourings_of_the_codes_differ(drawn):
    drawn.page.locator(".segments [data-layer=codes]").click()
    distinct = drawn.look()
    drawn.page.locator("[data-colouring=appearance]").click()
    assert abs(drawn.look() - distinct).mean() > 5


def test_fading_mixes_the_layer_with_the_one_below(drawn):
    drawn.page.locator(".segments [data-layer=codes]").click()
    full = drawn.look()
    drawn.page.locator("[data-fade]").evaluate("e => { e.value = 0; e.dispatchEvent(new Event('input')) }")
    none = drawn.look()
    drawn.page.locator(".segments [data-layer=original]").click()
    drawn.page.locator("[data-fade]").evaluate("e => { e.value = 100; e.dispatchEvent(new Event('input')) }")
    assert abs(none - full).mean() > 5 and abs(none - drawn.look()).mean() < 1


@pytest.mark.parametrize("name, data, words", [
    ("broken.png", DRAWN[:150], "ends too early"),
    ("empty.png", b"", "empty"),
    ("letter.txt", b"Dear model,", "not a picture"),
    ("dot.png", png(PICTURE[:1, :1]), "smaller than one token"),
    ("cut.json", b'{"version": 1, "grids": [', "cut short"),
    ("other.json", b'{"hello": 1}', "token document"),
])
def test_a_bad_file_is_explained_and_nothing_is_lost(drawn, name, data, words):
    tokens = drawn.tokens()
    drawn.open(name, data)
    assert words in drawn.message()
    assert (drawn.tokens() == tokens).all() and drawn.page.locator(".frames .frame").count() == 2
    drawn.open("again.png", png(draw_picture(5, 96, 80)), "12 × 10 tokens")


def test_what_the_browser_can_draw_and_the_server_can_not_read_is_drawn_first(drawn):
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="20" height="20" fill="#c00"/></svg>'
    drawn.page.locator("[data-chooser]").set_input_files({"name": "flag.svg", "mimeType": "image/svg+xml", "buffer": svg})
    drawn.wait_for_size("1024 × 512 px")


def test_errors_stay_till_they_are_read_and_notes_go_with_their_picture(drawn):
    messages = drawn.page.locator(".messages li")
    for name in ("one", "two", "three", "four", "four"):
        drawn.open(f"{name}.txt", b"Dear model,")
        drawn.page.locator(".messages", has_text=f"{name}.txt: ").wait_for()
    drawn.page.locator(".frame:last-child .remove").click()
    drawn.page.locator(".messages .note", has_text="Removed drawn").wait_for()
    assert messages.count() == 5
    drawn.open("again.png", png(draw_picture(5, 96, 80)), "12 × 10 tokens")
    assert messages.count() == drawn.page.locator(".messages [role=alert]").count() == 4


def test_a_file_is_named_once_where_it_can_not_be_opened(drawn):
    drawn.open("dot.png", png(PICTURE[:1, :1]))
    assert drawn.message().count("dot") == 1


def test_a_question_without_an_answer_is_given_up(drawn):
    asking = "document.querySelector('.bench').bench.server.ask('nonesuch', {}, { patient: true }).catch(({ message }) => message)"
    assert "no nonesuch" in drawn.page.evaluate(asking)


def test_a_picture_of_four_hundred_million_pixels_is_refused(drawn):
    drawn.open("huge.png", png(np.zeros((20_000, 20_000), bool)))
    assert "million pixels" in drawn.message()


def test_a_large_picture_is_scaled_and_the_page_says_so(bench):
    bench.open("large.png", png(draw_picture(4, 1600, 800)), "1448 × 724 px")
    assert "scaled to 1448×724" in bench.page.locator(".messages [role=status]").last.inner_text()


def test_a_document_goes_out_and_comes_back(drawn):
    tokens, pixels, saved = drawn.tokens(), drawn.pixels(), drawn.save("document")
    drawn.page.locator(".frames .frame").first.locator("button").first.click()
    drawn.wait_for_size("57 × 38 tokens")
    drawn.open("mine.json", saved, SIZE)
    assert (drawn.tokens() == tokens).all() and (drawn.pixels() == pixels).all()


@pytest.mark.parametrize("spoil, words", [
    (lambda d: d["grids"][0].update(data=d["grids"][0]["data"][:-8]), "cut short"),
    (lambda d: d["grids"][0].update(data="//8A" + d["grids"][0]["data"][4:]), "out of range"),
    (lambda d: d.update(model="no-such-model"), "no model"),
    (lambda d: d.update(version=99), "version"),
    (lambda d: d.update(width=10**9), "width"),
])
def test_a_spoilt_document_is_explained(drawn, spoil, words):
    document = drawn.document()
    spoil(document)
    drawn.open("spoilt.json", json.dumps(document).encode())
    assert words in drawn.message()
    assert drawn.page.locator(".frames .frame").count() == 2


def test_a_hostile_name_stays_text(bench):
    name = "<img src=x onerror=alert(1)>${alert(2)}{{this}}\u202e.png"
    bench.open(name, DRAWN, SIZE)
    bench.open(name, b"nothing")
    assert "${alert(2)}{{this}}" in bench.message()
    assert bench.page.locator("img[src=x]").count() == 0


def test_grid_and_usage_go_out_as_csv_and_npz(drawn):
    tokens = drawn.tokens()
    rows = drawn.save("grid.csv").decode().splitlines()
    assert rows[0] == "level,row,column,code" and rows[1 + 3 * 20 + 5] == f"0,3,5,{tokens[3, 5]}" and len(rows) == 321
    with np.load(io.BytesIO(drawn.save("npz"))) as arrays:
        assert (arrays["grid_0"] == tokens).all() and (arrays["usage_0"] == np.bincount(tokens.ravel(), minlength=64)).all()


def test_figures_and_histogram_follow_the_picture(drawn):
    figures = drawn.page.locator("#figures")
    figures.get_by_text("20 columns").wait_for()
    before = figures.inner_text()
    assert "320" in before and "PSNR" in before and "SSIM" in before
    plot = drawn.page.locator("#usage-histogram .js-plotly-plot")
    plot.wait_for()
    drawn.use("paint")
    drawn.drag((2, 2), (12, 17))
    drawn.page.wait_for_function("before => document.querySelector('#figures').innerText !== before", arg=before)


def test_the_psnr_on_the_page_is_that_of_the_pixels(drawn):
    rebuilt = drawn.pixels().astype(np.uint8)
    figures = drawn.page.locator("#figures")
    figures.get_by_text("20 columns").wait_for()
    assert f"{psnr(PICTURE, rebuilt):.2f} dB" in figures.inner_text()
    assert f"{ssim(PICTURE, rebuilt):.4f}" in figures.inner_text()


def test_pointing_at_the_histogram_shows_where_the_code_is(drawn):
    drawn.page.locator("#figures").get_by_text("20 columns").wait_for()
    plot = drawn.page.locator("#usage-histogram .nsewdrag")
    plot.scroll_into_view_if_needed()
    plot.hover()
    before = drawn.page.locator(".stage > canvas").evaluate("c => c.toDataURL()")
    box = plot.bounding_box()
    drawn.page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2, steps=3)
    drawn.page.wait_for_function("before => document.querySelector('.stage > canvas').toDataURL() !== before", arg=before)


@pytest.mark.parametrize("width", [400, 1440])
def test_the_page_fits_its_window_and_holds_still_while_loading(open_bench, width):
    bench = open_bench(width, 860, new=True)
    assert bench.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
    for part in (".bar .primary", "[data-layer=error]", ".stage"):
        box = bench.page.locator(part).first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    shift = """() => new Promise(done => {
        let sum = 0;
        new PerformanceObserver(list => list.getEntries().forEach(e => e.hadRecentInput || (sum += e.value)))
            .observe({type: 'layout-shift', buffered: true});
        setTimeout(() => done(sum), 300);
    })"""
    assert bench.page.evaluate(shift) < 0.1


@pytest.mark.slow
def test_two_people_do_not_see_each_other(open_bench):
    mine, yours = open_bench(), open_bench()
    mine.open("secret.png", DRAWN, SIZE)
    assert yours.page.locator(".frames .frame").count() == 1
    yours.page.reload()
    yours.wait_for_size("57 × 38 tokens")
    assert "secret" not in yours.page.content()
