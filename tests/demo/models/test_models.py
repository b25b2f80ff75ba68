"""Which tokenizers and priors the app serves."""

import json
import shutil

import pytest

from demo import models
from demo.compare import work
from demo.kit import cards
from demo.models import page as tab
from vqcore import files

NAME = "tiny-prior"


def test_a_prior_whose_tokenizer_is_not_here_is_left_out(tiny_prior, tmp_path, monkeypatch):
    other = shutil.copytree(tiny_prior, tmp_path / "stranger")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"tokenizer": "nowhere"}))
    monkeypatch.setattr(models, "PRIORS", f"{tmp_path}/missing,{other},{tiny_prior}")
    models._priors.cache_clear()
    try:
        assert list(models.priors()) == [NAME] and models.prior_folder(NAME) == tiny_prior
    finally:
        models._priors.cache_clear()


DAMAGES = [b"", b"{", b"\xff" * 40, b"[1]", b'{"figures": 3}', b'{"styles": 1, "examples": [2]}']


@pytest.mark.parametrize("damage", DAMAGES, ids=repr)
def test_a_damaged_file_that_is_not_needed_is_left_out_and_named(tiny_folder, tiny_text_prior, tmp_path, monkeypatch, damage):
    """Every file but those of the default model's weights, in turn."""
    monkeypatch.setattr("vqcore.checkpoints.FOLDER", tmp_path)
    for folder, name in ((tiny_folder, "home"), (tiny_folder, "other"), (tiny_text_prior, "writer")):
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("run"))
    config = json.loads((tmp_path / "writer" / "config.json").read_text())
    (tmp_path / "writer" / "config.json").write_text(json.dumps(config | {"tokenizer": "home"}))
    (tmp_path / "writer" / "metrics.json").write_text('{"figures": []}')
    (tmp_path / "home" / "tables.safetensors").write_bytes(b"0")
    monkeypatch.setattr(models, "DEFAULT", "home")
    monkeypatch.setattr(models, "PRIORS", None)
    needed = {tmp_path / "home" / "config.json", tmp_path / "home" / "model.safetensors"}
    for path in sorted(set(tmp_path.glob("*/*")) - needed):
        whole = path.read_bytes()
        path.write_bytes(damage)
        for cache in (models._load, models._priors, models._check_whole, models.sound_tokenizer, models.speaker):
            cache.cache_clear()
        files._left_out.clear()
        try:
            assert models.tokenizer().name == "home" and models.names()[0] == "home"
            assert next(each.name for each in work.choices(models.tokenizer())) == "home"
            for prior in models.priors().values():
                assert cards.sentences(prior) and cards.offers(prior) is not None
            assert models.sound_tokenizer() is None and models.speaker() is None
            assert str(tmp_path) not in tab.damaged()
            assert path.suffix == ".md" or path.suffix == ".jsonl" or damage in (b"[1]", b'{"figures": 3}') or tab.damaged(), path
        finally:
            path.write_bytes(whole)
    for cache in (models._load, models._priors, models._check_whole, models.sound_tokenizer, models.speaker):
        cache.cache_clear()
    files._left_out.clear()
