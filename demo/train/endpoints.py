"""The endpoints of training: as on the Train tab, one run at a time, in a process of its own."""

from collections import Counter
from pathlib import Path
from typing import Any, Literal

from gradio.data_classes import FileData

from demo import document as documents
from demo.kit.files import patiently, place_of, to_file
from demo.train import packing, runs, work
from demo.train.pictures import uploaded
from demo.train.recipes import Settings
from demo.train.work import followers, unpackers
from demo.workers import pictures as openers
from demo.workers import writers


def train(
    pictures: list[FileData] = [], bundled: str = "examples", downsampling: int = 8, codes: int = 256, code_dim: int = 16,
    beta: float = 0.25, codebook: Literal["ema", "gradient"] = "ema", minutes: float = 5,
) -> tuple[str, int]:
    """Begin to train a tokenizer on pictures. It goes on after this call returns.

    Args:
        pictures: picture files, with a .txt file of the same name each or a metadata.jsonl if they have captions, or one zip of all,
            or one .npz file of arrays, images and labels;
            what is none is passed over
        bundled: where no pictures are given, one of the app's own sets: examples, or fashion where it is installed; or scenes to render,
            as scenes:4000:64:ball,cube,red,blue,1,2, how many, of how many pixels a side, and of which shapes, colors, floors and numbers
            of things
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
    settings = Settings(downsampling, codes, code_dim, beta, codebook, minutes)
    if pictures:
        begun = patiently(unpackers, work.begin, _named(pictures), settings)
    else:
        begun = patiently(unpackers, work.begin_bundled, bundled, settings)
    return begun.id, begun.count


def follow_training(run: str) -> dict[str, Any]:
    """How far a run has come.

    Args:
        run: its id

    Returns:
        {"stage": tokenizer or prior, "running", "problem": what ended it, "minutes": of "budget", "pictures", "passed_over": what
        else was beside them, "losses": the newest, "validations": all, "ready": the stages whose model can be used}
    """
    told = patiently(followers, work.follow, runs.find(run))
    return {
        "stage": told.stage, "running": told.running, "problem": told.problem, "minutes": told.minutes, "budget": told.budget,
        "pictures": told.pictures, "passed_over": told.passed_over, "validations": told.validations, "ready": told.ready,
        "losses": told.losses[-1] if told.losses else None,
    }


def stop_training(run: str) -> None:
    """Ask a run to end; its model is kept.

    Args:
        run: its id
    """
    patiently(followers, runs.stop, runs.find(run))


def continue_training(run: str) -> None:
    """Let a run that was stopped go on.

    Args:
        run: its id
    """
    patiently(unpackers, runs.go_on, runs.find(run))


def train_prior(run: str, minutes: float = 3) -> None:
    """Train a prior on what a run's tokenizer makes of its pictures.

    Args:
        run: its id
        minutes: how long
    """
    patiently(unpackers, work.begin_prior, runs.find(run), minutes)


def open_trained(run: str) -> str:
    """Give a run's tokenizer a name by which the other endpoints know it.

    Args:
        run: its id

    Returns:
        the name, for the `model` of encode and others
    """
    return patiently(openers, work.tokenizer_of, runs.find(run)).name


def sample_trained(run: str, text: str = "", seed: int = 0) -> list[dict[str, Any]]:
    """Twelve pictures by a run's prior.

    Args:
        run: its id
        text: one that it knows, the name of a folder of pictures, or a sentence where it learned captions; anything where empty
        seed: the same seed gives the same pictures

    Returns:
        documents
    """
    written = patiently(writers, work.sample, runs.find(run), text or None, seed, lambda _: writers.pass_on())
    return [documents.to_json(document) for document in written.documents]


def download_trained(run: str) -> FileData:
    """A run's models as checkpoint folders.

    Args:
        run: its id

    Returns:
        a zip
    """
    return to_file(patiently(openers, packing.pack, runs.find(run)), packing.ARCHIVE, "application/zip")


def _named(files: list[FileData]) -> list[tuple[str, Path]]:
    """Each file under the name that its sender gave it, by which captions find their pictures; of several that share a name, the second
    picture and the second caption get the same number, and so on."""
    seen, named = Counter[str](), []
    for file in files:
        place = uploaded(place_of(file))
        name = FileData.model_validate(file).orig_name or place.name
        named.append((f"{seen[name]}-{name}" if seen[name] else name, place))
        seen[name] += 1
    return named
