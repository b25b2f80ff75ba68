"""The README's Python, run as it stands."""

import re
from pathlib import Path

import vqcore
from tests.vqgan import small_vqgan_folder
from vqcore import hub

README = Path(__file__).parent.parent / "README.md"


def test_the_examples_for_python_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(README.parent)
    pushed = []
    monkeypatch.setattr(hub, "download", lambda id: small_vqgan_folder(tmp_path / id))
    monkeypatch.setattr(vqcore, "push_to_hub", lambda *what: pushed.append(what))
    names = {}
    for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.S):
        if "gradio_client" not in block:  # which tests/demo/test_api.py runs
            exec(block, names)
    assert names["tokens"][0][0, 10, 20] == 7 and names["patch"].shape[2:] == (72, 72)
    assert 0 < len(names["data"]) < names["tokens"][0].numel() * 12 / 8
    assert names["theirs"].name == "CompVis/ldm-celebahq-256/vqvae" and pushed == [("photos", "YOUR-NAME/photos")]
