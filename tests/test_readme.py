"""The READMEs: their Python run as it stands, their command lines ones that the programs take, their links and figures true."""

import argparse
import importlib.util
import re
import shlex
from pathlib import Path
from unittest import mock

import pytest

import vqcore
from tests.vqgan import small_vqgan_folder
from vqcore import hub
from vqcore.evaluation.report import read_figures
from vqcore.quantizers import QUANTIZERS

ROOT = Path(__file__).parent.parent
ROOMS = ("vqcore", "demo", "checkpoints", "tests")
READMES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / room / "README.md" for room in ROOMS)]
CARDS = sorted(ROOT.glob("checkpoints/*/README.md"))
CHECKPOINTS = sorted(path.parent for path in ROOT.glob("checkpoints/*/config.json"))
MOST_WORDS = 1200
NEEDED = {"tests.fuzz": ["atheris"], "tests.load": ["psutil"], "tests.benchmarks": ["psutil"]}
"""What programs need that pytest doesn't."""
TOLD = {
    "psnr": "{:.2f} dB", "bits_per_token": "{:.2f} bits a token", "bits_per_token_coarse": "{:.2f} bits a coarse token",
    "bits_per_second": "{:,.0f} bits a second",
}
"""How the table of models words a figure of metrics.json."""
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)", re.MULTILINE)
COMMAND = re.compile(r"python -m ((?:vqcore|tests)\.\w+)(.*)")


class Parsed(Exception):
    """The command line was read, and nothing is to be done about it."""


def blocks(readme, language):
    return [text for kind, text in BLOCK.findall(readme.read_text("utf-8")) if kind == language]


def commands():
    """(module, its arguments) of every command line that starts a program of this repository, each once."""
    lines = [line for readme in READMES for text in blocks(readme, "") for line in text.splitlines()]
    return sorted({(found[1], tuple(shlex.split(found[2], comments=True))) for line in lines if (found := COMMAND.search(line))})


def anchors(readme):
    """What a link behind # may name: a heading in lower case, without punctuation, its words joined by hyphens."""
    headings = HEADING.findall(BLOCK.sub("", readme.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def named(readme):
    return str(readme.relative_to(ROOT))


@pytest.mark.parametrize("readme", READMES, ids=named)
def test_the_examples_for_python_run_one_after_the_other(readme, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    pushed = []
    monkeypatch.setattr(hub, "download", lambda id, check, progress: small_vqgan_folder(tmp_path / id))
    monkeypatch.setattr(vqcore, "push_to_hub", lambda *what: pushed.append(what))
    names = {}
    with mock.patch.dict(QUANTIZERS):  # an example adds one
        for block in blocks(readme, "python"):
            if "gradio_client" not in block:  # which tests/demo/test_api.py runs
                exec(block, names)
    if named(readme) == "README.md":
        assert names["tokens"][0][0, 10, 20] == 7 and names["patch"].shape[2:] == (72, 72)
        assert names["hearts"].shape == (4, 64, 64, 3) and names["bits"][0].shape == (4, 8, 8)
        assert (names["changed"][0][:, :4] == names["written"][0][:, :4]).all()
    elif named(readme) == "vqcore/README.md":
        assert 0 < len(names["data"]) < names["tokens"][0].numel() * 12 / 8
        assert names["theirs"].name == "amused/amused-512/vqvae" and pushed == [("photos", "YOUR-NAME/photos")]
        assert names["copy"].shape == names["series"].values.shape
    elif named(readme) == "checkpoints/README.md":
        assert names["boots"].shape == (2, 1, 28, 28)


@pytest.mark.parametrize("module, arguments", commands(), ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_every_command_line_is_one_that_its_program_takes(module, arguments, monkeypatch):
    """Up to the reading of its arguments, by the program's own parser."""
    assert importlib.util.find_spec(module), f"There is no {module}."
    if module == "tests.licences":  # which has no options
        return
    for package in NEEDED.get(module, ()):
        pytest.importorskip(package)
    is_package = (ROOT / module.replace(".", "/")).is_dir()
    program = importlib.import_module(f"{module}.__main__" if is_package else module)
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser, given=None, namespace=None):
        parse(parser, list(arguments))
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
    with pytest.raises(Parsed):
        program.main()


@pytest.mark.parametrize("readme", [*READMES, *CARDS], ids=named)
def test_every_link_leads_somewhere(readme):
    for link in LINK.findall(readme.read_text("utf-8")):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (readme.parent / path) if path else readme
        assert target.exists(), f"{named(readme)} links to {link}, where there is nothing."
        assert not anchor or anchor in anchors(target), f"{named(readme)} links to {link}, and there is no such heading."


def test_the_readme_can_be_read_in_five_minutes():
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= MOST_WORDS


def test_the_files_that_pip_is_told_to_read_are_there():
    files = [file for readme in READMES for text in blocks(readme, "") for file in re.findall(r"-r (\S+)", text)]
    assert files and all((ROOT / file).is_file() for file in files)


@pytest.mark.parametrize("folder", CHECKPOINTS, ids=lambda folder: folder.name)
def test_the_table_of_models_has_each_with_its_size_and_its_figures(folder):
    readme = ROOT / "checkpoints" / "README.md"
    row = next(line for line in readme.read_text("utf-8").splitlines() if line.startswith(f"| [`{folder.name}`]"))
    assert f"| {(folder / 'model.safetensors').stat().st_size / 1e6:.1f} MB |" in row
    values = read_figures(folder / "metrics.json")
    for name, words in TOLD.items():
        assert values.get(name) is None or words.format(values[name]) in row
    assert "saving" not in values or f"{values['saving']:.0%} below".replace("%", " %") in row
    assert folder.name in "".join(blocks(readme, ""))
