"""The list of keys, and that it is complete."""

import re
from pathlib import Path

JS = Path(__file__).parents[2] / "demo/canvas/js"


def test_the_list_opens_by_key_and_by_button_and_closes(shared_bench):
    keys = shared_bench.page.get_by_role("dialog", name="Keys")
    shared_bench.page.keyboard.press("?")
    assert keys.is_visible()
    shared_bench.page.keyboard.press("Escape")
    assert not keys.is_visible()
    shared_bench.act("keys")
    keys.get_by_role("button", name="Close").click()
    assert not keys.is_visible()


def test_every_letter_that_acts_is_on_the_list(shared_bench):
    shared_bench.act("keys")
    listed = {key.upper() for key in shared_bench.page.locator(".keys kbd").all_inner_texts()}
    acting = set(re.findall(r"^    (\w): \(\) =>", (JS / "keys.js").read_text(), re.MULTILINE))
    tools = [tool.read_text() for tool in (JS / "tools").glob("*.js")]
    taking = set("".join(re.findall(r"^  (?:key|holdKey): \"(\w+)\"", "".join(tools), re.MULTILINE)))
    assert len(acting) > 8 and taking == set("vbsmhx") and {letter.upper() for letter in acting | taking} <= listed
