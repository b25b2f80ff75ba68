"""The Sample tab: what stands on the page is what the prior gives."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from vqcore.study.looking import look_back, measure_effects
from vqcore.tokenizers.pixels import to_pixels

TEXTS = ["bar", "disc"] * 4


@pytest.fixture(scope="module")
def prior(tiny_prior):
    return vqcore.load_prior(tiny_prior)


@pytest.fixture(scope="module")
def tokenizer(tiny_folder):
    return vqcore.load(tiny_folder)


class SampleTab:
    def __init__(self, bench):
        self.bench, self.page = bench, bench.page
        self.page.get_by_role("tab", name="Sample", exact=True).click()
        self.root = self.page.locator(".sampler")

    def wait_told(self, text):
        self.page.wait_for_function("text => document.querySelector('[data-told]')?.textContent.includes(text)", arg=text)

    def set(self, name, value):
        self.root.locator(f"[name={name}]").fill(str(value))

    def run(self):
        self.root.locator("[data-run]").click()

    def show(self, view):
        self.root.locator(f"[data-show={view}]").click()

    def pictures(self, within="[data-view=gallery]"):
        urls = self.page.evaluate(
            "within => [...document.querySelectorAll(`${within} .tiles canvas`)].map((canvas) => canvas.toDataURL())", within
        )
        return np.stack([np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")) for url in urls])

    def pause_at(self, count):
        """In the watch: stop, and go to where `count` tokens are written."""
        self.root.locator("[data-play]").get_by_text("Pause").click()
        self.move_to(count)

    def move_to(self, count):
        self.root.locator("[data-place]").evaluate("(e, n) => { e.value = n; e.dispatchEvent(new Event('input')) }", count)
        self.wait_told(f": {count} of")

    def page_pixels(self):
        shot = self.root.locator("[data-page]").screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)

    def to_canvas(self):
        frames = self.page.locator(".frames .frame").count()
        self.root.locator("[data-keep]").click()
        self.page.wait_for_function("n => document.querySelectorAll('.frames .frame').length > n", arg=frames)
        self.bench.wait_for_size("8 × 8 tokens")
        return self.bench.tokens()


def hold(page, name, passing):
    """From here on the page's questions of this name wait, but for the first few, until `release` lets them go on; `asked`
    counts them."""
    page.evaluate("""([name, passing]) => {
        const fetched = window.fetch;
        Object.assign(window, { asked: 0, held: [], passing });
        window.fetch = async (...request) => {
            if (String(request[1]?.body).includes(name) && window.asked++ >= window.passing)
                await new Promise((resolve) => window.held.push(resolve));
            return fetched(...request);
        };
    }""", [name, passing])


def wait_asked(page, count):
    page.wait_for_function("count => window.asked === count", arg=count)


def release(bench):
    """The question that has waited longest goes on; back once it is answered."""
    bench.page.evaluate("window.held.shift()()")
    bench.settle()


@pytest.fixture
def tab(bench):
    return SampleTab(bench)


def test_the_gallery_shows_what_the_seed_gives_each_time(tab, prior, tokenizer):
    tab.wait_told("Click one")
    first = to_pixels(tokenizer.decode(prior.sample(8, TEXTS, seed=0)))
    assert (tab.pictures() == first).all()
    tab.set("seed", 9)
    tab.set("top_k", 5)
    tab.run()
    tab.wait_told("Token")
    tab.wait_told("Click one")
    assert (tab.pictures() == to_pixels(tokenizer.decode(prior.sample(8, TEXTS, seed=9, top_k=5)))).all()
    tab.set("top_k", "")
    tab.set("seed", 0)
    tab.set("count", 3)
    tab.root.locator("[name=text]").select_option("disc")  # which samples at once
    tab.page.wait_for_function("document.querySelectorAll('[data-gallery] button:enabled').length === 3")
    assert (tab.pictures() == to_pixels(tokenizer.decode(prior.sample(3, "disc", seed=0)))).all()
    for name, temperature in (("tiny-text-prior", "0.5"), ("tiny-prior", "1")):
        tab.root.locator("[name=prior]").select_option(name)
        assert tab.root.locator("[name=temperature]").input_value() == temperature


def test_a_sample_goes_to_the_canvas_with_a_click(tab, prior):
    tab.wait_told("Click one")
    tab.root.locator("[data-gallery] button").nth(5).click()
    tab.bench.wait_for_size("8 × 8 tokens")
    assert (tab.bench.tokens() == prior.sample(8, TEXTS, seed=0)[0][5].numpy()).all()
    assert tab.page.locator(".frames .frame").count() == 2
    tab.page.keyboard.press("Control+z")
    assert tab.page.locator(".segments [data-layer=original]").is_disabled()


def test_stopping_asks_for_no_more_tokens(tab):
    tab.wait_told("Click one")
    hold(tab.page, "write_tokens", 1)
    tab.run()
    tab.wait_told("Token 8 of 64")
    wait_asked(tab.page, 2)
    tab.run()
    tab.wait_told("Stopped. Token")
    release(tab.bench)
    assert tab.page.evaluate("asked") == 2
    assert tab.root.locator("[data-gallery] button:enabled").count() == 0
    assert tab.root.locator("[data-run]").inner_text() == "Sample"


def test_one_is_written_token_by_token_and_ends_as_the_prior_has_it(tab, prior):
    tab.wait_told("Click one")
    tab.show("watch")
    tab.wait_told(": 2 of 64")
    tab.root.locator("[data-speed]").evaluate("e => { e.value = 1 }")
    tab.wait_told(": 64 of 64")
    assert (tab.to_canvas() == prior.sample(1, "bar", seed=0)[0][0].numpy()).all()


def test_a_token_is_chosen_by_hand_from_the_distribution_and_the_rest_goes_on_from_it(tab, prior):
    tab.wait_told("Click one")
    tab.show("watch")
    tab.pause_at(11)
    seen = []
    drawn = prior.sample(1, "bar", seed=0, on_token=lambda token: seen.append(token.probabilities[0]) and None)[0]
    best = seen[11].topk(24)
    bars = tab.root.locator("[data-bars] button")
    codes = [int(text) for text in bars.locator("b").all_inner_texts()]
    shares = [float(text.split()[0]) / 100 for text in bars.locator("span").all_inner_texts()]
    assert codes == best.indices.tolist() and shares == pytest.approx(best.values.tolist(), abs=6e-4)
    assert "row 1, column 3" in tab.root.locator("[data-where]").inner_text()
    pressed = tab.root.locator("[data-bars] [aria-pressed=true] b").all_inner_texts()
    assert pressed in ([str(int(drawn[0].flatten()[11]))], [])
    chosen = next(code for code in codes if str(code) not in pressed)
    bars.nth(codes.index(chosen)).click()
    tab.wait_told(": 12 of 64")
    tab.root.locator("[data-step]").click()
    tab.wait_told(": 13 of 64")
    tab.root.locator("[data-speed]").evaluate("e => { e.value = 1 }")
    tab.root.locator("[data-play]").click()
    tab.wait_told(": 64 of 64")
    start = drawn.clone()
    start.view(-1)[11] = chosen
    expected = prior.sample(1, "bar", seed=0, start=[start], kept=12)[0][0].numpy()
    other = tab.root.locator("[data-other]")
    assert f"With code {int(drawn[0].flatten()[11])}, as it was drawn" in other.inner_text()
    tab.page.wait_for_function("!document.querySelector('.sampler [data-other]').hidden && window.asking === 0")
    tokens = tab.to_canvas()
    assert tokens.flatten()[11] == chosen and (tokens.flatten()[:11] == drawn.flatten().numpy()[:11]).all()
    assert (tokens == expected).all()
    other.locator("canvas").click()  # back to the other way, which went on as it would have
    tab.wait_told(": 11 of 64")
    assert other.is_hidden()
    tab.move_to(64)
    assert (tab.to_canvas() == drawn[0].numpy()).all()


def test_what_a_token_was_predicted_from_is_told_of_the_next_one_and_of_one_under_the_pointer(tab, prior):
    tab.wait_told("Click one")
    tab.show("watch")
    tab.pause_at(20)
    tokens = prior.sample(1, "bar", seed=0)
    tab.root.locator("[data-looks] summary").click()
    looked = look_back(prior, tokens, 20, "bar")
    told = tab.root.locator("[data-looked]")
    percent = lambda weights: f"{100 * float(weights.sum(-1).mean()):.0f} %"
    told.get_by_text(f"{percent(looked.text[..., :-1])} on words, {percent(looked.tokens)} on tokens").wait_for()
    assert tab.root.locator("[data-looked-words] span").all_inner_texts() == ["bar"]
    plain = tab.page_pixels()
    tab.root.locator("[data-layer]").select_option("1")
    tab.root.locator("[data-head]").select_option("2")
    told.get_by_text(f"{percent(looked.tokens[0, 1])} on tokens").wait_for()
    assert (tab.page_pixels() != plain).any()
    tab.root.locator("[data-layer]").select_option("all")
    tab.root.locator("[data-head]").select_option("all")
    box = tab.root.locator("[data-page]").bounding_box()
    tab.root.locator("[data-page]").hover(position={"x": 3.5 / 8 * box["width"], "y": 1.5 / 8 * box["height"]})
    earlier = look_back(prior, tokens, 11, "bar")
    told.get_by_text(f"{percent(earlier.text[..., :-1])} on words, {percent(earlier.tokens)} on tokens").wait_for()
    tab.root.locator("[data-kind=effect]").click()
    effects = measure_effects(prior, tokens, 20, "bar")
    told.get_by_text(f"It costs {effects.bits:.1f} bits at temperature 1, unguided. Of 20 tokens").wait_for()
    assert f"{abs(effects.of_words[0]):.1f} bits" in tab.root.locator("[data-looked-words] span").get_attribute("title")
    refuse = lambda route: route.fulfill(json={"error": "All are busy."}) if "look_back" in route.request.post_data else route.continue_()
    tab.page.route("**/component_server/", refuse)
    tab.root.locator("[data-kind=attention]").click()
    told.get_by_text("All are busy.").wait_for()
    tab.root.locator("[data-layer]").select_option("1")  # which draws all anew
    assert told.inner_text() == "All are busy."


def test_the_canvas_is_read_as_if_the_prior_had_written_it(tab, prior):
    tab.wait_told("Click one")
    tab.show("watch")
    tab.pause_at(2)
    read = tab.root.locator("[data-read]")
    read.click()
    tab.wait_told("tiny-prior reads 8 × 8 tokens of tiny, and the canvas has 57 × 38 of tiny")
    tab.show("gallery")
    tab.root.locator("[data-gallery] button").nth(1).click()
    tab.bench.wait_for_size("8 × 8 tokens")
    tokens = tab.bench.tokens()
    tab.show("watch")
    read.click()
    tab.wait_told(": 64 of 64")
    tab.move_to(30)
    expected = []
    start = [torch.from_numpy(tokens)[None]]
    prior.sample(1, "bar", seed=0, start=start, kept=30, on_token=lambda token: expected.append(token.probabilities[0]) or True)
    tab.root.locator("[data-entropy]").get_by_text("from the canvas").wait_for()
    codes = [int(text) for text in tab.root.locator("[data-bars] b").all_inner_texts()]
    assert codes == expected[0].topk(24).indices.tolist()
    assert (tab.to_canvas() == tokens).all()


def test_tokens_that_come_later_leave_what_went_wrong_in_sight(tab):
    tab.wait_told("Click one")
    hold(tab.page, "write_tokens", 1)
    tab.show("watch")
    tab.pause_at(2)
    wait_asked(tab.page, 2)
    tab.root.locator("[data-read]").click()
    refusal = "tiny-prior reads 8 × 8 tokens of tiny, and the canvas has 57 × 38 of tiny"
    tab.wait_told(refusal)
    release(tab.bench)
    assert refusal in tab.root.locator("[data-told]").inner_text()
    tab.move_to(12)
    wait_asked(tab.page, 3)
    tab.page.route("**/component_server/", lambda route: route.fulfill(json={"error": "All are busy."}))
    release(tab.bench)
    assert tab.root.locator("[data-told]").inner_text() == "All are busy."


def test_a_choice_that_is_all_but_impossible_costs_more_than_is_told_and_what_was_asked_before_does_not_matter(tab):
    tab.wait_told("Click one")
    tab.set("temperature", 0.1)
    hold(tab.page, "write_tokens", 5)  # so that 40 are known
    tab.show("watch")
    tab.pause_at(32)
    tab.move_to(36)  # where what comes next is asked for
    wait_asked(tab.page, 6)
    tab.root.locator("[data-bars] button").last.click()
    tab.wait_told(": 37 of 64")
    wait_asked(tab.page, 7)
    release(tab.bench)
    tab.root.locator("[data-step]").click()
    tab.bench.settle()
    assert tab.page.evaluate("asked") == 7, "the second question is still being asked"
    release(tab.bench)
    tab.wait_told(": 38 of 64")
    tab.move_to(36)
    assert re.search("code .* costs more than 24, chosen by hand", tab.root.locator("[data-entropy]").inner_text())


def test_the_contrast_is_of_real_draws_and_real_bits(tab, prior, tokenizer):
    tab.wait_told("Click one")
    tab.show("contrast")
    tab.wait_told("The bits are")
    conditions = ["bar", "disc"] * 3
    grids = prior.sample(6, conditions, seed=0)
    assert (tab.pictures("[data-by=prior]") == to_pixels(tokenizer.decode(grids))).all()
    told = {by: float(tab.root.locator(f"[data-by={by}] [data-bits]").inner_text().split()[0]) for by in ("uniform", "marginal", "prior")}
    assert told["prior"] == pytest.approx(float(torch.cat([b.flatten() for b in prior.bits(grids, conditions)]).mean()), abs=0.006)
    assert told["prior"] < min(told["uniform"], told["marginal"]) - 1
    assert len({tab.pictures(f"[data-by={by}]").tobytes() for by in told}) == 3


def test_each_view_shows_what_the_settings_say_now(tab):
    tab.wait_told("Click one")
    tab.show("contrast")
    tab.wait_told("The bits are")
    tab.root.locator("[name=prior]").select_option("tiny-text-prior")
    tab.show("gallery")
    tab.root.locator("[data-gallery] [aria-label^='To the canvas: square']").first.wait_for()
    tab.wait_told("Click one")
    assert tab.root.locator("[data-gallery] button").all_inner_texts() == ["square", "round", "red bar", "blue disc"] * 2
    shown = tab.pictures()
    hold(tab.page, "write_tokens", 0)
    tab.show("contrast")
    wait_asked(tab.page, 1)
    tab.show("gallery")
    assert (tab.pictures() == shown).all() and tab.page.evaluate("asked") == 1, "nothing is drawn anew where nothing changed"


@pytest.mark.slow
def test_two_people_sample_at_once(open_bench, prior, tokenizer):
    tabs = [SampleTab(open_bench()) for _ in range(2)]
    for i, tab in enumerate(tabs):
        tab.wait_told("Click one")
        tab.set("seed", 20 + i)
        tab.run()
    for i, tab in enumerate(tabs):
        tab.wait_told("Click one")
        assert (tab.pictures() == to_pixels(tokenizer.decode(prior.sample(8, TEXTS, seed=20 + i)))).all()
