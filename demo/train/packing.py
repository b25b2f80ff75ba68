"""What a run came to, as a zip that a visitor takes home."""

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

from demo.train.runs import PRIOR, TOKENIZER, Run, check_ready
from vqcore.data.scenes import is_scenes
from vqcore.training.config import FILE as RECIPE
from vqcore.training.config import to_json as recipe_to_json

DOWNLOADED = ("config.json", "model.safetensors", "codes.png", "metrics.jsonl")
ARCHIVE = "mine.zip"


def pack(run: Run) -> bytes:
    """A zip with the checkpoint folder of the run's tokenizer, and the prior's if there is one."""
    check_ready(run, TOKENIZER)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for stage in (stage for stage in (TOKENIZER, PRIOR) if run.is_ready(stage)):
            for name, data in _files(run, stage).items():
                archive.writestr(f"{run.out(stage).name}/{name}", data)
    return buffer.getvalue()


def _files(run: Run, stage: str) -> dict[str, bytes]:
    """A checkpoint's files, with nothing in them of where they lie here."""
    folder = run.out(stage)
    files = {name: (folder / name).read_bytes() for name in DOWNLOADED if (folder / name).is_file()}
    recipe = run.recipes[stage]
    if not is_scenes(run.pictures):
        recipe = replace(recipe, data=())
    if stage == PRIOR:
        tokenizer = run.out(TOKENIZER).name
        recipe = replace(recipe, tokenizer=tokenizer)
        files["config.json"] = _json(json.loads(files["config.json"]) | {"tokenizer": tokenizer})
    return files | {RECIPE: _json(recipe_to_json(recipe))}


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
