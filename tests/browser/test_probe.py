"""What a token does: what glows is what a flip changes."""

import re

import numpy as np
import torch

import vqcore
from tests.browser.test_canvas import DRAWN, SIZE
from vqcore.tokenizers.pixels import to_pixels


def decoded(tokenizer, tokens):
    return to_pixels(tokenizer.decode([torch.from_numpy(tokens)[None]]))[0].astype(int)


def test_holding_the_key_shows_the_pixels_that_a_flip_changes(shared_bench, tiny_folder):
    bench = shared_bench
    bench.open("drawn.png", DRAWN, SIZE)
    tokenizer, tokens, caption = vqcore.load(tiny_folder), bench.tokens(), bench.page.locator("[data-part=probe]")
    code = int(tokens[7, 9] + 9) % 64
    bench.choose(code)
    flipped = tokens.copy()
    flipped[7, 9] = code
    change = abs(decoded(tokenizer, flipped) - decoded(tokenizer, tokens)).mean(2)
    bench.page.locator(".stage").focus()
    bench.page.mouse.move(*bench.screen_place(7, 9))
    before = bench.look()
    bench.page.keyboard.down("x")
    caption.wait_for()
    told = re.fullmatch(r"code (\d+) → (\d+): ([\d,]+) pixels change, by (\d+) of 255 at most", caption.inner_text())
    assert [int(word.replace(",", "")) for word in told.groups()] == [
        tokens[7, 9], code, (change > 0).sum(), int(np.floor(change.max() + 0.5)),
    ]
    assert abs(bench.look() - before).mean() > 10
    bench.page.keyboard.up("x")
    assert not caption.is_visible()
    assert abs(bench.look() - before).mean() < 0.5
    assert (bench.tokens() == tokens).all()


def test_the_tool_shows_it_while_a_finger_or_button_is_down(shared_bench):
    bench = shared_bench
    bench.open("drawn.png", DRAWN, SIZE)
    tokens, caption = bench.tokens(), bench.page.locator("[data-part=probe]")
    bench.use("probe")
    bench.page.mouse.move(*bench.screen_place(3, 3))
    bench.page.mouse.down()
    caption.get_by_text(f"code {tokens[3, 3]} →").wait_for()
    bench.page.mouse.move(*bench.screen_place(9, 15))
    caption.get_by_text(f"code {tokens[9, 15]} →").wait_for()
    bench.page.mouse.up()
    assert not caption.is_visible()
    assert (bench.tokens() == tokens).all()
