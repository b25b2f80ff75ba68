"""A bench's work is typed: only its two doors know how the page and other programs send things, and neither goes by the other."""

import ast
from pathlib import Path

import pytest

DEMO = Path(__file__).parent.parent.parent / "demo"
DOORS = {"page", "endpoints", "view"}
BENCHES = sorted(path.parent for path in DEMO.glob("*/endpoints.py"))


def imported(file: Path) -> set[str]:
    """What a file imports: modules, and what is taken out of them, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.name)
def test_the_work_knows_no_door_and_an_endpoint_not_the_page(bench):
    work = [file for file in bench.glob("*.py") if file.stem not in DOORS]
    assert len(work) > 1, "a bench has work beside its doors"
    for file in work:
        assert not imported(file) & {"base64", "gradio", *(f"demo.{bench.name}.{door}" for door in DOORS)}, file
    assert not imported(bench / "endpoints.py") & {"base64", "json", f"demo.{bench.name}.page"}
