"""The Sound tab: what stands on it is what the tokenizer and the prior give."""

import io
import wave

import numpy as np
import pytest
import torch

import vqcore
from vqcore.data.series import read_series
from vqcore.data.sounds import levelled, open_wav, write_wav

pytestmark = pytest.mark.slow


class SoundTab:
    def __init__(self, bench):
        self.page = bench.page
        bench.show_tab("Sound")
        self.root = self.page.locator(".sound")
        self.lanes = self.root.locator("[data-lanes]")

    def wait_told(self, text):
        self.page.wait_for_function(
            "text => document.querySelector('.sound [data-told]')?.textContent.includes(text)"
            " && document.querySelector('.sound [data-progress]').hidden", arg=text,
        )

    def open(self, name, data):
        self.root.locator("[data-file]").set_input_files({"name": name, "mimeType": "", "buffer": data})

    def save(self):
        with self.page.expect_download() as download:
            self.root.locator("[data-save]").click()
        with open(download.value.path(), "rb") as file:
            return file.read()

    def colours(self):
        """The cells of the tokens as they are painted, a row of pixels: [width, 3]."""
        return np.array(self.page.evaluate("""() => {
            const canvas = document.querySelector(".sound [data-lanes]");
            const row = canvas.getContext("2d").getImageData(0, canvas.height - 37 * devicePixelRatio, canvas.width, 1).data;
            return Array.from(row);
        }""")).reshape(-1, 4)[:, :3]


@pytest.fixture
def tab(bench):
    return SoundTab(bench)


@pytest.fixture(scope="module")
def tokenizer(tiny_sound):
    return vqcore.load(tiny_sound[0])


def sweep(seconds, rate=8000):
    time = np.arange(int(seconds * rate)) / rate
    return (0.6 * np.sin(2 * np.pi * (200 + 300 * time) * time)).astype(np.float32)


def test_a_sound_is_shown_edited_by_keyboard_heard_and_saved(tab, tokenizer):
    tab.open("sweep.wav", write_wav(sweep(0.8), 8000))
    tab.wait_told("0.80 seconds are 100 tokens")
    original = levelled(open_wav(write_wav(sweep(0.8), 8000)).samples)
    tokens = tokenizer.encode(torch.from_numpy(original)[None, None])
    saved = open_wav(tab.save()).samples
    # What the browser decodes is rounded to 16 bits once more than what is encoded here.
    agree = np.abs(saved - tokenizer.decode(tokens)[0, 0].numpy()) < 2e-3
    assert len(saved) == 6400 and agree.mean() > 0.9
    before = tab.colours()
    tab.lanes.press("Home")
    for key in ["ArrowRight"] * 40 + ["Shift+ArrowRight"] * 2:
        tab.lanes.press(key)
    assert "tokens 40–42 of 100" in tab.root.locator("[data-where]").inner_text()
    code = tab.root.locator("[name=code]")
    code.fill(str((int(code.input_value()) + 9) % 32))
    code.press("Enter")
    tab.wait_told("Tokens 40 to 42 are changed")
    edited = open_wav(tab.save()).samples
    changed = np.flatnonzero(np.abs(edited - saved) > 1e-4)
    assert len(changed) and changed[0] >= (40 - tokenizer.halo) * 64 and changed[-1] < (43 + tokenizer.halo) * 64
    assert (tab.colours() != before).any()
    tab.root.locator("[data-play=rebuilt]").click()
    tab.page.wait_for_function("!document.querySelector('.sound [data-stop]').disabled")
    tab.page.wait_for_function("document.querySelector('.sound [data-stop]').disabled")
    tab.lanes.press("Control+z")
    tab.wait_told("Tokens 0 to 99 are changed")
    assert np.abs(open_wav(tab.save()).samples - saved).max() < 1e-4


def test_a_long_sound_of_another_rate_is_cut_and_the_page_says_so(tab):
    tab.open("long.wav", write_wav(sweep(12, 22050), 22050))
    tab.wait_told("lasts 12.0 seconds and was cut")
    assert "1250 tokens" in tab.root.locator("[data-told]").inner_text() and len(open_wav(tab.save()).samples) == 80_000


def test_what_is_no_sound_is_told_and_the_page_goes_on(tab):
    tab.open("letter.mp3", b"no sound at all")
    alert = tab.root.locator("[data-problem]")
    alert.wait_for()
    assert "letter.mp3" in alert.inner_text()
    tab.open("sweep.wav", write_wav(sweep(0.3), 8000))
    tab.wait_told("tokens")
    assert alert.is_hidden()


def test_a_word_is_written_as_the_prior_has_it(tab, tokenizer, tiny_sound):
    tab.root.locator("[name=word]").select_option("yes")
    tab.root.locator("[name=seed]").fill("7")
    tab.root.locator("[name=temperature]").fill("0.5")
    tab.root.locator("[data-say]").click()
    tab.wait_told("“yes”, seed 7: 24 of 24")
    wanted = tokenizer.decode(vqcore.load_prior(tiny_sound[1]).sample(1, "yes", seed=7, temperature=0.5))[0, 0].numpy()
    assert np.abs(open_wav(tab.save()).samples - wanted).max() < 2e-4


def test_a_table_is_shown_edited_and_saved_in_its_own_units(tab):
    time = np.arange(64)
    values = np.stack([100 + 10 * np.sin(time / 5), time / 1000], 1)
    tab.open("heat.csv", ("heat,<b>load</b>\n" + "\n".join(f"{a},{b}" for a, b in values)).encode())
    tab.wait_told("64 rows of 2 columns are 8 tokens")
    assert tab.root.locator("b").count() == 0
    rebuilt = read_series(tab.save())
    assert rebuilt.names == ("heat", "<b>load</b>") and rebuilt.values.shape == (64, 2)
    tab.lanes.press("End")
    code = tab.root.locator("[name=code]")
    code.fill("0" if code.input_value() != "0" else "1")
    code.press("Enter")
    tab.page.wait_for_function("!document.querySelector('.sound [data-do=undo]').disabled")
    edited = read_series(tab.save()).values
    assert (edited[:56] == rebuilt.values[:56]).all() and (edited[56:] != rebuilt.values[56:]).any()


def test_a_gap_in_a_table_names_its_row(tab):
    tab.open("gap.csv", b"a,b\n1,2\n3,\n5,6\n")
    alert = tab.root.locator("[data-problem]")
    alert.wait_for()
    assert "Row 3" in alert.inner_text()


def test_it_fits_a_phone(open_bench):
    tab = SoundTab(open_bench(400, 860))
    tab.open("sweep.wav", write_wav(sweep(2), 8000))
    tab.wait_told("250 tokens")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 400


def test_channels_that_cancel_one_another_out_are_heard_and_the_page_says_so(tab):
    data = io.BytesIO()
    with wave.open(data, "wb") as out:
        out.setparams((2, 2, 8000, 0, "NONE", ""))
        out.writeframes((np.stack([sweep(0.5), -sweep(0.5)], 1) * 32767).astype("<i2").tobytes())
    tab.open("stereo.wav", data.getvalue())
    tab.wait_told("Its channels cancel one another out, so the loudest of them is taken alone.")
    assert "0.50 seconds are 63 tokens" in tab.root.locator("[data-told]").inner_text()
