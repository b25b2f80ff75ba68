"""The map of vqcore: few rooms, arrows that run one way, and no browser in the science."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent / "vqcore"
DEMO = ROOT.parent / "demo"
ROOMS = [
    "files", "hub", "metrics", "codecs", "distributed", "quantizers", "tokenizers", "priors", "retrieval", "study", "data", "formats",
    "checkpoints", "training", "evaluation",
]
"""From the ground floor up: a room imports from those before it, and from itself."""
COMMANDS = {"train", "evaluate", "tokenize", "tokenfile", "atlas", "export"}
"""The doors `python -m vqcore.…`: they import rooms, and nothing imports them."""
APP = {"demo", "gradio", "plotly"}


def imported(file: Path) -> list[str]:
    """The modules that a file imports, anywhere in it, as dotted names; `from vqcore import x` is vqcore.x."""
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports by a relative path"
            found += [f"vqcore.{alias.name}" for alias in node.names] if node.module == "vqcore" else [node.module]
    return found


def room_of(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def arrows() -> set[tuple[str, str]]:
    """(from, to) of every import between two rooms or doors."""
    files = [file for file in ROOT.rglob("*.py") if file != ROOT / "__init__.py"]
    pairs = {(room_of(file), name.split(".")[1]) for file in files for name in imported(file) if name.startswith("vqcore.")}
    return {(a, b) for a, b in pairs if a != b}


def test_the_top_level_holds_the_rooms_and_the_doors_and_nothing_else():
    found = {path.name.removesuffix(".py") for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert found - {"__init__"} == {*ROOMS, *COMMANDS} and len(ROOMS) <= 16


def test_no_import_runs_back_up():
    order = {room: place for place, room in enumerate([*ROOMS, *COMMANDS])}
    assert not [f"{a} → {b}" for a, b in sorted(arrows()) if b in COMMANDS or order[a] <= order[b]]


def test_a_folder_holds_a_dozen_files_at_most():
    folders = [folder for folder in [ROOT, *ROOT.rglob("*")] if (folder / "__init__.py").is_file()]
    assert not {folder.name: n for folder in folders if folder != ROOT and (n := len(list(folder.glob("*.py"))) - 1) > 12}


def test_the_science_knows_no_app():
    assert not [(file.name, name) for file in ROOT.rglob("*.py") for name in imported(file) if name.split(".")[0] in APP]


def test_every_picture_file_is_opened_as_one_of_the_formats_that_are_named():
    calls = [
        (file, node) for file in [*ROOT.rglob("*.py"), *DEMO.rglob("*.py")] for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Image.open"
    ]
    assert calls and not [f"{file}:{node.lineno}" for file, node in calls if "formats" not in {word.arg for word in node.keywords}]
