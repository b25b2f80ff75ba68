import pytest

from demo import models
from demo.token_canvas import service


@pytest.fixture(scope="session", autouse=True)
def tiny_default(tiny_folder, tiny_prior):
    """The app's default model is the tiny one, and its only prior too."""
    patch = pytest.MonkeyPatch()
    patch.setattr(models, "DEFAULT", str(tiny_folder))
    patch.setattr(models, "PRIORS", str(tiny_prior))
    caches = (models._load, models.priors, service._example, service._codebook)
    for cache in caches:
        cache.cache_clear()
    yield models.tokenizer()
    patch.undo()
    for cache in caches:
        cache.cache_clear()
