"""What the Train tab asks of the server, outside the queue: as demo/kit/page.py."""

import base64
from pathlib import Path
from typing import Any

from demo import document as documents
from demo.kit import images
from demo.train import packing, runs, scenes, work
from demo.train.pictures import uploaded
from demo.train.recipes import Settings
from demo.train.work import followers, unpackers
from demo.workers import answered_by, pictures, writers

MOST_LETTERS = 300
"""Of a source's name."""


@answered_by(unpackers)
def begin(question: dict) -> dict:
    """{"set": a bundled set or scenes:COUNT:SIDE:KINDS, or "files": [{"name", "path" of the upload}], "settings"} → {"run": its id,
    "pictures": how many}."""
    settings = _settings(question["settings"])
    if "files" in question:
        run = work.begin([(str(file["name"]), uploaded(str(file["path"]))) for file in question["files"]], settings)
    else:
        run = work.begin_bundled(question["set"], settings)
    return {"run": run.id, "pictures": run.count}


@answered_by(pictures)
def preview_scenes(question: dict) -> dict:
    """{"source": scenes:COUNT:SIDE:KINDS} → {"pictures": PNG data URLs of its first, "texts": their sentences}."""
    rendered, texts = scenes.preview(str(question["source"])[:MOST_LETTERS])
    return {"pictures": [images.to_png_url(picture) for picture in rendered], "texts": texts}


@answered_by(followers)
def follow(question: dict) -> dict:
    """{"run", "losses", "validations": rows that the page has, "sheet": the reconstructions that it has} → what is new."""
    told = work.follow(runs.find(question["run"]))
    stamp = str(told.sheet.stat().st_mtime_ns) if told.sheet else ""
    return {
        "stage": told.stage, "running": told.running, "problem": told.problem, "minutes": told.minutes, "budget": told.budget,
        "notice": told.notice, "pictures": told.pictures, "passed_over": told.passed_over, "codes": told.codes,
        "losses": told.losses[int(question["losses"]) :], "validations": told.validations[int(question["validations"]) :],
        "stamp": stamp, "sheet": _data_url(told.sheet) if told.sheet and stamp != question["sheet"] else None,
        "ready": told.ready,
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
    work.begin_prior(runs.find(question["run"]), float(question["minutes"]))
    return {"going": True}


@answered_by(pictures)
def open_model(question: dict) -> dict:
    """{"run"} → {"model": the name that the page has for it now, "picture": a PNG data URL of one that it never saw}."""
    run = runs.find(question["run"])
    return {"model": work.tokenizer_of(run).name, "picture": images.to_png_url(work.unseen(run))}


@answered_by(pictures)
def download(question: dict) -> dict:
    """{"run"} → {"name", "data": base64 of a zip with the checkpoint's folder, and the prior's if there is one}."""
    data = packing.pack(runs.find(question["run"]))
    return {"name": packing.ARCHIVE, "data": base64.b64encode(data).decode("ascii")}


@answered_by(writers)
def sample(question: dict) -> dict:
    """{"run", "text": one of the prior's or none, "seed"} → {"texts", "reads": other texts too, "samples": [{"picture", "document",
    "text"}]}."""
    run, text = runs.find(question["run"]), str(question["text"] or "") or None
    written = work.sample(run, text, int(question["seed"]), on_token=lambda _: writers.pass_on())
    return {
        "texts": written.texts,
        "reads": written.reads,
        "samples": [
            {"picture": images.to_png_url(picture), "document": documents.to_json(document), "text": asked}
            for picture, document, asked in zip(written.pictures, written.documents, written.asked, strict=True)
        ],
    }


SERVER_FUNCTIONS = [begin, preview_scenes, follow, stop, go_on, begin_prior, open_model, download, sample]


def _settings(chosen: dict[str, Any]) -> Settings:
    return Settings(
        int(chosen["downsampling"]), int(chosen["codebook_size"]), int(chosen["code_dim"]), float(chosen["beta"]),
        chosen["codebook"], float(chosen["minutes"]),
    )


def _data_url(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode("ascii")
