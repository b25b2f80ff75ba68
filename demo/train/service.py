"""What the Train tab asks of the server, outside the queue: as demo/canvas/page.py."""

import base64
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import vqcore
from demo import models
from demo.document import Document, to_json
from demo.kit import images
from demo.train import pictures as uploads
from demo.train import recipes, runs
from demo.workers import Crew, answered_by, pictures, writers
from vqcore.data.labelled import read_labelled
from vqcore.tokenizers.pixels import to_pixels
from vqcore.training.config import FILE as RECIPE
from vqcore.training.config import to_json as recipe_to_json


def is_allowed(environment: Mapping[str, str]) -> bool:
    """Whether a page with these variables trains: one on a Space doesn't, unless VQ_TRAINING is `on`."""
    return environment.get("VQ_TRAINING", "off" if "SPACE_ID" in environment else "on") == "on"


ALLOWED = is_allowed(os.environ)
DOWNLOADED = ("config.json", "model.safetensors", "codes.png", "metrics.jsonl")
SAMPLES = 12

unpackers = Crew(threads=1, waiting=2)
followers = Crew(threads=2, waiting=20)


@answered_by(unpackers)
def begin(question: dict) -> dict:
    """{"set": a bundled set, or "files": [{"name", "path" of the upload}], "settings"} → {"run": its id, "pictures": how many}."""
    if not ALLOWED:
        raise ValueError("Training is off on this page.")
    settings = question["settings"]
    if "files" in question:
        files = [(str(file["name"]), _upload(file["path"])) for file in question["files"]]
        run = runs.create(lambda folder: _fill(files, folder))
    else:
        folder = recipes.folder_of(question["set"])
        run = runs.create(lambda _: (folder, len(read_labelled(folder, "train").labels)))
    try:
        runs.train(run, runs.TOKENIZER, recipes.tokenizer_recipe(settings, run.pictures))
    except Exception:
        runs.forget(run)
        raise
    return {"run": run.id, "pictures": run.count}


@answered_by(followers)
def follow(question: dict) -> dict:
    """{"run", "losses", "validations": rows that the page has, "sheet": the reconstructions that it has} → what is new."""
    run = runs.find(question["run"])
    recipe, losses, validations = run.recipes[run.stage], run.losses(), run.validations()
    sheet = run.out(runs.TOKENIZER) / "run" / "reconstructions.png"
    stamp = str(sheet.stat().st_mtime_ns) if sheet.is_file() else ""
    return {
        "stage": run.stage, "running": run.is_running, "problem": run.problem(), "minutes": run.minutes, "budget": recipe.budget.minutes,
        "notice": run.notice(),
        "pictures": run.count, "codes": run.recipes[runs.TOKENIZER].recipe.model.quantizer.codebook_size,
        "losses": losses[int(question["losses"]) :], "validations": validations[int(question["validations"]) :],
        "stamp": stamp, "sheet": _data_url(sheet) if stamp and stamp != question["sheet"] else None,
        "ready": [stage for stage in (runs.TOKENIZER, runs.PRIOR) if run.is_ready(stage)],
    }


@answered_by(followers)
def stop(question: dict) -> dict:
    """{"run"} → {}: it is asked to end."""
    runs.stop(runs.find(question["run"]))
    return {"asked": True}


@answered_by(unpackers)
def go_on(question: dict) -> dict:
    """{"run"} → {}: it trains again."""
    runs.go_on(runs.find(question["run"]))
    return {"going": True}


@answered_by(unpackers)
def begin_prior(question: dict) -> dict:
    """{"run", "minutes"} → {}: a prior is trained on what the run's tokenizer makes of its pictures."""
    run = _with(question, runs.TOKENIZER)
    runs.train(run, runs.PRIOR, recipes.prior_recipe(run.out(runs.TOKENIZER), run.recipes[runs.TOKENIZER], float(question["minutes"])))
    return {"going": True}


@answered_by(pictures)
def open_model(question: dict) -> dict:
    """{"run"} → {"model": the name that the page has for it now, "picture": a PNG data URL of one that it never saw}."""
    run = _with(question, runs.TOKENIZER)
    model = models.add(run.out(runs.TOKENIZER))
    return {"model": model, "picture": images.to_png_url(images.to_rgb(recipes.unseen(run.pictures)))}


@answered_by(pictures)
def download(question: dict) -> dict:
    """{"run"} → {"name", "data": base64 of a zip with the checkpoint's folder, and the prior's if there is one}."""
    run, buffer = _with(question, runs.TOKENIZER), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for stage in (stage for stage in (runs.TOKENIZER, runs.PRIOR) if run.is_ready(stage)):
            for name, data in _files(run, stage).items():
                archive.writestr(f"{run.out(stage).name}/{name}", data)
    return {"name": "mine.zip", "data": base64.b64encode(buffer.getvalue()).decode("ascii")}


@answered_by(writers)
def sample(question: dict) -> dict:
    """{"run", "text": one of the prior's or none, "seed"} → {"texts", "samples": [{"picture", "document"}]}."""
    run = _with(question, runs.PRIOR)
    folder, text = run.out(runs.PRIOR), str(question["text"] or "")
    prior = _prior(folder, (folder / "model.safetensors").stat().st_mtime_ns)
    tokenizer = models.tokenizer(models.add(run.out(runs.TOKENIZER)))
    tokens = prior.sample(SAMPLES, text or None, seed=int(question["seed"]), on_token=lambda _: writers.pass_on())
    pixels = images.to_rgb(to_pixels(tokenizer.decode(tokens)))
    height, width = pixels.shape[1:3]
    each = [tuple(grid[i].numpy() for grid in tokens) for i in range(SAMPLES)]
    documents = [Document(tokenizer, width, height, grids, text or "sample") for grids in each]
    return {
        "texts": list(prior.conditions),
        "samples": [{"picture": images.to_png_url(p), "document": to_json(d)} for p, d in zip(pixels, documents)],
    }


SERVER_FUNCTIONS = [begin, follow, stop, go_on, begin_prior, open_model, download, sample]


def _upload(path: Any) -> Path:
    """A file that was uploaded to this page, and no other file of this machine."""
    place, home = Path(str(path)).resolve(), Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio").resolve()
    if not place.is_relative_to(home) or not place.is_file():
        raise ValueError("The upload is no longer here. Choose the pictures again.")
    return place


def _fill(files: list[tuple[str, Path]], folder: Path) -> tuple[Path, int]:
    """Where the uploaded pictures are, and how many."""
    pictures = folder / "pictures"
    pictures.mkdir()
    if len(files) == 1 and files[0][0].lower().endswith(".zip"):
        count = uploads.unpack(files[0][1], pictures)
    else:
        count = uploads.lay_out(files, pictures)
    return uploads.home_of(pictures), count


def _with(question: dict, stage: str) -> runs.Run:
    """The run, once its model of this stage can be used."""
    run = runs.find(question["run"])
    if not run.is_ready(stage):
        raise ValueError("There is no model to use yet. Wait until the training ends, or stop it.")
    return run


def _files(run: runs.Run, stage: str) -> dict[str, bytes]:
    """A checkpoint's files, with nothing in them of where they lie here."""
    folder = run.out(stage)
    files = {name: (folder / name).read_bytes() for name in DOWNLOADED if (folder / name).is_file()}
    recipe = replace(run.recipes[stage], data=())
    if stage == runs.PRIOR:
        tokenizer = run.out(runs.TOKENIZER).name
        recipe = replace(recipe, tokenizer=tokenizer)
        files["config.json"] = _json(json.loads(files["config.json"]) | {"tokenizer": tokenizer})
    return files | {RECIPE: _json(recipe_to_json(recipe))}


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


@lru_cache(maxsize=2)
def _prior(folder: Path, written: int):
    """The prior in a folder; `written` tells one training of it from the next."""
    return vqcore.load_prior(folder)


def _data_url(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
