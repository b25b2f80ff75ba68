"""The running app's memory under mixed use: python -m tests.memory --minutes 60

A few pages come and go, each with a session of its own: they look at the page, upload and open pictures of all sizes, and ask whatever
the server answers (tests/questions.py). The app's resident memory is told once a minute; an hour on it may be 100 MB more than it was
after ten minutes.
"""

from __future__ import annotations

import argparse
import base64
import io
import random
import sys
import threading
import time

import httpx
import numpy as np
import psutil
from PIL import Image

from tests.benchmarks.startup import start
from tests.questions import App, Question, questions

PAGES = 4
VISIT = 12  # questions that a page asks before it is closed
LEAVES_AFTER = 20.0  # seconds
SETTLED, MOST_MORE = 10, 100  # minutes, MB


def use(url: str, asked: list[Question], seed: int, until: float, counts: list[int]) -> None:
    """One page after the other; `counts` gets how many questions were answered, and how many weren't."""
    draw = random.Random(seed)
    while time.monotonic() < until:
        session = f"{draw.getrandbits(50):x}"
        with httpx.Client(base_url=url, timeout=LEAVES_AFTER) as client:
            try:
                client.get("/")
                app = App(client)
                for _ in range(VISIT):
                    if time.monotonic() > until:
                        break
                    answered = _open_any(app, draw, session) if draw.random() < 0.2 else _ask(client, draw.choice(asked), session)
                    counts[0 if answered else 1] += 1
            except (httpx.HTTPError, KeyError):  # too slow, or told to ask again
                counts[1] += 1


def _ask(client: httpx.Client, question: Question, session: str) -> bool:
    return client.post(f"/gradio_api/{question.path}", json=question.body | {"session_hash": session}).status_code < 500


def _open_any(app: App, draw: random.Random, session: str) -> bool:
    """A picture of any size, by the page or as an upload."""
    width, height = (int(2 ** draw.uniform(5, 11.5)) for _ in range(2))
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(draw.randrange(2**32)).integers(0, 255, (height, width, 3), np.uint8)).save(file, "JPEG")
    if draw.random() < 0.5:
        return "document" in app.ask("token-canvas", "open_picture", {"data": _coded(file), "name": session, "model": None})
    return bool(app.call("encode", app.upload("a.jpg", file.getvalue()), ""))


def _coded(file: io.BytesIO) -> str:
    return base64.b64encode(file.getvalue()).decode()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.memory", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    app, url, _ = start()
    process, counts = psutil.Process(app.pid), [0, 0]
    resident = lambda: process.memory_info().rss / 1e6
    told = [resident()]
    try:
        with httpx.Client(base_url=url, timeout=600) as client:
            asked = questions(App(client))
        began = time.monotonic()
        until = began + 60 * options.minutes
        pages = [threading.Thread(target=use, args=(url, asked, seed, until, counts)) for seed in range(PAGES)]
        for page in pages:
            page.start()
        while any(page.is_alive() for page in pages) and app.poll() is None:
            time.sleep(max(0.0, min(began + 60 * len(told), until) - time.monotonic()) or 1)
            told.append(resident())
            print(f"{(time.monotonic() - began) / 60:5.1f} min {told[-1]:6.0f} MB {counts[0]} answered, {counts[1]} not", flush=True)
    finally:
        app.terminate()
        app.wait(20)
    more = told[-1] - told[min(SETTLED, len(told) - 1)]
    print(f"{told[0]:.0f} MB at the start, {max(told):.0f} at most, {told[-1]:.0f} at the end: {more:+.0f} since minute {SETTLED}")
    return 0 if app.returncode in (0, -15) and more <= MOST_MORE else 1


if __name__ == "__main__":
    sys.exit(main())
