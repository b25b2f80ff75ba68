"""The running app, on a tiny model trained for real, and a real Chromium that looks at it."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.bench import Bench
from tests.patience import PATIENCE, wait_until

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
ROOT = Path(__file__).parent.parent.parent


@contextmanager
def served(log: Path, **settings: str):
    """The address of app.py, run with these environment variables in a process of its own; what trains in it trains by steps."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | settings | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    with open(log, "w") as out:
        process = subprocess.Popen([sys.executable, "-m", "tests.stepped"], cwd=ROOT, env=environment, stdout=out, stderr=out)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(address) or process.poll() is not None, "the start of app.py")
        if process.poll() is not None:
            pytest.fail(f"app.py stopped:\n{log.read_text()}")
        yield address
        assert "Traceback" not in log.read_text()
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answers(address: str) -> bool:
    try:
        return bool(urllib.request.urlopen(address, timeout=PATIENCE).read())
    except OSError:
        return False


@pytest.fixture(scope="session")
def app_address(tiny_folder, tiny_prior, tiny_text_prior, tiny_sound, tmp_path_factory):
    """The address of the app with the tiny models and their priors, and another that reads sentences."""
    sound, speaker = map(str, tiny_sound)
    folder = tmp_path_factory.mktemp("app")
    other = shutil.copytree(tiny_text_prior, folder / "tiny-text-prior-too", ignore=shutil.ignore_patterns("prompts.json"))
    (other / "README.md").write_text("# Too\n\nReads sentences too.\n")
    priors = f"{tiny_prior},{tiny_text_prior},{other}"
    with served(
        folder / "log", VQ_MODEL=str(tiny_folder), VQ_PRIORS=priors, VQ_SOUND=sound, VQ_SPEAKER=speaker
    ) as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM.exists():
        pytest.skip("These tests drive a real browser, and there is no /usr/bin/chromium: apt-get install chromium.")
    playwright = pytest.importorskip("playwright.sync_api", reason="These tests need pip install -r tests/requirements.txt.")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_bench(chromium, app_address):
    """Opens the page in a window of its own; whatever it logs as an error fails the test."""
    opened = []

    def open_it(width=1280, height=860, query=""):
        context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        opened.append(Bench(context.new_page(), f"{app_address}/{query}"))
        return opened[-1]

    yield open_it
    for bench in opened:
        bench.page.context.close()
    assert [problem for bench in opened for problem in bench.problems] == []


@pytest.fixture
def bench(open_bench):
    return open_bench()
