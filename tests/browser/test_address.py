"""The address says what is shown; back, forward, a reload and a link bring it back."""

import pytest

from tests.browser.test_keeping import copied_link

SELECTED = "document.querySelector('#benches [role=tab][aria-selected=true]')?.dataset.tabId"


def wait_for_tab(page, name):
    page.wait_for_function(f"name => {SELECTED} === name", arg=name)


def wait_for_picture(page, name):
    page.wait_for_function("name => window.canvas?.picture?.name === name && location.search.includes(`example=${name}`)", arg=name)


@pytest.fixture
def page(bench):
    wait_for_picture(bench.page, "chelsea")
    return bench.page


def test_tabs_lessons_and_pictures_are_steps_that_back_takes_back(page, bench):
    bench.show_tab("Lessons")
    page.locator("nav [data-step='3']").click()
    assert "tab=lessons&lesson=3" in page.url and page.evaluate("scrollY") > 100, "the tab shows its bench"
    page.locator(".back").click()
    page.get_by_role("button", name="Example: coffee").click()
    wait_for_picture(page, "coffee")
    page.go_back()
    wait_for_picture(page, "chelsea")
    page.go_back()
    page.locator("nav [data-step='0'][aria-current=step]").wait_for()
    page.go_back()
    wait_for_tab(page, "tokens")
    for _ in range(3):
        page.go_forward()
    wait_for_tab(page, "lessons")
    wait_for_picture(page, "coffee")
    assert page.locator(".frames .frame").count() == 2, "what is open is shown, and not opened again"


def test_a_reload_comes_back_to_the_tab_and_the_view(page, bench):
    bench.show_tab("Models")
    page.locator("[data-layer=codes]").click()
    page.wait_for_function("location.search.includes('layer=codes')")
    page.reload()
    wait_for_tab(page, "models")
    page.locator("[data-layer=codes][aria-pressed=true]").wait_for()


@pytest.mark.slow
def test_a_link_holds_an_example_and_what_was_changed_in_it(page, bench, open_bench):
    before = bench.tokens()
    bench.choose((before[3, 3] + 5) % 64)
    bench.use("paint")
    bench.drag((3, 3), (3, 20))
    bench.act("undo")
    bench.drag((5, 2), (9, 2))
    tokens, pixels = bench.tokens(), bench.pixels()
    page.locator("[data-part=save] summary").click()
    changed = int((tokens != before).sum())
    assert page.locator("[data-export=link] small").inner_text() == f"chelsea and {changed} changed tokens"
    page.keyboard.press("Escape")
    link = copied_link(bench)
    assert "example=chelsea#changes=" in link and len(link) < 200
    other = open_bench(query=link.split("/", 3)[3])
    wait_for_picture(other.page, "chelsea")
    other.page.wait_for_function("window.canvas.picture.history.past.length === 1")
    assert (other.tokens() == tokens).all() and (other.pixels() == pixels).all()
    assert "#" not in other.page.url
    other.act("undo")
    assert (other.tokens() == before).all()
