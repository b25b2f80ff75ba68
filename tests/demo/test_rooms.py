"""The map of demo: what is below the benches, and what a bench may know of another."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent / "demo"
BELOW = {"document", "workers", "models", "kit"}
"""What every bench stands on. The Models tab is a bench too, in the folder of what it shows."""
DOORS = {"page", "endpoints", "view", "first"}
"""The last is the canvas's: what the page's HTML begins with."""


def imported(file: Path) -> set[str]:
    """The modules that a file imports, as dotted names; `from a import b` is a.b as well as a."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("bench", sorted(path.parent.name for path in ROOT.glob("*/endpoints.py")))
def test_the_work_knows_no_door_and_an_endpoint_not_the_page(bench):
    others = [file for file in (ROOT / bench).glob("*.py") if file.stem not in DOORS | {"__init__"}]
    assert others, "a bench has work beside its doors"
    for file in [*others, ROOT / "kit" / "writing.py"]:
        forbidden = {"base64", "gradio", *(f"demo.{bench}.{door}" for door in DOORS), *(["json"] if file.stem == "work" else [])}
        assert not imported(file) & forbidden, file
    assert not imported(ROOT / bench / "endpoints.py") & {"base64", "json", f"demo.{bench}.page"}


def test_no_bench_knows_the_doors_of_another():
    benches = {file.parent.name for file in ROOT.glob("*/view.py")}
    found = []
    for bench in benches:
        for file in (ROOT / bench).rglob("*.py"):
            parts = [name.split(".") for name in imported(file) if name.startswith("demo.")]
            found += [(file.name, part) for part in parts if len(part) > 2 and part[1] in benches - {bench} and part[2] in DOORS]
    assert not found


def test_what_is_below_the_benches_knows_none_of_them():
    files = [file for name in BELOW for file in [ROOT / f"{name}.py", *(ROOT / name).rglob("*.py")] if file.is_file()]
    above = {path.name for path in ROOT.iterdir() if path.is_dir()} - BELOW
    assert not [(file.name, name) for file in files for name in imported(file) if name.startswith("demo.") and name.split(".")[1] in above]
