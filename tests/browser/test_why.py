"""Why a token is its code: the panel and the drawing follow the pointer."""

import re

import pytest
import torch

import vqcore
from tests.browser.test_canvas import DRAWN, SIZE
from tests.tiny import draw_picture
from vqcore.study.choice import explain_token
from vqcore.tokenizers.pixels import to_tensor

PICTURE = draw_picture(77)


class Why:
    def __init__(self, bench):
        self.bench, self.page = bench, bench.page

    def part(self, name):
        return self.page.locator(f"[data-why={name}]")

    def wait(self, row, column):
        self.part("place").get_by_text(f"row {row}, column {column}", exact=True).wait_for()
        self.bench.settle()

    def numbers(self):
        """Of the nearest codes, as they stand in the row."""
        return [int(text) for text in self.page.locator(".why .nearest button small").all_inner_texts()]


@pytest.fixture
def why(shared_bench):
    shared_bench.open("drawn.png", DRAWN, SIZE)
    shared_bench.page.evaluate("localStorage.removeItem('vq-explorer-inspector')")
    yield Why(shared_bench)
    shared_bench.page.locator("button[data-side=palette]").click()


def chosen(tokenizer, tokens, cell, **given):
    return explain_token(tokenizer, [torch.from_numpy(tokens)[None]], 0, cell, **given)[0]


def test_a_pick_opens_it_the_pointer_leads_it_and_an_edit_is_told(why, tiny_folder):
    bench, tokenizer, tokens = why.bench, vqcore.load(tiny_folder), why.bench.tokens()
    x = to_tensor(PICTURE)
    assert not why.part("told").is_visible()
    bench.click_token(7, 9)
    why.wait(7, 9)
    expected = chosen(tokenizer, tokens, (7, 9), images=x)
    assert why.numbers() == list(expected.nearest)
    told = why.part("told").inner_text()
    assert told.startswith(f"{expected.code} is nearest") and f"the next, {expected.nearest[1]}, lies" in told
    assert why.page.locator(".instead figcaption").all_inner_texts() == [
        f"is {expected.nearest[0]}", *(f"with {code}" for code in expected.nearest[1:3])
    ]
    assert "order = squares.argsort(stable=True)" in why.part("source").inner_text()
    bench.page.mouse.move(*bench.screen_place(3, 12))
    why.wait(3, 12)
    assert why.numbers() == list(chosen(tokenizer, tokens, (3, 12), images=x).nearest)
    assert bench.page.locator(".token-path [data-says=code]").inner_text() == f"{tokens[3, 12]} of 64"
    other = chosen(tokenizer, tokens, (3, 12), images=x, count=64).nearest[20]
    bench.choose(other)
    bench.use("paint")
    bench.click_token(3, 12)
    bench.settle()
    told = why.part("told").filter(has_text=re.compile("^The encoder chose")).inner_text()
    assert told.startswith(f"The encoder chose {tokens[3, 12]}; this is {other}, put here since: 21st nearest")
    assert why.numbers() == [*chosen(tokenizer, tokens, (3, 12), images=x).nearest, other]


def test_a_person_who_prefers_the_palette_keeps_it(why):
    bench = why.bench
    bench.page.locator("button[data-side=why]").click()
    assert why.part("told").is_visible() and not bench.page.locator("[data-palette]").is_visible()
    bench.page.locator("button[data-side=palette]").click()
    bench.click_token(7, 9)
    bench.settle()
    assert bench.page.locator("[data-palette]").is_visible() and not why.part("told").is_visible()


def test_tokens_without_their_original_say_so(why, tiny_folder):
    bench, tokens = why.bench, why.bench.tokens()
    tokens_alone = bench.save("document").replace(b'"original"', b'"nothing"')
    bench.page.locator(".frame:last-child .remove").click()
    bench.open("alone.json", tokens_alone, SIZE)
    bench.click_token(7, 9)
    why.wait(7, 9)
    assert "without the original" in why.part("told").inner_text()
    assert why.numbers() == list(chosen(vqcore.load(tiny_folder), tokens, (7, 9)).nearest)


def test_the_drawing_is_closed_and_opened_again_and_stays_so(open_bench):
    bench = open_bench()
    page, drawing = bench.page, bench.page.locator(".token-path .path")
    page.locator(".token-path [data-says=code]").get_by_text("of 64").wait_for()
    assert "Each 8 × 8 square of the picture becomes one token: the number, 0…63" in page.locator(".token-path > p").inner_text()
    assert page.locator(".token-path").bounding_box()["height"] <= 64
    page.locator("[data-path=close]").click()
    assert not drawing.is_visible()
    page.reload()
    bench.wait_for_size(bench.first_size)
    assert not drawing.is_visible()
    page.locator(".brand [data-path=open]").click()
    assert drawing.is_visible()
