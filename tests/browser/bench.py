"""The page as a person's hands and eyes have it."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
from PIL import Image

from tests.patience import PATIENCE

PATIENCE_MS = 1000 * PATIENCE  # of whatever is waited for: a busy machine is slow
COUNT_QUESTIONS = """
window.asking = 0; // questions that wait for their answer
const fetched = window.fetch;
window.fetch = async (...request) => {
    window.asking++;
    try {
        return await fetched(...request);
    } finally {
        window.asking--;
    }
};
"""
NOTE_MS = 8000  # as in messages.js: after which a note goes by itself
KEEP_NOTES = f"""
const later = window.setTimeout; // a busy machine may not have looked by then
window.setTimeout = (run, delay, ...rest) => later(run, delay === {NOTE_MS} ? {PATIENCE_MS} : delay, ...rest);
"""
# Gradio breaks off what it asks when the page is left, and logs that.
LEAVE_QUIETLY = """
for (const event of ["beforeunload", "pagehide"]) window.addEventListener(event, () => (console.error = () => {}), true);
"""
# A pick would cover the palette with why it is that code.
PALETTE = "if (location.protocol !== 'about:') localStorage['vq-explorer-inspector'] ??= 'palette'"
FRAMES = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn))))"
TIDY = """() => {
    const root = document.querySelector(".bench");
    const click = (selector) => root.querySelector(selector).click();
    const set = (selector, value, event) => {
        const input = root.querySelector(selector);
        input.value = value;
        input.dispatchEvent(new Event(event));
    };
    for (const menu of root.querySelectorAll(".menu, .walk")) menu.open = false;
    for (const dialog of root.querySelectorAll("dialog")) dialog.close();
    if (!root.querySelector("[data-part=candidates]").hidden) click("[data-candidates=close]");
    for (const button of ["[data-tool=pick]", "[data-layer=rebuilt]", "[data-colouring=distinct]", "[data-action=fit]"]) click(button);
    set("[data-fade]", 100, "input");
    set("[data-under]", "original", "change");
    set("[data-order]", "alike", "change");
    for (const frame of [...root.querySelectorAll(".frame")].slice(1)) root.querySelector(".frame:last-child .remove").click();
    for (const message of root.querySelectorAll(".messages li")) message.lastElementChild.click();
}"""
FIT_MARGIN = 12  # CSS pixels around a picture that is alone on the stage and fitted to it


class Bench:
    def __init__(self, page, address: str, first_size: str = "57 × 38 tokens", f: int = 8):
        """first_size: of the example that the page begins with;  f: pixels a token of the level at hand."""
        self.page, self.problems, self.f = page, [], f
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        page.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.add_init_script(COUNT_QUESTIONS)
        page.add_init_script(KEEP_NOTES)
        page.add_init_script(LEAVE_QUIETLY)
        page.add_init_script(PALETTE)
        page.goto(address)
        self.wait_for_size(first_size)
        self.close_hints()
        self.first_size, self.first_code = first_size, page.locator("[data-number]").input_value()

    def wait_for_size(self, text: str) -> None:
        self.page.wait_for_function(
            "text => document.querySelector('.readout .size')?.textContent.includes(text)"
            " && document.querySelector('[data-progress]').hidden", arg=text,
        )

    def tidy(self) -> None:
        """As the page was once it was opened, and the tabs have been told: one picture, no other tool, layer, menu or message."""
        self.page.evaluate(TIDY)
        self.show_tab("Tokens")
        self.choose(self.first_code)
        self.page.locator("[data-number]").blur()
        self.wait_for_size(self.first_size)
        self.page.locator("#figures").get_by_text(self.first_size.split()[0] + " columns").wait_for()
        self.page.evaluate("scrollTo(0, 0)")
        self.settle()

    def settle(self) -> None:
        """Wait until the server has answered all that the page asks it, and what came of it is drawn."""
        while True:
            self.page.wait_for_function("!window.asking")
            self.page.evaluate(FRAMES)
            if not self.page.evaluate("window.asking"):
                return

    def close_hints(self) -> None:
        for hint in self.page.locator(".hints button").all():
            if hint.is_visible():
                hint.click()

    def show_tab(self, name: str) -> None:
        """Open a tab, from the menu of those that a narrow window has no room for if need be."""
        tab = self.page.locator("#benches").get_by_role("tab", name=name, exact=True)
        if tab.count() and tab.first.is_visible():
            tab.first.click()
        else:
            self.page.locator("#benches .overflow-menu > button").click()
            self.page.locator("#benches .overflow-dropdown").get_by_text(name, exact=True).click()

    def open(self, name: str, data: bytes, size: str | None = None) -> None:
        self.page.locator("[data-chooser]").set_input_files({"name": name, "mimeType": "", "buffer": data})
        if size:
            self.wait_for_size(size)

    def message(self) -> str:
        """The newest problem that the page told; then it is dismissed."""
        alert = self.page.locator(".messages [role=alert]").last
        alert.wait_for()
        text = alert.locator("span").inner_text()
        alert.get_by_role("button", name="Dismiss").click()
        return text

    def save(self, kind: str) -> bytes:
        self.page.locator("[data-part=save] summary").click()
        with self.page.expect_download() as download:
            self.page.locator(f"[data-export='{kind}']").click()
        with open(download.value.path(), "rb") as file:
            return file.read()

    def pixels(self) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(self.save("png"))).convert("RGB")).astype(int)

    def document(self) -> dict:
        return json.loads(self.save("document"))

    def grids(self) -> list[np.ndarray]:
        """The tokens of each level, coarse to fine."""
        grids = self.document()["grids"]
        return [np.frombuffer(base64.b64decode(grid["data"]), "<u2").reshape(grid["shape"]).astype(int) for grid in grids]

    def tokens(self) -> np.ndarray:
        return self.grids()[-1]

    def screen_place(self, row: int, column: int, layer: str | None = None) -> tuple[float, float]:
        """Where the middle of a token is in the window, for a picture that is fitted to the stage: alone, or in the pane of a
        layer, the first one unless told."""
        width, height = map(int, self.page.locator(".readout .size").text_content().split(" px")[0].split(" × "))
        panes = self.page.locator(f".pane[data-pane={layer}]" if layer else ".pane")
        margin = 0 if panes.count() else FIT_MARGIN
        box = (panes.first if panes.count() else self.page.locator(".stage > canvas")).bounding_box()
        scale = min((box["width"] - 2 * margin) / width, (box["height"] - 2 * margin) / height)
        left, top = box["x"] + (box["width"] - width * scale) / 2, box["y"] + (box["height"] - height * scale) / 2
        return left + (column + 0.5) * self.f * scale, top + (row + 0.5) * self.f * scale

    def click_token(self, row: int, column: int, layer: str | None = None) -> None:
        self.see_canvas()
        self.page.mouse.click(*self.screen_place(row, column, layer))

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.see_canvas()
        self.page.mouse.move(*self.screen_place(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.screen_place(*end), steps=4)
        self.page.mouse.up()

    def see_canvas(self) -> None:
        """Back to it, where a tab that was opened fills the window."""
        self.page.locator(".stage > canvas").scroll_into_view_if_needed()

    def use(self, tool: str) -> None:
        self.page.locator(f"button[data-tool={tool}]").click()

    def choose(self, code: int) -> None:
        number = self.page.locator("[data-number]")
        number.fill(str(code))
        number.press("Enter")

    def act(self, action: str) -> None:
        self.page.locator(f"[data-action={action}]").click()

    def look(self, layer: str | None = None) -> np.ndarray:
        """What the stage shows now, or the pane of a layer."""
        self.settle()
        shot = self.page.locator(f".pane[data-pane={layer}]" if layer else ".stage > canvas").screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)
