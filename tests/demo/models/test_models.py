"""Which tokenizers and priors the app serves."""

import json
import shutil

from demo import models

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
