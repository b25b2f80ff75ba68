"""The endpoints of training: as on the Train tab, one run at a time, in a process of its own."""

import base64
from typing import Any, Literal

from gradio.data_classes import FileData

from demo.api.files import answer_of, place_of, to_file
from demo.train import service


def train(
    pictures: list[FileData] = [], bundled: str = "examples", downsampling: int = 8, codes: int = 256, code_dim: int = 16,
    beta: float = 0.25, codebook: Literal["ema", "gradient"] = "ema", minutes: float = 5,
) -> tuple[str, int]:  # fmt: skip
    """Begin to train a tokenizer on pictures. It goes on after this call returns.

    Args:
        pictures: picture files, or one zip of them
        bundled: where no pictures are given, one of the app's own sets: examples, or fashion where it is installed
        downsampling: f, the pixels of a token's side: 2, 4, 8 or 16
        codes: K, a power of two from 16 to 4,096
        code_dim: D, 1 to 256
        beta: β, the weight of the commitment
        codebook: how the codes follow: by exponential moving average, or by gradient
        minutes: how long

    Returns:
        the run's id, which the other endpoints of training take; whoever knows it can use the run
        how many pictures there are
    """
    settings = {
        "downsampling": downsampling, "codebook_size": codes, "code_dim": code_dim, "beta": beta, "codebook": codebook,
        "minutes": minutes,
    }
    if pictures:
        places = [place_of(file) for file in pictures]
        files = [{"name": f"{number}-{place.name}", "path": str(place)} for number, place in enumerate(places)]
        begun = answer_of(service.begin, files=files, settings=settings)
    else:
        begun = answer_of(service.begin, set=bundled, settings=settings)
    return begun["run"], begun["pictures"]


def follow_training(run: str) -> dict[str, Any]:
    """How far a run has come.

    Args:
        run: its id

    Returns:
        {"stage": tokenizer or prior, "running", "problem": what ended it, "minutes": of "budget", "pictures", "losses":
        the newest, "validations": all, "ready": the stages whose model can be used}
    """
    told = answer_of(service.follow, run=run, losses=0, validations=0, sheet="")
    names = ("stage", "running", "problem", "minutes", "budget", "pictures", "validations", "ready")
    return {name: told[name] for name in names} | {"losses": told["losses"][-1] if told["losses"] else None}


def stop_training(run: str) -> None:
    """Ask a run to end; its model is kept.

    Args:
        run: its id
    """
    answer_of(service.stop, run=run)


def continue_training(run: str) -> None:
    """Let a run that was stopped go on.

    Args:
        run: its id
    """
    answer_of(service.go_on, run=run)


def train_prior(run: str, minutes: float = 3) -> None:
    """Train a prior on what a run's tokenizer makes of its pictures.

    Args:
        run: its id
        minutes: how long
    """
    answer_of(service.begin_prior, run=run, minutes=minutes)


def open_trained(run: str) -> str:
    """Give a run's tokenizer a name by which the other endpoints know it.

    Args:
        run: its id

    Returns:
        the name, for the `model` of encode and others
    """
    return answer_of(service.open_model, run=run)["model"]


def sample_trained(run: str, text: str = "", seed: int = 0) -> list[dict[str, Any]]:
    """Twelve pictures by a run's prior.

    Args:
        run: its id
        text: one that it knows, the name of a folder of pictures; anything where empty
        seed: the same seed gives the same pictures

    Returns:
        documents
    """
    return [written["document"] for written in answer_of(service.sample, run=run, text=text, seed=seed)["samples"]]


def download_trained(run: str) -> FileData:
    """A run's models as checkpoint folders.

    Args:
        run: its id

    Returns:
        a zip
    """
    made = answer_of(service.download, run=run)
    return to_file(base64.b64decode(made["data"]), made["name"], "application/zip")
