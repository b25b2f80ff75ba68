"""What is done to many tokens at once, driven by hand and by keyboard."""

import json

import numpy as np
import pytest
import torch

import vqcore
from tests.browser.test_canvas import DRAWN, PICTURE, SIZE, png
from tests.tiny import draw_picture
from vqcore.tokenizers.pixels import to_pixels

pytestmark = pytest.mark.slow


@pytest.fixture
def drawn(shared_bench):
    """A picture of 20 × 16 tokens, and the tool that selects."""
    shared_bench.open("drawn.png", DRAWN, SIZE)
    shared_bench.use("select")
    return shared_bench


def edit(bench, name):
    if not bench.page.locator(f"[data-edit={name}]").is_visible():
        bench.page.locator(".edit summary").click()
    bench.page.locator(f"[data-edit={name}]").click()


def press(bench, *keys):
    bench.page.locator(".stage").focus()
    for key in keys:
        bench.page.keyboard.press(key)


def undo_brings_back(bench, tokens):
    press(bench, "Control+z")
    return (bench.tokens() == tokens).all() and bench.page.locator("[data-action=undo]").is_disabled()


def test_delete_fills_the_selection_in_one_step(drawn):
    tokens = drawn.tokens()
    drawn.choose(23)
    drawn.drag((3, 4), (7, 9))
    press(drawn, "Delete")
    expected = tokens.copy()
    expected[3:8, 4:10] = 23
    assert (drawn.tokens() == expected).all()
    assert undo_brings_back(drawn, tokens)


def test_the_selection_is_dragged_and_leaves_the_chosen_code(drawn):
    tokens = drawn.tokens()
    drawn.choose(23)
    drawn.drag((3, 4), (5, 6))
    drawn.drag((4, 5), (8, 11))
    expected = tokens.copy()
    expected[3:6, 4:7] = 23
    expected[7:10, 10:13] = tokens[3:6, 4:7]
    assert (drawn.tokens() == expected).all()
    press(drawn, "Control+ArrowRight")
    expected[7:10, 11:14] = tokens[3:6, 4:7]
    expected[7:10, 10] = 23
    assert (drawn.tokens() == expected).all()


@pytest.mark.parametrize("key, change", [("f", np.fliplr), ("Shift+F", np.flipud)])
def test_flips(drawn, key, change):
    tokens = drawn.tokens()
    drawn.drag((2, 3), (6, 12))
    press(drawn, key)
    expected = tokens.copy()
    expected[2:7, 3:13] = change(tokens[2:7, 3:13])
    assert (drawn.tokens() == expected).all()
    assert undo_brings_back(drawn, tokens)


def test_a_turn_goes_clockwise_and_four_are_none(drawn):
    tokens = drawn.tokens()
    drawn.drag((2, 3), (6, 7))
    press(drawn, "r")
    expected = tokens.copy()
    expected[2:7, 3:8] = np.rot90(tokens[2:7, 3:8], -1)
    assert (drawn.tokens() == expected).all()
    press(drawn, "r", "r", "r")
    assert (drawn.tokens() == tokens).all()


def test_tokens_are_pasted_into_another_picture(drawn):
    block = drawn.tokens()[2:5, 6:11]
    drawn.drag((2, 6), (4, 10))
    press(drawn, "Control+c")
    drawn.open("other.png", png(draw_picture(5, 96, 80)), "12 × 10 tokens")
    tokens = drawn.tokens()
    drawn.use("select")
    drawn.click_token(4, 9)
    edit(drawn, "paste")
    expected = tokens.copy()
    expected[4:7, 9:12] = block[:, :3]
    assert (drawn.tokens() == expected).all()
    assert undo_brings_back(drawn, tokens)


def test_what_is_pasted_where_it_was_is_told(drawn):
    drawn.drag((2, 6), (4, 10))
    press(drawn, "Control+c")
    edit(drawn, "paste")
    drawn.page.locator(".messages .note", has_text="row 2, column 6, where the same codes stood").wait_for()


def test_the_fields_of_the_edit_menu_show_their_numbers_whole(drawn):
    edit(drawn, "all")
    drawn.page.locator(".edit summary").click()
    field = drawn.page.locator(".edit [data-from]")
    field.fill("16383")
    assert field.evaluate("e => e.scrollWidth <= e.clientWidth && e.clientWidth >= 48")


def test_the_selection_grows_by_keyboard_and_escape_lets_it_go(drawn):
    tokens = drawn.tokens()
    drawn.click_token(5, 5)
    drawn.choose(23)
    press(drawn, "Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowUp", "Backspace")
    expected = tokens.copy()
    expected[5:7, 5:7] = 23
    assert (drawn.tokens() == expected).all()
    press(drawn, "Escape")
    drawn.page.locator(".edit summary").click()
    assert "nothing is selected" in drawn.page.locator("[data-scope]").inner_text()


def test_replace_and_swap_act_on_the_whole_picture_without_a_selection(drawn):
    tokens = drawn.tokens()
    a, b = np.argsort(np.bincount(tokens.ravel(), minlength=64))[-2:]
    drawn.page.locator(".edit summary").click()
    drawn.page.locator("[data-from]").fill(str(a))
    drawn.page.locator("[data-to]").fill(str(b))
    edit(drawn, "swap")
    swapped = np.where(tokens == a, b, np.where(tokens == b, a, tokens))
    assert (drawn.tokens() == swapped).all()
    drawn.page.locator(".edit summary").click()
    drawn.page.locator("[data-from]").fill(str(a))
    drawn.page.locator("[data-to]").fill(str(b))
    edit(drawn, "replace")
    assert (drawn.tokens() == np.where(swapped == a, b, swapped)).all()


def test_a_code_that_does_not_exist_is_refused(drawn):
    tokens = drawn.tokens()
    drawn.page.locator(".edit summary").click()
    drawn.page.locator("[data-from]").fill("64")
    edit(drawn, "replace")
    assert "0 to 63" in drawn.message()
    assert (drawn.tokens() == tokens).all()


def test_better_tokens_are_found_for_the_selection_and_told(drawn):
    tokens, error = drawn.tokens(), np.square(drawn.pixels() - PICTURE).mean()
    drawn.drag((0, 0), (7, 19))
    edit(drawn, "refine")
    drawn.page.get_by_text("with as many bits").wait_for()
    after = drawn.tokens()
    assert (after[8:] == tokens[8:]).all() and (after != tokens).any() and np.square(drawn.pixels() - PICTURE).mean() < error
    while drawn.page.locator("[data-action=undo]").is_enabled():
        drawn.page.locator("[data-action=undo]").click()
    assert (drawn.tokens() == tokens).all()


def test_without_an_original_there_is_nothing_to_be_nearer_to(drawn):
    document = drawn.document()
    drawn.open("again.json", json.dumps(document | {"original": None, "name": "again"}).encode())
    drawn.page.locator(".frames .frame").nth(2).wait_for()
    edit(drawn, "refine")
    assert "compares with the original" in drawn.message()


def test_a_shuffle_keeps_the_codes_and_the_rest(drawn):
    tokens = drawn.tokens()
    drawn.drag((0, 0), (7, 19))
    edit(drawn, "shuffle")
    after = drawn.tokens()
    assert (after[8:] == tokens[8:]).all() and (after != tokens).any()
    assert (np.sort(after[:8], axis=None) == np.sort(tokens[:8], axis=None)).all()
    assert undo_brings_back(drawn, tokens)


def test_noise_replaces_the_share_that_was_asked_for(drawn, tiny_folder):
    tokens = drawn.tokens()
    drawn.page.locator(".edit summary").click()
    drawn.page.locator("[data-share]").fill("50")
    edit(drawn, "noise")
    after = drawn.tokens()
    changed = (after != tokens).sum()
    assert (drawn.pixels() == to_pixels(vqcore.load(tiny_folder).decode([torch.from_numpy(after)[None]]))[0]).all()
    assert 140 <= changed <= 160  # 160 are drawn anew, one in 64 of which gets the code it had
    assert undo_brings_back(drawn, tokens)


def test_the_menu_fits_a_narrow_window(open_bench):
    bench = open_bench(400, 860)
    bench.page.locator(".edit summary").click()
    for part in (".edit > div", "[data-edit=swap]", "[data-edit=noise]"):
        box = bench.page.locator(part).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 400
