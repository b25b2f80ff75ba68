"""The walk between two codes."""

import torch

import vqcore
from tests.browser.test_canvas import DRAWN, SIZE


def test_the_slider_walks_from_one_code_to_the_other(shared_bench, tiny_folder):
    bench = shared_bench
    bench.open("drawn.png", DRAWN, SIZE)
    codebook = vqcore.load(tiny_folder).levels[-1].codebook
    points = torch.lerp(codebook[3], codebook[40], torch.linspace(0, 1, 12)[:, None])
    expected = (points[:, None] - codebook).square().sum(-1).argmin(1).tolist()
    bench.choose(3)
    bench.choose(40)
    bench.page.locator(".walk summary").click()
    bench.page.get_by_text("codes on the way").wait_for()
    assert f"{len(set(expected))} codes" in bench.page.locator("[data-walk=told]").inner_text()
    for step in (0, 4, 7, 11):
        bench.page.locator("[data-walk=place]").fill(str(step))
        assert bench.page.locator("[data-number]").input_value() == str(expected[step])
    bench.page.locator("[data-walk=to]").fill("64")
    bench.page.locator("[data-walk=to]").press("Enter")
    assert "0 to 63" in bench.message()
