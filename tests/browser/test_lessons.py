"""The lessons, moved by pointer, touch and keys."""

import re

import pytest

pytestmark = pytest.mark.slow

WHERE = "items => items.map((item) => item.getAttribute('transform'))"
NAMES = ["token", "components", "plane", "losses", "straight_through", "distribution", "sentence"]


class Lesson:
    def __init__(self, bench, name: str):
        self.bench, self.page, self.root = bench, bench.page, bench.page.locator(f"[data-lesson={name}]")
        self.root.wait_for()

    def part(self, name: str):
        return self.root.locator(f"[data-part={name}]")

    def text(self, name: str) -> str:
        return self.part(name).inner_text()

    def wait(self, name: str, pattern: str) -> None:
        self.part(name).filter(has_text=re.compile(pattern)).wait_for()

    def place(self, x: float, y: float, reach: float = 1) -> tuple[float, float]:
        """Where a point of the plane is in the window."""
        box = self.root.locator(".plane").bounding_box()
        return box["x"] + (x / reach + 1) / 2 * box["width"], box["y"] + (1 - y / reach) / 2 * box["height"]

    def drag(self, start, end, reach: float = 1) -> None:
        self.page.mouse.move(*self.place(*start, reach))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(*end, reach), steps=6)
        self.page.mouse.up()

    def act(self, action: str) -> None:
        self.root.locator(f"[data-action={action}]").click()

    def answer(self) -> str:
        self.act("answer")
        told = self.root.locator("[data-answer]").filter(has_text=re.compile(r"[^…]\s*$"))
        told.wait_for()
        return told.inner_text()


@pytest.fixture
def open_lesson(open_bench):
    def open_it(number: int, **window) -> Lesson:
        return Lesson(open_bench(query=f"?lesson={number}", **window), NAMES[number])

    return open_it


def test_the_address_opens_a_lesson_and_follows_to_the_next(open_lesson):
    lesson = open_lesson(3, height=1400)
    page = lesson.page
    assert page.get_by_role("tab", name="Lessons").get_attribute("aria-selected") == "true"
    lesson.part("play").click()
    lesson.wait("steps", r"^[3-9]")
    page.locator("nav [data-step='4']").click()
    Lesson(lesson.bench, "straight_through")
    assert not lesson.root.is_visible() and "lesson=4" in page.url
    page.locator("nav [data-step='3']").click()
    assert lesson.text("play") == "Play"
    lesson.bench.settle()
    steps = lesson.text("steps")
    page.wait_for_timeout(300)  # in which it would go on
    assert lesson.text("steps") == steps


def test_nothing_of_the_lessons_is_there_before_their_tab_is_opened(open_bench):
    bench = open_bench()
    asked = []
    bench.page.on("request", lambda request: asked.append(request.post_data or ""))
    assert bench.page.locator("[data-lesson]").count() == 0
    bench.page.get_by_role("tab", name="Lessons").click()
    lesson = Lesson(bench, "token")
    lesson.part("k").filter(has_text="This number is the token.").wait_for()
    assert any("explain_token" in question for question in asked) and not any("look_up_points" in question for question in asked)


def test_a_token_of_the_canvas_s_picture_is_followed_on_its_way(open_lesson):
    lesson = open_lesson(0, height=1200)
    lesson.wait("x", "at row 19, column 28: 8 × 8 of 3 colours, 192 numbers")
    tokens = lesson.bench.tokens()
    lesson.part("photo").press("ArrowUp")
    lesson.wait("x", "at row 18, column 28")
    lesson.wait("k", f"the K = 64 vectors of the codebook is number {tokens[18, 28]}, at a distance of")
    box = lesson.part("picture").bounding_box()
    lesson.page.mouse.move(box["x"] + 2, box["y"] + 2)
    lesson.wait("e_k", f"^Row {tokens[0, 0]} of the codebook")
    assert f"{tokens[0, 0]} of 64" in lesson.part("path").inner_text()
    assert "1,536 bits before" in lesson.answer() and "6 bits" in lesson.answer()
    lesson.act("reset")
    lesson.wait("x", "at row 19, column 28")


def test_one_step_of_the_slider_changes_both_pictures(open_lesson):
    lesson = open_lesson(1)
    lesson.wait("linear-told", "4 × 8 = 32 bits")
    linear, coded = lesson.text("linear-psnr"), lesson.text("coded-psnr")
    lesson.part("numbers").press("ArrowRight")
    lesson.wait("coded-told", "8 × 8 = 64 bits")
    assert float(lesson.text("linear-psnr").split()[0]) > float(linear.split()[0])
    assert float(lesson.text("coded-psnr").split()[0]) > float(coded.split()[0])
    lesson.part("photo").focus()
    before = lesson.text("weights")
    for _ in range(6):
        lesson.part("photo").press("ArrowDown")
    lesson.page.wait_for_function("([part, text]) => part.innerText !== text", arg=[lesson.part("weights").element_handle(), before])
    assert "codes are nearer for n′ = 1" in lesson.answer()


def test_a_point_that_is_dragged_over_a_border_jumps_and_a_tie_takes_the_lower_code(open_lesson):
    lesson = open_lesson(2, height=1400)
    lesson.wait("hard", r"^0, \(−0.50, 0.50\)")
    lesson.drag((-0.1875, 0.5), (0.25, 0.5))
    lesson.wait("event", "code 0 → 1")
    assert lesson.text("hard").startswith("1, ")
    lesson.part("tie").click()
    lesson.wait("tied", "argmin takes the lowest index")
    tied = [int(code) for code in re.findall(r"\d+", lesson.text("tied"))]
    assert tied[2] == min(tied[:2])
    point = lesson.root.locator("g.points > g").first
    point.focus()
    point.press("Shift+ArrowRight")
    lesson.wait("point", r"^Point 0 at ")
    lesson.wait("tied", r"^$")
    lesson.root.locator("g.codes > g").nth(4).press("Delete")
    lesson.page.wait_for_function("document.querySelectorAll('.lookup tbody tr').length === 4")
    lesson.act("reset")
    lesson.wait("hard", r"^0, \(−0.50, 0.50\)")
    assert lesson.root.locator("g.codes > g").count() == 5


def test_undo_takes_back_a_drag_and_a_code_in_a_lesson(open_lesson):
    lesson = open_lesson(2, height=1400)
    lesson.wait("hard", r"^0, \(−0.50, 0.50\)")
    lesson.drag((-0.1875, 0.5), (0.25, 0.5))
    lesson.wait("hard", "^1, ")
    lesson.root.locator("g.codes > g").nth(4).press("Delete")
    assert lesson.root.locator("g.codes > g").count() == 4
    lesson.page.keyboard.press("Control+z")
    assert lesson.root.locator("g.codes > g").count() == 5
    lesson.wait("hard", "^1, ")
    lesson.page.keyboard.press("Control+z")  # all of the drag at once
    lesson.wait("hard", r"^0, \(−0.50, 0.50\)")


def test_losses_can_be_switched_off_and_codes_die(open_lesson):
    lesson = open_lesson(3, height=1400)
    lesson.part("step").click()
    lesson.wait("event", "Dead, since no point chooses it: code .*5")
    dead = re.findall(r"\d+", lesson.text("event"))
    assert lesson.root.locator("g.codes > g.dead text").all_text_contents() == dead
    assert float(lesson.text("loss-reconstruction")) > 0
    for rule in ("reconstruction", "codebook", "commitment"):
        lesson.root.locator(f"[data-rule={rule}]").uncheck()
    assert lesson.root.locator(".marks path").count() == 0
    places = lesson.root.locator("g[role=button]").evaluate_all(WHERE)
    lesson.part("step").click()
    lesson.wait("steps", "2")
    assert lesson.root.locator("g[role=button]").evaluate_all(WHERE) == places
    lesson.act("reset")
    lesson.wait("steps", "0")
    assert lesson.root.locator("[data-rule=reconstruction]").is_checked()


def test_the_three_gradients_at_a_border(open_lesson):
    lesson = open_lesson(4, height=1400)
    lesson.wait("estimated", r"\(−1.375, 0.813\)")
    assert lesson.text("plain") == lesson.text("differences") == "(0.000, 0.000)"
    assert "halve h" in lesson.answer()
    lesson.part("differences").filter(has_not_text="(0.000, 0.000)").wait_for()
    assert lesson.text("plain") == "(0.000, 0.000)"


def test_pictures_are_drawn_and_judged(open_lesson):
    lesson = open_lesson(5, height=1400)
    for kind in ("uniform", "marginal", "autoregressive"):
        lesson.root.locator(f"[data-kind={kind}] img[src^=data]").wait_for()
    found = re.findall(r"(\d+\.\d\d) bits|ones (\d+\.\d\d)|own (\d+\.\d\d)", lesson.answer())
    costs = [float(cost) for groups in found for cost in groups if cost]
    assert len(costs) == 3 and costs[2] < min(costs[:2])  # what the prior drew costs it least


def test_a_sentence_is_answered_token_by_token(open_lesson):
    lesson = open_lesson(6, height=1400)
    lesson.wait("place-told", r"of")
    lesson.part("candidates").locator("button").nth(1).wait_for()
    read = int(lesson.text("place-told").split()[0])
    places = lesson.part("candidates").locator("button > :first-child").evaluate_all(
        "tiles => tiles.map((tile) => Math.round(tile.getBoundingClientRect().left - tile.parentElement.getBoundingClientRect().left))"
    )
    assert len(set(places)) == 1, "the one that was written is laid out as the others"
    chosen = lesson.part("candidates").locator("button span").nth(1).inner_text()
    lesson.part("candidates").locator("button").nth(1).click()
    lesson.wait("place-told", f"^{read + 1} of")
    lesson.page.wait_for_function("n => document.querySelectorAll('.sentence li:not(.word, .open)').length === n", arg=read + 1)
    assert lesson.root.locator(".sentence li:not(.word, .open)").last.inner_text() == chosen
    lesson.page.keyboard.press("Control+z")
    lesson.wait("place-told", f"^{read} of")
    lesson.part("candidates").locator("button").nth(1).click()
    lesson.wait("place-told", f"^{read + 1} of")
    assert "The codes cost, in bits" in lesson.answer()
    lesson.wait("asked", "The sentence is whole.")


def test_every_lesson_fits_a_phone_and_has_a_reset_and_a_question(open_lesson):
    lesson = open_lesson(1, width=400, height=860)
    page = lesson.page
    for number, name in enumerate(NAMES):
        page.locator(f"nav [data-step='{number}']").click()
        lesson = Lesson(lesson.bench, name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert lesson.root.locator("[data-action=reset]").count() == lesson.root.locator("[data-action=answer]").count() == 1
        lesson.bench.settle()


def test_a_finger_moves_points_too(open_lesson):
    lesson = open_lesson(2, height=1400)
    lesson.wait("hard", "^0, ")
    touch = lesson.page.context.new_cdp_session(lesson.page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for kind, place in (("touchStart", (-0.1875, 0.5)), ("touchMove", (0.2, 0.5)), ("touchMove", (0.5, 0.5)), ("touchEnd", None)):
        points = [dict(zip("xy", lesson.place(*place)))] if place else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    lesson.wait("hard", "^1, ")
