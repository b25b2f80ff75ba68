import pytest

from demo import models


@pytest.fixture(scope="session", autouse=True)
def tiny_default(tiny_folder, tiny_prior, tiny_text_prior):
    """The app's default model is the tiny one, and its only priors too."""
    patch = pytest.MonkeyPatch()
    patch.setattr(models, "DEFAULT", str(tiny_folder))
    patch.setattr(models, "PRIORS", f"{tiny_prior},{tiny_text_prior}")
    caches = (models._load, models._priors)
    for cache in caches:
        cache.cache_clear()
    yield models.tokenizer()
    patch.undo()
    for cache in caches:
        cache.cache_clear()
