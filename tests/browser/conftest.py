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

from tests.browser.bench import PATIENCE_MS, Bench
from tests.patience import PATIENCE, wait_until

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
ROOT = Path(__file__).parent.parent.parent
WIDTH, HEIGHT = 1280, 860  # of a window, CSS pixels


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
def app_address(tiny_folder, tiny_prior, tiny_text_prior, tiny_scenes_prior, tiny_sound, tmp_path_factory):
    """The address of the app with the tiny models and their priors, and another that reads sentences, of scenes."""
    sound, speaker = map(str, tiny_sound)
    folder = tmp_path_factory.mktemp("app")
    other = shutil.copytree(tiny_scenes_prior, folder / "tiny-text-prior-too")
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
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, timeout=PATIENCE_MS)
        yield browser
        browser.close()


def new_context(chromium):
    """A person's browser, with nothing in it yet."""
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest.fixture(scope="session")
def regular(chromium):
    """Somebody who was here before: the scripts are in their cache. `forget` an address and nothing else is left of it."""
    context = new_context(chromium)
    storage = context.new_cdp_session(context.new_page())

    def forget(address: str) -> None:
        origin = "/".join(address.split("/")[:3])
        storage.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "cookies,indexeddb,local_storage"})

    context.forget = forget
    yield context
    context.close()


@pytest.fixture
def open_page(chromium, regular):
    """Opens an address, for a person of its own each; whatever a page logs as an error fails the test.

    The first is opened by the regular, which takes half the work, the others and those who are `new` by somebody new.
    """
    pages, benches = [], []

    def open_it(address: str, width: int = WIDTH, height: int = HEIGHT, new: bool = False, **kind) -> Bench:
        context = new_context(chromium) if new or pages else regular
        pages.append(context.new_page())
        pages[-1].set_viewport_size({"width": width, "height": height})
        benches.append(Bench(pages[-1], address, **kind))
        return benches[-1]

    yield open_it
    for page in pages:
        address = page.url
        page.close()
        if page.context is regular:
            regular.forget(address)
        else:
            page.context.close()
    assert [problem for bench in benches for problem in bench.problems] == []


@pytest.fixture
def open_bench(open_page, app_address):
    """Opens the page of the app."""
    return lambda *size, query="", **how: open_page(f"{app_address}/{query}", *size, **how)


@pytest.fixture
def bench(open_bench):
    return open_bench()


@pytest.fixture(scope="session")
def lasting():
    """Where the page that tests share is, once one has opened it."""
    return []


@pytest.fixture
def shared_bench(chromium, app_address, lasting, request):
    """A page that stays open from test to test, tidied before each and left behind by one that fails. For what a test does to
    a picture that it opens."""
    if not lasting:
        lasting.append(Bench(new_context(chromium).new_page(), app_address))
    bench, failed = lasting[0], request.session.testsfailed
    bench.tidy()
    yield bench
    if request.session.testsfailed > failed or bench.problems:
        lasting.remove(bench)
        bench.page.context.close()
    assert bench.problems == []
