"""The Text tab: what stands on the page is what the prior gives for the sentence."""

import re

import numpy as np
import pytest
import torch

import vqcore
from tests.browser.test_sample_canvas import take_candidate

pytestmark = pytest.mark.slow

SEED = 3
NAME = "tiny-text-prior"


@pytest.fixture(scope="module")
def prior(tiny_text_prior):
    return vqcore.load_prior(tiny_text_prior)


class TextTab:
    def __init__(self, bench):
        self.bench, self.page = bench, bench.page
        bench.show_tab("Text")
        self.root = self.page.locator(".prompter")

    def wait_told(self, text):
        self.page.wait_for_function("text => document.querySelector('.prompter [data-told]')?.textContent.includes(text)", arg=text)

    def write(self, text, count=3, seed=SEED):
        self.wait_told("4 pictures of 2 sentences")
        self.root.locator("[name=text]").fill(text)
        for name, value in (("count", count), ("seed", seed)):
            self.root.locator(f"[name={name}]").fill(str(value))
        self.root.locator("[data-run]").click()

    def chips(self, kind):
        return self.root.locator(f"[data-chips] .{kind}").all_inner_texts()

    def explained(self):
        return self.root.locator("[data-explained]").inner_text()


@pytest.fixture
def tab(bench):
    return TextTab(bench)


def test_the_first_visit_finds_an_example_written(tab):
    tab.wait_told("4 pictures of 2 sentences")
    assert tab.root.locator("[name=text]").input_value() == ""
    assert tab.root.locator("[data-candidates] small").all_inner_texts() == ["red bar square", "blue disc square"] * 2
    assert tab.chips("word") == ["red", "bar", "square"] and tab.chips("separator") == ["[SEP]"]
    assert len(tab.chips("token")) == 64
    tab.root.locator("[data-candidates] button").nth(1).hover()
    assert tab.chips("word") == ["blue", "disc", "square"]
    tab.root.locator("[data-run]").click()
    tab.wait_told("Write some words first")
    assert tab.root.locator("[data-candidates]").get_attribute("class") == "candidates stale"


def test_candidates_are_the_priors_own_and_the_likeliest_comes_first(tab, prior):
    tab.write("blue disc")
    tab.wait_told("3 candidates")
    text = "blue disc square"  # with the style that is chosen
    sequences = prior.sample(3, text, temperature=0.5, seed=SEED)[0].reshape(3, -1)
    bits = prior.bits([sequences.view(3, 8, 8)], text)[0].reshape(3, -1).sum(1)
    assert [int(code) for code in tab.chips("token")] == sequences[bits.argmin()].tolist()
    captions = tab.root.locator("[data-candidates] small").all_inner_texts()
    assert [int(caption.split()[0]) for caption in captions] == [round(value) for value in sorted(bits.tolist())]
    tab.root.locator("[data-candidates] button").first.click()
    tab.bench.wait_for_size("8 × 8 tokens")
    assert (tab.bench.tokens().flatten() == sequences[bits.argmin()].numpy()).all()


def test_where_a_model_tells_how_well_pictures_fit_the_best_fit_comes_first(tab, prior):
    tab.wait_told("4 pictures of 2 sentences")
    judge = lambda route: route.fulfill(json={"fits": [0.1, 0.9, 0.5]}) if "rank_pictures" in route.request.post_data else route.continue_()
    tab.page.route("**/component_server/", judge)
    tab.write("blue disc")
    tab.wait_told("3 candidates, the best fit of picture and words first")
    assert tab.root.locator("[data-candidates] small").all_inner_texts() == ["fit 0.90", "fit 0.50", "fit 0.10"]
    sequences = prior.sample(3, "blue disc square", temperature=0.5, seed=SEED)[0].reshape(3, -1)
    assert [int(code) for code in tab.chips("token")] == sequences[1].tolist()


def test_a_style_in_the_sentence_counts_and_not_the_chosen_one(tab):
    tab.write("blue disc Round", 1)
    tab.wait_told("1 candidate")
    assert tab.chips("word") == ["blue", "disc", "round"]


def test_a_token_tells_its_place_and_odds_and_a_word_what_it_does(tab, prior):
    tab.write("red disc", 1)
    tab.wait_told("1 candidate")
    sequence = prior.sample(1, "red disc square", temperature=0.5, seed=SEED)[0]
    bits = prior.bits([sequence], "red disc square")[0].flatten()
    tab.root.locator("[data-chips] .token").nth(19).hover()
    assert f"Code {int(sequence.flatten()[19])} at row 2, column 3" in tab.explained()
    assert f"({bits[19]:.1f} bits)" in tab.explained()
    before = tab.root.locator("[data-page]").evaluate("canvas => canvas.toDataURL()")
    tab.root.locator("[data-chips] .token").nth(40).hover()
    assert tab.root.locator("[data-page]").evaluate("canvas => canvas.toDataURL()") != before, "the place is marked in the picture"
    tab.root.locator("[data-chips] .word").first.hover()
    tab.page.wait_for_function("document.querySelector('[data-explained]').textContent.startsWith('Without “red”')")
    without = float(prior.bits([sequence], "disc square")[0].sum())
    assert f"{without:.0f} bits instead of {float(bits.sum()):.0f}" in tab.explained()


def test_hostile_prompts_stay_text(tab):
    tab.wait_told("4 pictures of 2 sentences")
    for number, text in enumerate(["<img src=x onerror=alert(1)>", "${alert(1)}", "{{this}}", "心 ❤"], start=1):
        tab.root.locator("[name=count]").fill(str(number))
        tab.root.locator("[name=text]").fill(text)
        tab.root.locator("[data-run]").click()
        told = tab.root.locator("[data-told]").filter(has_text=re.compile(f"{number} candidate|tokens, and the model reads"))
        told.wait_for()
        tab.root.locator("[data-run]").get_by_text("Write").wait_for()
        assert tab.root.locator("[data-chips] img, [data-chips] script").count() == 0


def test_a_prompt_that_is_too_long_is_explained_and_what_was_there_stays(tab):
    tab.write("x" * 10_000)
    tab.wait_told("at most 500 characters, and this one has 10,007")
    assert len(tab.chips("token")) == 64 and tab.root.locator("[data-candidates].stale button").count() == 4


def test_the_canvas_completes_a_picture_to_fit_a_sentence(tab, prior):
    tab.write("blue disc", 1)
    tab.wait_told("1 candidate")
    tab.root.locator("[data-candidates] button").first.click()
    tab.bench.wait_for_size("8 × 8 tokens")
    before = tab.bench.tokens()
    for name, value in (("text", "red"), ("temperature", "0.75"), ("guidance", "2")):
        tab.root.locator(f"[name={name}]").fill(value)
    tab.root.locator("[data-complete]").click()
    offered = [tab.page.locator(f"[data-prior={field}]").input_value() for field in ("name", "words")]
    assert offered == [NAME, "red square"]
    take_candidate(tab.bench, 1)
    after = tab.bench.tokens()
    assert (after[:4] == before[:4]).all(), "what was kept is kept"
    start = [torch.from_numpy(before)[None]]
    drawn = prior.sample(4, "red square", temperature=0.75, guidance=2, seed=SEED, start=start, kept=32)[0]
    assert (after == drawn[0].numpy()).all(), "drawn as the tab says"
    tab.page.evaluate("document.querySelector('.bench').bench.picture = null")
    tab.root.locator("[data-complete]").click()
    assert "no picture on the canvas" in tab.bench.message()


def test_another_prior_is_introduced(tab):
    tab.wait_told("4 pictures of 2 sentences")
    about, style = tab.root.locator("[data-about]"), tab.root.locator("[name=style]")
    assert "Writes 8 × 8 tokens of tiny" in about.inner_text() and style.is_visible()
    tab.root.locator("[name=prior]").select_option("tiny-text-prior-too")
    assert about.inner_text() == "Reads sentences too." and style.is_hidden()


def test_it_fits_a_narrow_window(open_bench):
    tab = TextTab(open_bench(400, 800))
    tab.wait_told("4 pictures of 2 sentences")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 400
    widths = tab.root.locator("[data-chips] .token").evaluate_all("chips => chips.map(chip => chip.getBoundingClientRect().right)")
    assert max(widths) <= 400 and np.isfinite(widths).all()


def test_a_sentence_of_a_scene_is_rendered_and_its_things_can_be_dragged_and_changed(tab):
    tab.wait_told("4 pictures of 2 sentences")
    part = lambda name: tab.root.locator(f"[data-scene-{name}]")
    assert part("paper").is_hidden()
    tab.root.locator("[name=prior]").select_option("tiny-text-prior-too")
    tab.root.locator("[name=text]").fill("")
    for word in ("small", "red", "ball", "on sand"):
        tab.root.locator("[data-words]").get_by_role("button", name=word, exact=True).click()
    tab.root.locator("[name=count]").fill("1")
    tab.root.locator("[data-run]").click()
    row = part("things").locator("li")
    row.wait_for()
    assert part("unseen").inner_text() == ""
    assert row.locator("select").evaluate_all("boxes => boxes.slice(0, 4).map(({ value }) => value)")[2:] == ["red", "ball"]
    wait = "before => document.querySelector('[data-scene-paper]').toDataURL() !== before"
    look = lambda: part("paper").evaluate("canvas => canvas.toDataURL()")
    before = look()
    row.get_by_label("color of thing 1").select_option("orange")
    tab.page.wait_for_function(wait, arg=before)
    assert part("unseen").inner_text() == "Never together in training: orange ball."
    tab.bench.settle()
    box = part("paper").bounding_box()
    left, top, right, bottom = tab.page.evaluate("() => document.querySelector('[data-scene-paper]').sceneBoxes[0]")
    before = look()
    point = lambda x, y: part("paper").hover(position={"x": box["width"] * x, "y": box["height"] * y})  # wherever the paper is by then
    point((left + right) / 2, (top + bottom) / 2)
    tab.page.mouse.down()
    point(0.5, 0.6)
    tab.page.mouse.up()
    tab.page.wait_for_function(wait, arg=before)
    tab.root.locator("[name=text]").fill("a red qube")
    tab.root.locator("[data-run]").click()
    tab.page.wait_for_function("() => document.querySelector('[data-unknown]').textContent.includes('cube')")
