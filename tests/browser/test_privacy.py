"""Two people at the same page, and one of them curious."""

import json
import os
import re
import urllib.error
import urllib.request

import numpy as np
import pytest

from tests.browser.bench import Bench
from tests.browser.conftest import new_context, served
from tests.browser.test_canvas import DRAWN, SIZE

pytestmark = pytest.mark.slow

SECRET = "a-secret-of-mine"


@pytest.fixture
def private_app(tiny_folder, tmp_path):
    """The app with a temporary folder of its own, to look for traces in."""
    (tmp_path / "temporary").mkdir()
    temporary = str(tmp_path / "temporary")
    with served(tmp_path / "log", VQ_MODEL=str(tiny_folder), VQ_PRIORS="", TMPDIR=temporary, GRADIO_TEMP_DIR=temporary) as address:
        yield address, tmp_path


def test_one_person_never_meets_what_another_opened(chromium, private_app):
    address, folder = private_app
    contexts = [new_context(chromium) for _ in range(2)]
    asked, mine, theirs = [], *(Bench(context.new_page(), address) for context in contexts)
    mine.page.on("response", lambda response: asked.append(response.url))
    mine.open(f"{SECRET}.png", DRAWN, SIZE)
    saved, tokens = mine.save("document"), mine.tokens()
    mine.show_tab("Compare")
    mine.show_tab("Tokens")

    theirs.page.reload()
    theirs.wait_for_size("57 × 38 tokens")
    kept = theirs.page.evaluate(
        "async () => JSON.stringify([document.documentElement.outerHTML, Object.entries(localStorage), Object.entries(sessionStorage),"
        " await indexedDB.databases()])"
    )
    assert SECRET not in kept and not np.array_equal(theirs.tokens(), tokens)

    other = [url for url in asked if url.startswith("http") and re.search(r"/(file=|queue/data|stream/)", url) and "assets" not in url]
    for url in other:
        assert SECRET not in read(url), f"{url} answers to anybody"
    for path in ("/etc/passwd", str(folder / "log"), "../log", "..%2flog"):
        assert read(f"{address}/gradio_api/file={path}") == ""

    written = [path for path in (folder / "temporary").rglob("*") if path.is_file() and os.stat(path).st_size]
    traces = [json.loads(saved)["grids"][0]["data"].encode(), DRAWN[:64], SECRET.encode()]
    assert [path for path in written if any(trace in path.read_bytes() or SECRET in path.name for trace in traces)] == []
    for context in contexts:
        context.close()


def read(url: str) -> str:
    try:
        return urllib.request.urlopen(url, timeout=5).read().decode("utf-8", "replace")
    except (urllib.error.URLError, TimeoutError):
        return ""
