"""The Sound tab on a codec with residual levels: a shrunk EnCodec, as transformers writes it."""

import numpy as np
import pytest
import torch

import vqcore
from tests.browser.conftest import served
from tests.browser.test_sound import SoundTab, sweep
from tests.codecs import codec_folder
from vqcore.data.sounds import levelled, open_wav, write_wav

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    pytest.importorskip("transformers", reason="This test needs pip install -r tests/requirements.txt.")
    folder = tmp_path_factory.mktemp("codec") / "encodec"
    codec_folder("Encodec", folder)
    return folder


@pytest.fixture
def tab(codec, tiny_folder, tiny_prior, open_page, tmp_path):
    with served(tmp_path / "log", VQ_MODEL=str(tiny_folder), VQ_PRIORS=str(tiny_prior), VQ_SOUND=str(codec)) as address:
        yield SoundTab(open_page(f"{address}/"))


def heard(tab):
    return open_wav(tab.save()).samples


def test_levels_are_rows_that_are_muted_heard_alone_and_painted(tab, codec):
    tokenizer = vqcore.load(codec)
    tab.open("sweep.wav", write_wav(sweep(0.6), 8000))
    tab.wait_told("60 tokens on each of 8 levels")
    original = levelled(open_wav(write_wav(sweep(0.6), 8000)).samples)
    tokens = tokenizer.encode(torch.from_numpy(original)[None, None])
    whole = heard(tab)
    assert (np.abs(whole - tokenizer.decode(tokens)[0, 0].numpy()) < 2e-3).mean() > 0.9  # the browser rounds once more
    # Muted and heard again.
    second = tab.root.locator("[data-mute='1']")
    assert second.inner_text() == "2 of 8" and tab.root.locator("[data-mute]").count() == 8
    second.click()
    tab.wait_told("the sum without 2 of 8")
    without = heard(tab)
    expected = tokenizer.decode_levels(tokens, [0, 2, 3, 4, 5, 6, 7])[0, 0].numpy()
    assert second.get_attribute("aria-pressed") == "false" and np.abs(without - whole).max() > 0.01
    assert (np.abs(without - expected) < 2e-3).mean() > 0.9
    tab.root.locator("[data-carries='1']").click()
    tab.wait_told("what level 2 of 8 carries")
    tab.page.wait_for_function("!document.querySelector('.sound [data-stop]').disabled")
    tab.page.wait_for_function("document.querySelector('.sound [data-stop]').disabled")
    second.click()
    tab.wait_told("All levels are heard")
    assert np.abs(heard(tab) - whole).max() < 1e-3
    # The first three: their bandwidth.
    choice = tab.root.locator("[data-first]")
    assert "8, 4.8 kb/s" in choice.locator("option").nth(7).inner_text()
    choice.select_option("3")
    tab.wait_told("5 levels")
    assert (np.abs(heard(tab) - tokenizer.decode_levels(tokens, [0, 1, 2])[0, 0].numpy()) < 2e-3).mean() > 0.9
    choice.select_option("8")
    tab.wait_told("All levels are heard")
    # Painted on the third level, by dragging over five of its tokens.
    code = tab.root.locator("[name=code]")
    tab.root.locator("[data-do=paint]").click()
    code.fill("21")
    row = tab.root.locator("[data-mute='2']").bounding_box()
    box = tab.lanes.bounding_box()
    middle, cell = row["y"] + row["height"] / 2, box["width"] / 60
    tab.page.mouse.move(box["x"] + 10.5 * cell, middle)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + 14.5 * cell, middle, steps=3)
    tab.page.mouse.up()
    tab.wait_told("Tokens 10 to 14 of level 3 of 8 are changed")
    tokens[2][0, 10:15] = 21
    painted = heard(tab)
    assert np.abs(painted - whole).max() > 0.01
    assert (np.abs(painted - tokenizer.decode(tokens)[0, 0].numpy()) < 2e-3).mean() > 0.9
    tab.root.locator("[data-do=paint]").click()
    tab.lanes.press("ArrowUp")
    assert "level 2 of 8, tokens 10–14 of 60" in tab.root.locator("[data-where]").inner_text()
    tab.lanes.press("Control+z")
    tab.wait_told("Tokens 0 to 59 are changed")
    assert np.abs(heard(tab) - whole).max() < 1e-3
