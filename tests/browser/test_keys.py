"""The list of keys, and that it is complete."""

import re
from pathlib import Path

import pytest

JS = Path(__file__).parents[2] / "demo/canvas/js"


def test_the_list_opens_by_key_and_by_button_and_closes(shared_bench):
    keys = shared_bench.page.get_by_role("dialog", name="Keys")
    shared_bench.page.keyboard.press("?")
    assert keys.is_visible()
    shared_bench.page.keyboard.press("Escape")
    assert not keys.is_visible()
    shared_bench.act("keys")
    keys.get_by_role("button", name="Close").click()
    assert not keys.is_visible()


def press(bench, **event):
    bench.page.evaluate(
        "event => document.querySelector('.stage').dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, ...event }))", event
    )


@pytest.mark.parametrize("key, code, shift, tool", [
    ("b", "KeyB", False, "paint"), ("и", "KeyB", False, "paint"), ("β", "KeyB", False, "paint"),  # Latin, Cyrillic, Greek
    ("B", "KeyB", False, "paint"), ("M", "KeyM", True, "select"),  # Caps Lock, Shift
    ("v", "Period", False, "pick"),  # Dvorak: the letter, not the place
])
def test_letters_act_whatever_the_keyboard(shared_bench, key, code, shift, tool):
    shared_bench.use("pan")
    press(shared_bench, key=key, code=code, shiftKey=shift)
    assert shared_bench.page.locator(".bench").get_attribute("data-tool") == tool


def test_a_step_is_taken_back_under_another_alphabet(shared_bench):
    tokens = shared_bench.tokens()
    shared_bench.click_token(3, 3)
    shared_bench.choose((tokens[3, 3] + 5) % 64)
    shared_bench.page.locator(".stage").focus()
    shared_bench.page.keyboard.press("Enter")
    assert (shared_bench.tokens() != tokens).sum() == 1
    press(shared_bench, key="я", code="KeyZ", ctrlKey=True)
    assert (shared_bench.tokens() == tokens).all()


def test_escape_closes_a_menu_and_a_command_gives_the_keys_to_the_picture(shared_bench):
    page = shared_bench.page
    menu, has_focus = page.locator(".edit"), "selector => document.activeElement.matches(selector)"
    menu.locator("summary").click()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None and page.evaluate(has_focus, ".edit summary")
    menu.locator("summary").click()
    menu.locator("[data-edit=all]").click()
    assert page.evaluate(has_focus, ".stage")
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelector('.bench').bench.selection.area") is None


def test_the_picture_has_a_ring_for_who_comes_by_key_and_none_for_a_pointer(shared_bench):
    page = shared_bench.page
    has_ring = lambda: page.locator(".stage").evaluate("stage => stage.matches(':focus-visible')")
    page.locator(".skip").focus()
    shared_bench.click_token(2, 2)
    assert not has_ring()
    page.locator(".skip").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.locator(".stage").focus()
    assert has_ring()


def test_the_first_tab_stop_leads_past_the_canvas(shared_bench):
    page = shared_bench.page
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.tabId") == "tokens"


def test_every_letter_that_acts_is_on_the_list(shared_bench):
    shared_bench.act("keys")
    listed = {key.upper() for key in shared_bench.page.locator(".keys kbd").all_inner_texts()}
    acting = set(re.findall(r"^    (\w): \(\) =>", (JS / "keys.js").read_text(), re.MULTILINE))
    tools = [tool.read_text() for tool in (JS / "tools").glob("*.js")]
    taking = set("".join(re.findall(r"^  (?:key|holdKey): \"(\w+)\"", "".join(tools), re.MULTILINE)))
    assert len(acting) > 8 and taking == set("vbsmhx") and {letter.upper() for letter in acting | taking} <= listed
