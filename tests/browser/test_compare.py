"""The Compare tab: every figure and picture is the tokenizer's own."""

import csv
import io
import json

import numpy as np
import pytest

import vqcore
from tests.browser.test_canvas import DRAWN, PICTURE, SIZE, png
from vqcore.study.comparison import compare, most_used

pytestmark = pytest.mark.slow

PIXELS = "(c) => [c.width, c.height, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"


def row(bench, label):
    """The row of a setting, once it is filled."""
    found = bench.page.locator("#comparison li.row").filter(has=bench.page.get_by_role("heading", name=label, exact=True))
    found.locator("dd").first.wait_for()
    return found


def frame(found, name):
    """Its picture of a name: uint8 [H, W, 3]."""
    width, height, *values = found.locator(".frame", has_text=name).locator("canvas").evaluate(PIXELS)
    return np.array(values, np.uint8).reshape(height, width, 4)[..., :3]


def figures(found):
    return dict(zip(found.locator("dt").all_inner_texts(), found.locator("dd").all_inner_texts()))


def add(bench, **choice):
    for name, value in choice.items():
        bench.page.locator(f"[data-add={name}]").select_option(value)
    bench.page.locator("[data-adder] [type=submit]").click()


@pytest.fixture
def opened(bench):
    bench.open("drawn.png", DRAWN, SIZE)
    bench.page.locator("#benches").get_by_role("tab", name="Compare").click()
    return bench


def test_a_row_is_what_the_tokenizer_makes_of_the_original_beside_other_tokenizers(opened, tiny_folder):
    found, result = row(opened, "tiny"), compare(vqcore.load(tiny_folder), PICTURE)
    assert (frame(found, "Rebuilt") == result.rebuilt).all()
    error = abs(result.rebuilt.astype(int) - PICTURE).mean(2)
    assert np.corrcoef(error.ravel(), frame(found, "Error").sum(2, dtype=int).ravel())[0, 1] > 0.9
    told = figures(found)
    assert told["Tokens"] == "320" and told["Bits a pixel"] == f"{320 * 6 / PICTURE[..., 0].size:.4f}"
    assert told["PSNR"] == f"{result.psnr:.2f} dB" and told["SSIM"] == f"{result.ssim:.4f}"
    tokens, colours = result.tokens[0].numpy(), frame(found, "Tokens")[4::8, 4::8]
    assert len({(code, *colour) for code, colour in zip(tokens.ravel(), map(tuple, colours.reshape(-1, 3)))}) == len(np.unique(tokens))
    assert "photos" in opened.page.locator("#comparison h3").all_inner_texts()
    assert "fashion" not in opened.page.locator("[data-add=model]").inner_text()
    assert opened.page.locator("[data-about]").inner_text() == "drawn, 160 × 128 pixels, compared with its original"


def test_settings_are_added_and_left_out(opened, tiny_folder):
    row(opened, "tiny")
    add(opened, codes="16")
    tokenizer = vqcore.load(tiny_folder)
    found, result = row(opened, "tiny, 16 codes"), compare(most_used(tokenizer, 16)[0], PICTURE)
    assert (frame(found, "Rebuilt") == result.rebuilt).all() and figures(found)["Size"] == "0.16 KB"
    add(opened, codes="64", scale="0.5")
    found, result = row(opened, "tiny, 50 % size"), compare(tokenizer, PICTURE, 0.5)
    assert (frame(found, "Rebuilt") == result.rebuilt).all() and figures(found)["Tokens"] == "80"
    opened.page.get_by_label("Leave out tiny, 16 codes").click()
    assert "tiny, 16 codes" not in opened.page.locator("#comparison h3").all_inner_texts()
    assert "tiny, 16 codes" not in opened.page.get_by_label("Picture on the left").inner_text()


def test_up_to_eight_stand_side_by_side_in_a_table_that_is_saved_as_csv(opened, tiny_folder):
    row(opened, "tiny")
    opened.page.locator("[data-add-all]").click()
    add(opened, model="tiny", codes="64", scale="0.5")
    headings = opened.page.locator("#comparison h3")
    names = headings.all_inner_texts()[1:]  # after the table's own
    assert {"tiny", "photos", "photos-sharp", "photos-small", "photos-2level", "scenes", "tiny, 50 % size"} <= set(names)
    assert len(names) == 8
    add(opened, model="tiny", codes="16", scale="0.5")
    assert "8 are side by side" in opened.page.locator("#comparison [data-problem]").inner_text()
    assert len(headings.all_inner_texts()) == 9
    table = opened.page.locator("[data-table]")
    opened.page.wait_for_function("document.querySelectorAll('[data-table] tbody td.wide').length === 0")
    with opened.page.expect_download() as saved:
        table.locator("[data-save-csv]").click()
    assert saved.value.suggested_filename == "drawn compared.csv"
    lines = list(csv.DictReader(io.StringIO(saved.value.path().read_text("utf-8"))))
    assert [line["tokenizer"] for line in lines] == names and len(lines) == table.locator("tbody tr").count() == 8
    own, two = (next(line for line in lines if line["tokenizer"] == name) for name in ("tiny", "photos-2level"))
    result = compare(vqcore.load(tiny_folder), PICTURE)
    assert (own["codes"], own["pixels a token"], own["tokens"], own["bits"]) == ("64", "8x8", "320", "1920")
    assert float(own["PSNR, dB"]) == result.psnr and float(own["to encode, ms"]) > 0 and float(own["to decode, ms"]) > 0
    assert (two["codes"], two["pixels a token"]) == ("512 + 512", "8x8 + 4x4")
    shown = table.locator("tbody tr").first.inner_text().split("\t")
    assert shown[3] == "320" and shown[6] == f"{result.psnr:.2f}"
    opened.page.get_by_label("Leave out photos-small").click()
    assert table.locator("tbody tr").count() == 7 and opened.page.locator("#comparison [data-problem]").is_hidden()


def test_any_two_pictures_meet_behind_the_curtain(opened, tiny_folder):
    found = row(opened, "tiny")
    result = compare(vqcore.load(tiny_folder), PICTURE)

    def sides():
        pixels = opened.page.locator("[data-box] canvas").evaluate_all(f"(all) => all.map({PIXELS})")
        return [np.array(p[2:], np.uint8).reshape(p[1], p[0], 4)[..., :3] for p in pixels]

    left, right = sides()
    assert (left == PICTURE).all() and (right == result.rebuilt).all()
    assert opened.page.get_by_label("Picture on the right").input_value() == "on the canvas"
    found.locator("button.frame", has_text="Rebuilt").click(modifiers=["Shift"])
    opened.page.get_by_label("Picture on the right").select_option("original")
    left, right = sides()
    assert (left == result.rebuilt).all() and (right == PICTURE).all()
    handle, box = opened.page.locator("[data-handle]"), opened.page.locator("[data-box]")
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    opened.page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    opened.page.mouse.down()
    opened.page.mouse.move(place["x"] + place["width"] * 0.25, place["y"] + place["height"] / 2, steps=3)
    opened.page.mouse.up()
    assert handle.get_attribute("aria-valuenow") == "25"
    opened.page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "30"
    cut = handle.bounding_box()
    assert cut["x"] + cut["width"] / 2 == pytest.approx(place["x"] + 0.3 * place["width"], abs=1)


def test_what_is_seen_of_one_picture_is_seen_of_all(opened):
    found = row(opened, "tiny")
    zooms = "all => [...new Set(all.map((each) => new DOMMatrix(getComputedStyle(each).transform).a))]"
    pictures = opened.page.locator("#comparison :is(.holder, .box) canvas")
    opened.page.locator("#comparison [data-zoom=closer]").click()
    assert pictures.evaluate_all(zooms) == [1.5]
    right, rebuilt = opened.page.get_by_label("Picture on the right").input_value(), found.locator("button.frame", has_text="Rebuilt")
    rebuilt.scroll_into_view_if_needed()
    place = rebuilt.locator(".holder").bounding_box()
    before = opened.page.locator(".comparison").evaluate("e => Number(e.style.getPropertyValue('--x'))")
    opened.page.mouse.move(place["x"] + 60, place["y"] + 30)
    opened.page.mouse.down()
    opened.page.mouse.move(place["x"] + 30, place["y"] + 30, steps=3)
    opened.page.mouse.up()
    after = opened.page.locator(".comparison").evaluate("e => Number(e.style.getPropertyValue('--x'))")
    assert after == pytest.approx(before + 30 / place["width"] / 1.5, abs=0.01)
    assert opened.page.get_by_label("Picture on the right").input_value() == right, "a drag is no click"
    opened.page.locator("#comparison [data-zoom=fit]").click()
    assert pictures.evaluate_all(zooms) == [1]


def test_the_rows_follow_the_canvas_and_say_when_there_is_no_original(opened):
    row(opened, "tiny")
    document = opened.document() | {"original": None, "name": "alone"}
    rebuilt = opened.pixels()
    opened.open("alone.json", json.dumps(document).encode(), SIZE)
    about = opened.page.locator("[data-about]")
    about.get_by_text("since its original isn’t here").wait_for()
    assert about.inner_text().startswith("alone, 160 × 128 pixels")
    left = opened.page.locator("[data-box] canvas").first.evaluate(PIXELS)
    assert (np.array(left[2:]).reshape(128, 160, 4)[..., :3] == rebuilt).all()
    row(opened, "tiny")


def test_what_can_not_be_compared_is_said_in_its_row(opened):
    row(opened, "tiny")
    opened.open("small.png", png(PICTURE[:24, :24]), "24 × 24 px")
    opened.page.locator("[data-about]").get_by_text("small, 24 × 24 pixels").wait_for()
    add(opened, codes="64", scale="0.25")
    opened.page.locator("#comparison li.row .problem", has_text="smaller than a token").wait_for()
    assert figures(row(opened, "tiny"))["Tokens"] == "9"
