"""The running app under a class of users: python -m tests.load --users 50 --seconds 60

Each user does over HTTP what the page does: paints a stroke a second, opens a picture every two minutes and turns to the
tab of the codebook every minute. Five of them sample all the while, four pictures at a time, a slice of tokens a request. A server that is
full answers "busy" at once and is asked again, as the page asks again; the time of a request counts from the first asking.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
import torch

import vqcore
from demo.document import pack, unpack
from tests.attack import Found, attack
from tests.benchmarks.measure import machine
from tests.benchmarks.startup import ROOT, start

SLOWEST = 60.0  # seconds after which a request counts as an error
OPEN_EVERY, TURN_EVERY = 120, 60  # seconds
SAMPLERS = 5
SAMPLES, SLICE = 4, 16  # samples at a time, tokens a request
PHOTOS = vqcore.load("photos")
PRIOR = vqcore.load_prior("photos-prior")
EXAMPLES = sorted((ROOT / "demo" / "examples").glob("*.jpg"))


@dataclass(frozen=True)
class Kind:
    """What one kind of request did: times in milliseconds."""

    name: str
    answered: int
    errors: int
    busy: int
    median: float
    p95: float
    p99: float


@dataclass
class Tally:
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    busy: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    complaints: set[str] = field(default_factory=set)

    def kinds(self) -> list[Kind]:
        def kind(name: str) -> Kind:
            times = sorted(self.times[name]) or [float("nan")]
            at = lambda share: 1000 * times[min(len(times) - 1, int(share * len(times)))]
            answered, median = len(self.times[name]), 1000 * statistics.median(times)
            return Kind(name, answered, self.errors[name], self.busy[name], median, at(0.95), at(0.99))

        return [kind(name) for name in sorted({*self.times, *self.errors})]


class Page:
    """One open page: its session, and the canvas' functions."""

    def __init__(self, client: httpx.AsyncClient, places: dict[str, int], tally: Tally):
        self.client, self.places, self.tally = client, places, tally
        self.session = f"{random.getrandbits(50):x}"

    async def ask(self, name: str, question: dict, place: str = "token-canvas") -> dict | None:
        """The answer of a component's function, once there is one; None where it went wrong."""
        started, pause = time.perf_counter(), 0.025
        body = {"session_hash": self.session, "component_id": self.places[place], "fn_name": name, "data": question}
        while time.perf_counter() - started < SLOWEST:
            try:
                response = await self.client.post("/gradio_api/component_server", json=body)
                answer = response.json() if response.status_code == 200 else {"error": f"status {response.status_code}"}
            except (httpx.HTTPError, ValueError) as problem:
                answer = {"error": repr(problem)}
            if answer.get("busy"):
                self.tally.busy[name] += 1
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                pause = min(2 * pause, 1.0)
                continue
            if "error" in answer:
                self.tally.errors[name] += 1
                self.tally.complaints.add(f"{name}: {answer['error']}"[:200])
                return None
            self.tally.times[name].append(time.perf_counter() - started)
            return answer
        self.tally.errors[name] += 1
        self.tally.complaints.add(f"{name}: no answer within {SLOWEST:.0f} s")
        return None


async def rest(seconds: float, until: float) -> None:
    """Sleep so long, but not beyond the end."""
    await asyncio.sleep(max(0, min(seconds, until - time.perf_counter())))


async def paint(page: Page, until: float) -> None:
    """A stroke a second: the window of tokens about one changed token."""
    level, halo = PHOTOS.levels[-1], PHOTOS.halo
    await asyncio.sleep(random.random())
    while time.perf_counter() < until:
        began, side = time.perf_counter(), 4 * halo + 1
        window = torch.randint(level.codebook_size, (side, side)).numpy()
        await page.ask("decode_window", {
            "model": "photos", "grids": [{"shape": [side, side], "data": pack(window, level.codebook_size)}],
            "region": [halo, side - halo, halo, side - halo],
        })
        await asyncio.sleep(max(0, began + 1 - time.perf_counter()))


async def open_pictures(page: Page, until: float) -> None:
    """A picture from a file every so often."""
    await rest(OPEN_EVERY * random.random(), until)
    while time.perf_counter() < until:
        path = random.choice(EXAMPLES)
        await page.ask("open_picture", {"data": base64.b64encode(path.read_bytes()).decode(), "name": path.stem, "model": "photos"})
        await rest(OPEN_EVERY, until)


async def turn_to_codebook(page: Page, until: float) -> None:
    """The codebook's tab every so often: its map, and a code of it."""
    await rest(TURN_EVERY * random.random(), until)
    while time.perf_counter() < until:
        await page.ask("read_atlas", {"model": "photos"}, "codebook-atlas")
        await page.ask("read_code", {"model": "photos", "code": random.randrange(PHOTOS.levels[-1].codebook_size)}, "codebook-atlas")
        await rest(TURN_EVERY, until)


async def sample(page: Page, until: float, written: list[int]) -> None:
    """Samples, one sheet after the other. `written` gets the tokens that have come."""
    length, codes = PRIOR.layout.length, PRIOR.layout.grids[0].codebook_size
    while time.perf_counter() < until:
        settings = {"condition": random.choice(PRIOR.conditions), "seed": random.randrange(10_000)}
        sequences = np.zeros((SAMPLES, length), np.int64)
        for kept in range(0, length, SLICE):
            tokens = pack(sequences[:, :kept], codes) if kept else ""
            question = {"prior": PRIOR.name, "settings": settings, "count": SAMPLES, "tokens": tokens, "kept": kept, "until": kept + SLICE}
            answer = await page.ask("write_tokens", question, "sampler")
            if answer is None or time.perf_counter() > until:
                break
            sequences[:, kept : kept + SLICE] = unpack(answer["tokens"], (SAMPLES, SLICE), codes)
            written.append(SLICE * SAMPLES)


async def drive(url: str, users: int, seconds: float, tally: Tally, resident, attacked: Found | None) -> tuple[list[float], list[float]]:
    """Run all users, and beside them an attacker who notes what he found, where there is one; the app's resident memory every second, in
    MiB, and the tokens a second of each who samples."""
    memory, written = [], [[] for _ in range(SAMPLERS)]
    async with httpx.AsyncClient(base_url=url, timeout=SLOWEST, limits=httpx.Limits(max_connections=4 * users)) as client:
        config = (await client.get("/config")).json()
        places = {name: c["id"] for c in config["components"] if (name := c["props"].get("elem_id"))}
        until = time.perf_counter() + seconds
        pages = [Page(client, places, tally) for _ in range(users)]
        work = [asyncio.create_task(job(page, until)) for page in pages for job in (paint, open_pictures, turn_to_codebook)]
        work += [asyncio.create_task(sample(page, until, tokens)) for page, tokens in zip(pages, written)]
        work += [asyncio.create_task(attack(url, until, attacked))] if attacked else []
        while time.perf_counter() < until:
            memory.append(resident())
            await asyncio.sleep(1)
        await asyncio.gather(*work)
    return memory, [sum(tokens) / seconds for tokens in written]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--attack", action="store_true", help="with somebody beside them who wants to stop the app: see tests/attack.py")
    parser.add_argument("--json", type=Path, default=Path("load.json"), help="where the figures go")
    options = parser.parse_args()
    app, url, _ = start()
    tally, attacked = Tally(), Found() if options.attack else None
    try:
        resident = lambda: psutil.Process(app.pid).memory_info().rss / 2**20
        memory, sampled = asyncio.run(drive(url, options.users, options.seconds, tally, resident, attacked))
    finally:
        app.terminate()
        app.wait(20)
    print(f"{machine()}; {options.users} users, {options.seconds:.0f} s")
    print("| request | answered | errors | busy | median ms | 95 % | 99 % |\n| --- | --- | --- | --- | --- | --- | --- |")
    for k in tally.kinds():
        print(f"| {k.name} | {k.answered} | {k.errors} | {k.busy} | {k.median:.0f} | {k.p95:.0f} | {k.p99:.0f} |")
    answered = sum(k.answered for k in tally.kinds())
    rates = ", ".join(f"{rate:.0f}" for rate in sampled)
    print(f"{answered / options.seconds:.0f} requests a second; tokens a second that each who samples gets: {rates}")
    third = max(1, len(memory) // 3)
    first, last = statistics.mean(memory[:third]), statistics.mean(memory[-third:])
    print(f"resident memory: {first:.0f} MiB in the first third, {last:.0f} in the last, {max(memory):.0f} at most")
    if attacked:
        print(f"the attacker's rounds: {dict(attacked.answers)}; the loop's longest wait {attacked.slowest:.2f} s")
    for complaint in sorted(tally.complaints)[:10]:
        print(complaint)
    figures = {
        "machine": machine(), "users": options.users, "seconds": options.seconds,
        "kinds": [asdict(k) for k in tally.kinds()], "sampled": sampled, "memory": memory,
    }
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if any(tally.errors.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
