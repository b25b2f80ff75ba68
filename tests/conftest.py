import os
import shutil
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from tests.tiny import (
    any_size_prior_folder,
    tiny_prior_folder,
    tiny_scenes_prior_folder,
    tiny_sound_folders,
    tiny_text_prior_folder,
    tiny_tokenizer_folder,
    two_level_folder,
    two_level_prior_folder,
)

WORKERS = 2


def pytest_xdist_auto_num_workers(config):
    """Whole folders run in two processes, file by file; what is asked for by file runs in this one, which starts sooner."""
    return 0 if config.args and all(Path(argument.split("::")[0]).is_file() for argument in config.args) else WORKERS


def pytest_configure(config):
    """The processes share the cores: in each torch takes one, and so in the programs that they start."""
    if hasattr(config, "workerinput"):
        torch.set_num_threads(1)
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def trained_once(tmp_path_factory, train) -> Path:
    """The checkpoint folder that `train` leaves in a folder it is given, in a copy of that folder: whichever process needs
    it first trains it, for both."""
    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = run / train.__name__
    with FileLock(run / f"{train.__name__}.lock"):
        done = place / "done"
        if not done.exists():
            place.mkdir()
            done.write_text(train(place).name)
    return Path(shutil.copytree(place, tmp_path_factory.mktemp("trained") / place.name)) / done.read_text()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """The checkpoint folder of a small tokenizer, trained for real."""
    return trained_once(tmp_path_factory, tiny_tokenizer_folder)


@pytest.fixture(scope="session")
def tiny_prior(tiny_folder):
    """The checkpoint folder of a small prior over the small tokenizer's tokens."""
    return tiny_prior_folder(tiny_folder)


@pytest.fixture(scope="session")
def tiny_text_prior(tiny_folder):
    """The checkpoint folder of one that reads sentences."""
    return tiny_text_prior_folder(tiny_folder)


@pytest.fixture(scope="session")
def tiny_scenes_prior(tiny_folder):
    """The checkpoint folder of one that knows the words of scenes."""
    return tiny_scenes_prior_folder(tiny_folder)


@pytest.fixture(scope="session")
def any_size_prior(tiny_folder):
    """The checkpoint folder of one that takes grids of any size."""
    return any_size_prior_folder(tiny_folder)


@pytest.fixture(scope="session")
def tiny_sound(tmp_path_factory):
    """The checkpoint folders of a small tokenizer of sounds and of a prior over its tokens."""
    return tiny_sound_folders(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="session")
def two_level(tmp_path_factory):
    """The checkpoint folder of a small tokenizer of two levels, trained for real."""
    return trained_once(tmp_path_factory, two_level_folder)


@pytest.fixture(scope="session")
def two_level_prior(two_level):
    """The checkpoint folder of a small prior over its tokens."""
    return two_level_prior_folder(two_level)


def pytest_collection_modifyitems(items):
    """What trains comes first, so that the processes end at about the same time: a file goes to one of them whole."""
    items.sort(key=lambda item: "training" not in item.path.parts)
