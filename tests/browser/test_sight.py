"""What comes into sight is heard of, however many changes a busy browser hands over at once."""

from pathlib import Path

from demo import kit
from demo.kit import modules

SIGHT = Path(kit.__file__).parent / "js" / "sight.js"
DELIVERED = """
Function(%s)();
let deliver, watching = true;
window.IntersectionObserver = class {
    constructor(hear) {
        deliver = (...seen) => watching && hear(seen.map((isIntersecting) => ({ isIntersecting })));
    }
    observe() {}
    disconnect() {
        watching = false;
    }
};
const heard = [];
"""


def evaluate(chromium, script: str):
    page = chromium.new_page()
    joined = modules.share(SIGHT.parent)
    found = page.evaluate("(script) => Function(script)()", DELIVERED % repr(joined) + script)
    page.close()
    return found


def test_the_newest_of_several_changes_counts(chromium):
    assert evaluate(chromium, """
        vqKit.sight.onSight(null, (seen) => heard.push(seen));
        for (const changes of [[false], [false, true], [true, false, true, false]]) deliver(...changes);
        return heard;
    """) == [False, True, False]


def test_what_runs_once_it_is_seen_runs_once(chromium):
    assert evaluate(chromium, """
        vqKit.sight.onceSeen(null, () => heard.push("ran"));
        for (const changes of [[false], [false, true], [true]]) deliver(...changes);
        return heard;
    """) == ["ran"]


def test_nothing_else_of_the_page_watches_what_is_in_sight():
    scripts = Path(kit.__file__).parent.parent.rglob("*.js")
    assert [script for script in scripts if "IntersectionObserver" in script.read_text("utf-8")] == [SIGHT]
