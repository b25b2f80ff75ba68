"""The tokenizer at the canvas, and the first screen before Gradio's scripts have come."""

import re

import numpy as np
import pytest

from demo.kit.cards import tokenizer_sentence
from tests.browser.bench import PATIENCE_MS
from tests.browser.test_canvas import DRAWN, SIZE


@pytest.fixture
def drawn(shared_bench):
    shared_bench.open("drawn.png", DRAWN, SIZE)
    return shared_bench


def test_the_tokenizer_at_the_canvas_is_chosen_in_its_place(drawn):
    menu, tokens = drawn.page.locator(".menu.model"), drawn.tokens()
    assert menu.locator("summary").inner_text() == "tiny" and drawn.page.locator("[data-model=size]").inner_text() == "20 × 16 tokens"
    drawn.use("paint")
    drawn.choose(int(tokens[2, 2] + 1) % 64)
    drawn.click_token(2, 2)
    painted, file = drawn.tokens(), drawn.document()["original"]
    menu.locator("summary").click()
    entry = menu.get_by_role("button", name="photos-small")
    assert tokenizer_sentence("photos-small") in entry.inner_text()
    entry.click()
    drawn.page.locator("[data-model=name]").get_by_text("photos-small", exact=True).wait_for()
    document = drawn.document()
    assert document["model"] == "photos-small" and document["original"] == file and document["name"] == "drawn"
    assert drawn.page.locator(".frames .frame").count() == 2 and drawn.page.locator("[data-action=undo]").is_disabled()
    drawn.page.get_by_role("button", name="Back to its tokens").click()
    drawn.page.locator("[data-model=name]").get_by_text("tiny", exact=True).wait_for()
    assert (drawn.tokens() == painted).all() and drawn.page.locator(".frames .frame").count() == 2


def test_the_last_entry_opens_the_tab_of_models(drawn):
    drawn.page.locator(".menu.model summary").click()
    entries = drawn.page.locator(".menu.model button")
    assert all(len(text.split()) > 3 for text in entries.all_inner_texts())
    entries.last.click()
    drawn.page.get_by_text("A model on the Hugging Face Hub").wait_for()


def test_the_first_screen_comes_with_the_page_and_needs_no_other_script(chromium, app_address):
    page = chromium.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.route(re.compile("/assets/|/static/"), lambda route: route.abort())
    page.goto(f"{app_address}/?__theme=dark", wait_until="commit")
    page.wait_for_function("document.querySelector('#first-paint')?.shadowRoot.querySelectorAll('.pane').length === 3")
    lit = """layer => {
        const root = document.querySelector('#first-paint').shadowRoot, canvas = root.querySelector('.stage > canvas');
        const box = root.querySelector(`[data-pane=${layer}]`).style, px = name => parseInt(box[name]);
        const pixels = canvas.getContext('2d').getImageData(px('left'), px('top'), px('width'), px('height')).data;
        return [...pixels].filter((_, i) => i % 4 === 0);
    }"""
    page.wait_for_function(f"['original', 'codes', 'rebuilt'].every(layer => new Set(({lit})(layer)).size > 5)")
    original, codes, rebuilt = (np.array(page.evaluate(lit, layer)) for layer in ("original", "codes", "rebuilt"))
    assert abs(original - rebuilt).mean() < abs(original - codes).mean() / 2
    assert "codes used" in page.evaluate("document.querySelector('#first-paint').shadowRoot.querySelector('.usage p').textContent")
    page.context.close()


def test_the_first_screen_goes_when_the_canvas_has_its_picture_and_stays_away_from_who_was_here(open_bench):
    bench = open_bench(new=True)
    page = bench.page
    assert page.locator("#first-paint").count() == 0
    page.add_init_script(
        "new MutationObserver(() => document.querySelector('#first-paint') && (window.painted = true))"
        ".observe(document, { childList: true, subtree: true })"
    )
    bench.settle()
    page.reload()
    page.wait_for_function("window.canvas?.picture")
    bench.settle()
    assert not page.evaluate("window.painted")
