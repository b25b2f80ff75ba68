"""A question that makes sense for every function of the server and every endpoint of the running app, as the page and callers ask them:
what tests/memory.py asks over and over, and what tests/attack.py changes a place of before it asks.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from demo.document import pack
from tests.benchmarks.startup import ROOT
from vqcore.data.sounds import write_wav

PICTURE = (ROOT / "demo" / "examples" / "chelsea.jpg").read_bytes()
TABLE = (ROOT / "demo" / "examples" / "greenhouse.csv").read_bytes()
RULES = {"beta": 0.25, "reconstruction": True, "codebook": True, "commitment": True, "stop_gradient": True, "revive": False}
POINTS, CODES = [[0.5, 1.0], [-1.0, 2.0]], [[0.0, 0.0], [1.0, 1.0], [2.0, -1.0]]


@dataclass(frozen=True)
class Question:
    """path: where it is sent;  name: of the function or the endpoint;  body: JSON, what is asked lies under "data"."""

    path: str
    name: str
    body: dict[str, Any]


class App:
    """The running app by its own description: `functions` are (component, name), `places` the components by their elem_id."""

    def __init__(self, client: httpx.Client):
        self.client = client
        self.config, info = client.get("/config").json(), client.get("/gradio_api/info").json()
        self.functions = [(each["id"], name) for each in self.config["components"] for name in each["props"].get("server_fns") or []]
        self.places = {name: each["id"] for each in self.config["components"] if (name := each["props"].get("elem_id"))}
        self.endpoints = [name.strip("/") for name in info["named_endpoints"]]

    def ask(self, place: str, name: str, question: Any) -> Any:
        return self.client.post("/gradio_api/component_server", json=self.body(place, name, question)).json()

    def body(self, place: str, name: str, question: Any) -> dict[str, Any]:
        return {"data": question, "component_id": self.places[place], "fn_name": name, "session_hash": "questions"}

    def call(self, name: str, *arguments: Any) -> Any:
        return self.client.post(f"/gradio_api/run/{name}", json={"data": list(arguments)}).json()["data"]

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        path = self.client.post("/gradio_api/upload", files={"files": (name, data)}).json()[0]
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def questions(app: App) -> list[Question]:
    """One of each; where a training has to be there, of one that isn't."""
    functions = {
        place: {name: question for name, question in asked.items() if (app.places[place], name) in app.functions}
        for place, asked in _functions(app).items()
    }
    asked = [
        Question("component_server", name, app.body(place, name, question))
        for place, each in functions.items() for name, question in each.items()
    ]
    asked += [Question(f"run/{name}", name, {"data": data}) for name, data in _endpoints(app).items() if name in app.endpoints]
    missing = {name for _, name in app.functions} - {name for each in functions.values() for name in each}
    missing |= set(app.endpoints) - {question.path.removeprefix("run/") for question in asked}
    if missing:
        raise ValueError(f"There is no question for {', '.join(sorted(missing))}: add one in tests/questions.py.")
    return asked


def _functions(app: App) -> dict[str, dict[str, Any]]:
    coded = base64.b64encode(PICTURE).decode()
    opened = app.ask("token-canvas", "open_picture", {"data": coded, "name": "a", "model": None})
    document = opened["document"]
    file = app.ask("token-canvas", "export_tokens", {"document": document, "kind": "vqt"})["data"]
    model, (rows, columns) = document["model"], document["grids"][-1]["shape"]
    codes = app.ask("token-canvas", "read_codebook", {"model": model})["levels"][-1]["size"]
    pixels = opened["original"].partition(",")[2]
    window = {"model": model, "grids": [{"shape": [9, 9], "data": pack(np.zeros((9, 9), np.int64), 2)}], "region": [2, 7, 2, 7]}
    prior = next(each for each in _props(app, "sampler")["priors"] if each["model"] == model and len(each["grids"]) == 1)
    length = prior["grids"][0]["shape"][0] * prior["grids"][0]["shape"][1]
    whole = pack(np.zeros(length, np.int64), 2)
    settings = {"condition": (prior["conditions"] or [None])[0], "temperature": 0.9, "top_k": 50, "top_p": 0.9, "guidance": 1.0, "seed": 1}
    writing = {
        "read_codebook": {"model": model},
        "write_tokens": {"prior": prior["name"], "settings": settings, "count": 2, "tokens": "", "kept": 0, "until": 8, "candidates": 3},
        "decode_tokens": {"prior": prior["name"], "tokens": whole, "written": length},
        "judge_tokens": {"prior": prior["name"], "condition": None, "tokens": whole},
    }
    reads = next(each for each in _props(app, "prompter")["priors"])
    sentence = pack(np.zeros(sum(grid["shape"][0] * grid["shape"][1] for grid in reads["grids"]), np.int64), 2)
    token = {"document": document, "level": 0, "row": rows // 2, "column": columns // 2}
    explaining = {"explain_token": token | {"pixels": None}, "decode_choices": token | {"codes": [1, 2, 3]}}
    scene = app.ask("prompter", "draw_scene", {"side": 64, "seed": 0, "text": "a red ball left of a blue cube"})
    return {
        "token-canvas": writing | explaining | {
            "open_picture": {"data": coded, "name": "a", "model": model},
            "open_example": {"name": "rocket", "model": model},
            "open_document": document,
            "open_token_file": {"data": file, "name": "a"},
            "decode_window": window, "decode_whole": window,
            "nearest_codes": {"model": model, "level": 0, "code": 3, "count": 8},
            "codes_between": {"model": model, "level": 0, "from": 3, "to": 9, "steps": 5},
            "decode_level": {"document": document, "level": 0},
            "refine_tokens": {"document": document, "picture": pixels, "round": 0},
            "export_tokens": {"document": document, "kind": "npz"},
            "judge_band": {
                "prior": prior["name"], "condition": None, "tokens": pack(np.zeros((prior["grids"][0]["shape"][0], 40), np.int64), 2),
                "columns": 40,
            },
            "rewrite_tokens": {"prior": prior["name"], "settings": settings, "tokens": whole, "mask": [3, 4, 5], "region": [0, 2, 0, 2]},
            "extend_tokens": {"prior": prior["name"], "settings": settings, "tokens": whole, "edge": "bottom", "by": 1},
        },
        "sampler": writing | {
            "draw_tokens": {"prior": prior["name"], "count": 4, "seed": 0, "by": "uniform"},
            "look_back": {"prior": prior["name"], "condition": None, "tokens": pack(np.zeros(5, np.int64), 2), "at": 5},
            "measure_effects": {"prior": prior["name"], "condition": None, "tokens": pack(np.zeros(6, np.int64), 2), "at": 5},
        },
        "prompter": writing | {
            "read_prompt": {"prior": reads["name"], "text": "a red heart"},
            "rank_pictures": {"prior": reads["name"], "text": "a red heart", "tokens": sentence},
            "weigh_words": {"prior": reads["name"], "text": "a red heart", "tokens": sentence},
            "find_nearest": {"prior": reads["name"], "picture": coded},
            "draw_scene": {"side": 64, "seed": 0, "scene": scene["scene"], "moved": {"number": 0, "across": 0.4, "down": 0.7}},
            "tokenize_scene": {"prior": reads["name"], "scene": scene["scene"], "name": "a"},
        },
        "sound-bench": {
            "encode_sound": {"samples": base64.b64encode(_samples(8000).tobytes()).decode()},
            "decode_sound": {"tokens": pack(np.zeros(16, np.int64), 2), "start": 2, "stop": 9},
            "speak": {"word": "seven", "seed": 0, "temperature": 1.0, "tokens": "", "until": 8},
            "read_table": {"file": base64.b64encode(TABLE).decode()},
        },
        "codebook-atlas": {"read_atlas": {"model": model, "level": 0}, "read_code": {"model": model, "level": 0, "code": 5}},
        "comparison": {
            "read_choices": {"model": model},
            "compare_picture": {"picture": pixels, "model": model, "codes": codes, "scale": 0.5},
        },
        "trainer": {
            "begin": {"files": [{"name": "a.png", "path": "a"}], "settings": {
                "downsampling": 8, "codebook_size": 64, "code_dim": 8, "beta": 0.25, "codebook": "ema", "minutes": 0.1}},
            "follow": {"run": "none", "losses": 0, "validations": 0, "sheet": ""}, "stop": {"run": "none"}, "go_on": {"run": "none"},
            "begin_prior": {"run": "none", "minutes": 0.1}, "open_model": {"run": "none"}, "download": {"run": "none"},
            "sample": {"run": "none", "text": "", "seed": 0},
        },
        "lessons": explaining | {
            "compress_patches": {"picture": "rocket", "numbers": 4, "bits": 8}, "read_components": {"picture": "rocket"},
            "read_patch": {"picture": "rocket", "numbers": 4, "bits": 8, "row": 1, "column": 2},
            "look_up_points": {"codes": CODES, "points": POINTS, "temperature": 0.1}, "scatter_plane": {"seed": 1},
            "train_plane": {"plane": app.ask("lessons", "scatter_plane", {"seed": 1})["plane"], "rules": RULES},
            "read_meanings": {"number": 1}, "read_decoders": {"picture": "rocket"},
            "find_slopes": {"codes": CODES, "z_e": [0.1, 0.2], "x": [0.5, 0.5], "h": 0.01},
            "read_latents": {}, "decode_latent": {"z": [0.5, -0.5]}, "draw_pictures": {"kind": "uniform", "seed": 0, "temperature": 1.0},
            "read_vocabulary": {}, "read_sentence": {"condition": None, "tokens": [1, 2, 3]},
            "write_sentence": {"condition": None, "tokens": [1, 2, 3], "seed": 0, "temperature": 1.0},
            "judge_sentence": {"tokens": [1] * 49},
        },
    }


def _endpoints(app: App) -> dict[str, list[Any]]:
    picture, sound, table = (app.upload(*each) for each in (("a.jpg", PICTURE), ("a.wav", _wav()), ("a.csv", TABLE)))
    model, reads = app.ask("token-canvas", "read_codebook", {})["model"], _props(app, "prompter")["priors"][0]["name"]
    prior = next(each["name"] for each in _props(app, "sampler")["priors"] if each["model"] == model)
    document = app.call("encode", picture, "")[0]
    written, sampled = (app.call("sample", name, 1, "", None, 0, 1.0, 0, None)[0] for name in (reads, prior))
    token_file = app.client.get(f"/gradio_api/file={app.call('export', document, 'vqt')[0]['path']}").content
    return {
        "list_models": [], "open_model": ["nobody/nothing"], "encode": [picture, ""], "decode": [document], "decode_level": [document, 0],
        "reconstruct": [picture, ""], "refine": [picture, document, 1], "compare": [picture, "", 0, 0.5],
        "read_codes": [document, 0, 0, 2, 2, -1], "explain_token": [document, 1, 1, picture, -1], "edit": [document, 1, 1, [[1, 2]], -1],
        "sample": [prior, 1, "", 1.0, 5, 0.9, 0, 1.0], "draw_tokens": [prior, "uniform", 1, 0],
        "complete": [sampled[0], prior, 0, 0, 2, 2, "", 1.0, 0, 1.0], "bits": [sampled[0], prior, ""],
        "extend": [sampled[0], prior, "bottom", 1, None, 0], "look_back": [sampled[0], prior, 5, ""],
        "measure_effects": [sampled[0], prior, 5, ""],
        "export": [document, "vqt"], "read_token_file": [app.upload("a.vqt", token_file)],
        "describe_codebook": ["", -1], "map_codebook": ["", -1], "nearest_codes": [3, 8, "", -1], "codes_between": [3, 9, 5, "", -1],
        "read_prompt": [reads, "a red heart"], "weigh_words": [written[0], reads, "a red heart"],
        "rank": [written, reads, "a red heart"], "find_nearest": [picture, reads],
        "draw_scene": ["a red ball left of a blue cube", 64, 0], "describe_sound": [sound], "encode_sound": [sound],
        "decode_sound": [[1, 2, 3]], "speak": ["seven", 1.0, 0], "encode_table": [table],
        "train": [[], "nothing", 8, 64, 8, 0.25, "ema", 0.1], "follow_training": ["none"], "stop_training": ["none"],
        "continue_training": ["none"], "train_prior": ["none", 0.1], "open_trained": ["none"], "sample_trained": ["none", "", 0],
        "download_trained": ["none"], "compress_patches": ["rocket", 4, 8], "look_up_points": [CODES, POINTS, 0.1],
        "train_plane": [2, 0.25, True, True, True, True, False, 0, {}], "find_slopes": [CODES, [0.1, 0.2], [0.5, 0.5], 0.001],
        "decode_latent": [[0.5, -0.5]], "draw_latents": ["uniform", 0, 1.0], "next_codes": ["", [1, 2]],
        "write_sentence": ["", [1, 2], 0, 1.0], "judge_sentence": [[1] * 49],
    }


def _props(app: App, place: str) -> dict[str, Any]:
    return next(each["props"]["props"] for each in app.config["components"] if each["props"].get("elem_id") == place)


def _samples(count: int) -> np.ndarray:
    return (20_000 * np.sin(np.arange(count) / 20)).astype("<i2")


def _wav() -> bytes:
    return write_wav(_samples(8000).astype(np.float32) / 32767, 8000)
