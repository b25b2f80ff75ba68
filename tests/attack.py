"""The running app under somebody who wants to stop it: python -m tests.attack --requests 10000

That many mutated requests go to every endpoint and every function of the server, from a few connections: none may come back as a 500 or
with an error that has no words, and the server's loop may not stall. Most are questions that make sense but for a place or three
(tests/questions.py); who waits longer than LEAVES_AFTER goes. `python -m tests.load --attack` has `attack` beside a class of
users, from an address of its own: it repeats hostile configs, pictures that no decoder ends, bodies and uploads without a limit, calls
that are abandoned, many connections at once and folders of models.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import io
import json
import random
import sys
import tempfile
import time
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.benchmarks.startup import start
from tests.changes import as_text, change, leaf
from tests.questions import App, questions
from tests.vqgan import small_vqgan_folder

FROM = "127.0.0.2"  # an address of the attacker's own
JSON = {"Content-Type": "application/json"}
STALL_EVERY, CONNECTIONS, ABANDONED = 0.2, 24, 16
LEAVES_AFTER = 5.0  # seconds
HOSTILE_CONFIGS = [
    {"model": {"target": "VQModel", "params": {"embed_dim": 4, "n_embed": 40, "ddconfig": {
        "double_z": False, "z_channels": 4, "resolution": 64, "in_channels": 3, "out_ch": 3, "ch": "A", "ch_mult": [4_000_000_000],
        "num_res_blocks": 1, "attn_resolutions": [],
    }}}},
    {"kind": "vqvae", "version": 1, "quantizer": {"kind": "fsq", "levels": [2] * 300_000}, "network": {}},
]


@dataclass
class Found:
    """answers: how many of each status;  wrong: what may not be;  slowest: the longest that the server's loop let somebody wait, in s."""

    answers: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def look(self, path: str, body: Any, response: httpx.Response) -> None:
        self.answers[response.status_code] += 1
        null = '"error":null' in response.text.replace(" ", "") or ("data: null" in response.text and "event: error" in response.text)
        if (response.status_code >= 500 and response.status_code not in (503, 507)) or null:
            self.wrong.append(f"{response.status_code} {path} {str(body)[:200]} → {response.text[:200]}")


class Server:
    """The app over many connections at once."""

    def __init__(self, client: httpx.AsyncClient, config: dict):
        self.client = client
        self.places = {name: each["id"] for each in config["components"] if (name := each["props"].get("elem_id"))}
        folder = self.places.get("models-folder")
        self.open_folder = next((i for i, each in enumerate(config["dependencies"]) if folder in [t[0] for t in each["targets"]]), None)

    async def ask(self, place: str, name: str, question: Any) -> httpx.Response:
        body = {"data": question, "component_id": self.places[place], "fn_name": name, "session_hash": f"{random.getrandbits(40):x}"}
        return await self.client.post("/gradio_api/component_server", json=body)


async def watch(url: str, found: Found, until: float) -> None:
    """How long the server's loop lets a question wait that costs nothing."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        while time.perf_counter() < until:
            began = time.perf_counter()
            with contextlib.suppress(httpx.HTTPError):
                await client.get("/robots.txt")
            found.slowest = max(found.slowest, time.perf_counter() - began)
            await asyncio.sleep(STALL_EVERY)


def mutated(draw: random.Random, depth: int = 3) -> Any:
    """Some JSON that an endpoint may be sent."""
    kind = draw.random()
    if depth and kind < 0.2:
        return [mutated(draw, depth - 1) for _ in range(draw.randint(0, 4))]
    if depth and kind < 0.5:
        names = ["model", "prior", "data", "name", "grids", "region", "level", "code", "count", "document", "settings", "tokens", "kept",
                 "until", "text", "picture", "run", "version", "width", "height", "shape", "condition", "kind", "seed", "set", "codes"]
        return {name: mutated(draw, depth - 1) for name in draw.sample(names, draw.randint(0, 8))}
    return leaf(draw)


async def send_mutated(url: str, count: int, connections: int = 4, seed: int = 0) -> Found:
    """`count` requests, among `connections` that send one after the other."""
    draw, found = random.Random(seed), Found()
    with httpx.Client(base_url=url, timeout=300) as first:
        app = App(first)
        sensible = questions(app)
    async with httpx.AsyncClient(base_url=url, timeout=LEAVES_AFTER) as client:

        def question() -> tuple[str, Any]:
            way = draw.random()
            if way < 0.7:
                chosen = draw.choice(sensible)
                body = deepcopy(chosen.body)
                change(body if draw.random() < 0.05 else body["data"] or body, draw)
                return chosen.path, body
            if way < 0.85:
                place, name = draw.choice(app.functions)
                return "component_server", {"data": mutated(draw), "component_id": place, "fn_name": name, "session_hash": "mutated"}
            path = f"{draw.choice(('run', 'call'))}/{draw.choice(app.endpoints)}"
            return path, {"data": [mutated(draw) for _ in range(draw.randint(0, 9))]} if draw.random() < 0.9 else mutated(draw)

        async def one() -> None:
            path, body = question()
            try:
                found.look(path, body, await client.post(f"/gradio_api/{path}", content=as_text(body), headers=JSON))
            except httpx.ReadTimeout:
                found.answers["left"] += 1

        async def several(number: int) -> None:
            for _ in range(number):
                await one()

        watching = asyncio.create_task(watch(url, found, time.perf_counter() + 10**6))
        await asyncio.gather(*(several(count // connections + (i < count % connections)) for i in range(connections)))
        watching.cancel()
    return found


async def attack(url: str, until: float, found: Found) -> None:
    """Everything at once, over and over."""
    transport = httpx.AsyncHTTPTransport(local_address=FROM, limits=httpx.Limits(max_connections=200))
    async with httpx.AsyncClient(base_url=url, timeout=60, transport=transport) as client:
        server = Server(client, (await client.get("/config")).json())
        with tempfile.TemporaryDirectory() as folder:
            model = small_vqgan_folder(Path(folder) / "vqvae")
            ways = [(_configs, model), (_pictures, None), (_bodies, None), (_abandoned, None), (_connections, None), (_models, model)]

            async def repeat(way, about) -> None:
                while time.perf_counter() < until:
                    with contextlib.suppress(httpx.HTTPError, TimeoutError):
                        await way(server, about)
                    found.answers[way.__name__.strip("_")] += 1
                    await asyncio.sleep(0.1)

            await asyncio.gather(*(repeat(*way) for way in ways), watch(url, found, until))


async def _configs(server: Server, model: Path) -> None:
    """1: a config that asks for gigabytes."""
    config = json.dumps(random.choice(HOSTILE_CONFIGS)).encode()
    await _drop(server, [("config.json", config), ("model.safetensors", (model / "model.safetensors").read_bytes())])


async def _pictures(server: Server, _) -> None:
    """2: pictures that are programs, or bombs."""
    side = 7000
    kinds = [("TIFF", {"compression": "tiff_lzw"}), ("GIF", {}), ("PNG", {}), ("JPEG", {"progressive": True}), ("BMP", {})]
    endless = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop\n"
    kind, settings = random.choice(kinds)
    data = random.choice([endless, await asyncio.to_thread(_picture, kind, side, **settings)])
    await server.ask("token-canvas", "open_picture", {"data": _coded(data), "name": "a", "model": None})


async def _bodies(server: Server, _) -> None:
    """3: bodies and uploads without a limit, and one that breaks off."""
    await server.client.post("/gradio_api/component_server", content=b'{"data": [' + b"[]," * (68 << 18) + b"[]]}", headers=JSON)

    async def endless():
        for _ in range(300):
            yield b"x" * (1 << 20)

    await server.client.post("/gradio_api/queue/join", content=endless(), headers=JSON)

    async def half():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + bytes(1 << 20)
        raise httpx.WriteError("gone")

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    with contextlib.suppress(httpx.HTTPError):
        await server.client.post("/gradio_api/upload", content=half(), headers=headers)


async def _abandoned(server: Server, _) -> None:
    """4: dear calls whose caller has gone."""
    async def leave(body: dict) -> None:
        with contextlib.suppress(httpx.HTTPError):
            await server.client.post("/gradio_api/run/sample", json=body, timeout=0.5)

    await asyncio.gather(*(leave({"data": ["photos-prior", 16, "", None, 0, 1.0, i, None]}) for i in range(ABANDONED)))


async def _connections(server: Server, _) -> None:
    """5: a few dozen samplers from one address."""
    question = {"prior": "photos-prior", "settings": {}, "count": 16, "tokens": "", "kept": 0, "until": 64}
    await asyncio.gather(*(server.ask("sampler", "write_tokens", question) for _ in range(CONNECTIONS)))


async def _models(server: Server, model: Path) -> None:
    """6: one model after the other."""
    config = json.loads((model / "config.json").read_text())
    weights = (model / "model.safetensors").read_bytes()
    await _drop(server, [("config.json", json.dumps(config).encode()), ("model.safetensors", weights)])


async def _drop(server: Server, files: list[tuple[str, bytes]]) -> None:
    """Upload files and open them as a folder, as the Models tab does."""
    sent = (await server.client.post("/gradio_api/upload", files=[("files", file) for file in files])).json()
    session = f"{random.getrandbits(40):x}"
    data = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in sent]
    await server.client.post("/gradio_api/queue/join", json={"data": [data], "fn_index": server.open_folder, "session_hash": session})
    await server.client.get("/gradio_api/queue/data", params={"session_hash": session})


def _picture(kind: str, side: int, **settings: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((side, side), np.uint8)).save(file, kind, **settings)
    return file.getvalue()


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    app, url, _ = start()
    try:
        found = asyncio.run(send_mutated(url, options.requests, seed=options.seed))
        alive = httpx.get(f"{url}/config", timeout=60).status_code == 200
    finally:
        app.terminate()
        app.wait(20)
    print(f"{options.requests} mutated requests: {dict(found.answers)}; the loop's longest wait {found.slowest:.2f} s")
    for wrong in found.wrong[:20]:
        print(wrong)
    return 0 if alive and not found.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
