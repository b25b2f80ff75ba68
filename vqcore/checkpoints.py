"""Models by name: a folder with config.json and model.safetensors, and metrics.json and a README.md beside them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from vqcore import hub
from vqcore.data.scenes.reader import SceneReader, read_reader
from vqcore.files import CONFIG, WEIGHTS, leave_out, read_json, shown
from vqcore.priors.base import Prior
from vqcore.priors.stored import read_prior
from vqcore.retrieval.contrastive import Contrastive, read_contrastive
from vqcore.study.vae import VAE, read_vae
from vqcore.tokenizers import TOKENIZERS
from vqcore.tokenizers.base import Tokenizer, decoder_fingerprint
from vqcore.tokenizers.foreign import check_foreign, describe_foreign, foreign_sample_rate, read_foreign
from vqcore.tokenizers.second_decoder import read_second_decoder
from vqcore.tokenizers.stored import describe_own, read_tokenizer

FOLDER = Path(__file__).resolve().parent.parent / "checkpoints"
LONGEST_NAME = 250  # letters; a path is longer only on purpose
FOREIGN = "foreign"  # the kind of a tokenizer that another program wrote


@dataclass(frozen=True)
class Kind:
    """What a config.json of this kind describes.

    noun: what it is;  read(folder, config, name): the model in the folder, ready to use;  card: what it is called on the Hub.
    """

    noun: str
    read: Callable[[Path, Mapping[str, Any], str], nn.Module]
    card: str


KINDS = {
    **{kind: Kind("tokenizer", read_tokenizer, "VQ-VAE tokenizer") for kind in TOKENIZERS},
    "decoder": Kind("tokenizer", lambda folder, config, name: read_second_decoder(folder, config, name, _load_home), "decoder of a VQ-VAE"),
    FOREIGN: Kind("tokenizer", read_foreign, "tokenizer"),
    "prior": Kind("prior", read_prior, "prior"),
    "contrastive": Kind("contrastive model", read_contrastive, "contrastive model"),
    "reader": Kind("reader of scenes", read_reader, "reader of scenes"),
    "vae": Kind("variational autoencoder", read_vae, "variational autoencoder"),
}


def load(name: str | os.PathLike, *, pixel_range: tuple[float, float] | None = None, levels: int | None = None) -> Tokenizer:
    """A tokenizer by its folder's name in checkpoints/, by a path or by a Hub id, ready to use.

    Those of diffusers and taming-transformers are known too, and codecs of sound (see vqcore.tokenizers.foreign). pixel_range: of such a
    one, what black and white are to its networks, (-1, 1) or (0, 1), where its config tells it wrongly; its verbs take and give [-1, 1]
    all the same. levels: of a codec of sound, how many it keeps, from the first on, by which its bandwidth is chosen; all if not given.
    Raises ValueError, saying what is wrong and what to do, for what is missing, broken or of another kind.
    """
    folder = find(name, "tokenizer")
    config = read_config(folder, name)
    if levels is not None:
        if config["kind"] != FOREIGN:
            raise ValueError(f"levels are for codecs of sound of other programs, and {name} is none.")
        config["levels"] = levels
    if pixel_range is None:
        return _read(folder, config, name, "tokenizer")
    if config["kind"] != FOREIGN or pixel_range not in ((-1, 1), (0, 1)):
        raise ValueError(f"pixel_range is (-1, 1) or (0, 1), and for tokenizers of other programs; not {shown(pixel_range)} for {name}.")
    return _read(folder, {**config, "pixel_range": pixel_range}, name, "tokenizer")


def load_prior(name: str | os.PathLike) -> Prior:
    """A prior by its folder's name in checkpoints/, by a path or by a Hub id; `load_tokenizer_of(prior)` has its tokenizer.

    It samples in float32; with its `arithmetic` set to torch.bfloat16 or torch.int8 it is faster, and a seed gives other
    tokens. Raises ValueError as `load` does.
    """
    return _load(name, "prior")


def load_tokenizer_of(prior: Prior) -> Tokenizer:
    """The tokenizer whose tokens a prior writes. ValueError where it isn't there, or decodes otherwise than when the prior
    learned from it."""
    tokenizer = load(prior.tokenizer)
    prior.check_decoder(decoder_fingerprint(tokenizer), tokenizer.name)
    return tokenizer


def load_contrastive(name: str | os.PathLike) -> Contrastive:
    """A contrastive model, as `load` finds a tokenizer."""
    return _load(name, "contrastive model")


def load_vae(name: str | os.PathLike) -> VAE:
    """A variational autoencoder, as `load` finds a tokenizer."""
    return _load(name, "variational autoencoder")


def load_reader(name: str | os.PathLike) -> SceneReader:
    """A reader of scenes, as `load` finds a tokenizer."""
    return _load(name, "reader of scenes")


def from_pretrained(id: str) -> Tokenizer | Prior:
    """The tokenizer or the prior that a Hub id, a name or a path stands for."""
    return load_prior(id) if kind_of(id).noun == "prior" else load(id)


def push(name: str | os.PathLike, id: str, private: bool = False, token: str | None = None) -> str:
    """Upload a checkpoint to the Hub as the model OWNER/NAME; returns its address. See `vqcore.hub.push`."""
    return hub.push(find(name), kind_of(name).card, id, private, token)


def list_checkpoints() -> list[str]:
    """The names of the tokenizers in checkpoints/."""
    return list_nouns("tokenizer")


def list_priors() -> list[str]:
    """The names of the priors in checkpoints/."""
    return list_nouns("prior")


def list_contrastive() -> list[str]:
    """The names of the contrastive models in checkpoints/."""
    return list_nouns("contrastive model")


def list_nouns(noun: str) -> list[str]:
    """The names of the models in checkpoints/ that are these; a folder whose config can't be read is left out."""
    found = []
    for folder in sorted(path.parent for path in FOLDER.glob(f"*/{CONFIG}")):
        try:
            kind = KINDS.get(read_config(folder)["kind"])
        except ValueError as problem:
            leave_out(folder.name, problem)
            continue
        if kind is not None and kind.noun == noun:
            found.append(folder.name)
    return found


def sample_rate_of(name: str | os.PathLike) -> int | None:
    """Samples a second, where this is a tokenizer of sounds; only its config is read."""
    config = read_config(find(name))
    if config["kind"] == "decoder":
        config = read_config(find(str(config.get("tokenizer"))))
    if config["kind"] == FOREIGN:
        return foreign_sample_rate(config["theirs"], str(name))
    return config.get("sample_rate") or config.get("quantizer", {}).get("sample_rate")


def kind_of(name: str | os.PathLike) -> Kind:
    """What a checkpoint is; ValueError where this version knows no such kind."""
    folder = find(name)
    kind = read_config(folder, name)["kind"]
    if kind not in KINDS:
        raise ValueError(f"{folder} holds a model of kind {shown(kind)}, which this version doesn't know.")
    return KINDS[kind]


def _load(name: str | os.PathLike, noun: str) -> Any:
    folder = find(name, noun)
    return _read(folder, read_config(folder, name), name, noun)


def _read(folder: Path, config: Mapping[str, Any], name: str | os.PathLike, noun: str) -> Any:
    return _kind(config, folder, noun).read(folder, config, _given_name(name, folder))


def _kind(config: Mapping[str, Any], called: object, noun: str) -> Kind:
    """ValueError where a config, of what is called so, doesn't describe a `noun`."""
    kind = KINDS.get(config["kind"])
    if kind is None or kind.noun != noun:
        raise ValueError(f"{called} holds a model of kind {shown(config['kind'])}, not a {noun}.")
    return kind


def _load_home(name: str) -> Tokenizer:
    """The tokenizer that a second decoder's config names; another second decoder would go round in circles."""
    if read_config(find(name))["kind"] == "decoder":
        raise ValueError(f"{name} is itself a second decoder, and has no tokens of its own. Name a tokenizer.")
    return load(name)


def _given_name(name: str | os.PathLike, folder: Path) -> str:
    """What a model is called: by its id if it comes from the Hub, else by its folder."""
    return str(name) if hub.is_id(name) and not Path(name).is_dir() else folder.name


@dataclass(frozen=True)
class Description:
    """What a tokenizer's config.json tells: what it is, after "is", of each level, coarse to fine, its K and f, and the channels of what
    it reads."""

    what: str
    codes: tuple[int, ...]
    downsampling: tuple[int, ...]
    channels: int


def describe(folder: Path, called: str) -> Description:
    """What the tokenizer in a folder is; its weights need not be there. ValueError for what is none, or doesn't open here."""
    config = read_config(folder, called)
    if config["kind"] == "decoder":
        home = describe(find(str(config.get("tokenizer"))), called)
        return dataclasses.replace(home, what=f"another decoder of the tokens of {config['tokenizer']}")
    kind = _kind(config, called, "tokenizer")
    if config["kind"] == FOREIGN:
        return Description(*describe_foreign(config["theirs"], called))
    return Description(f"a {kind.card}", *describe_own(config))


def fetch(id: str, noun: str | None = None, progress: hub.Progress = lambda done, total: None) -> Path:
    """The folder of a Hub id, downloaded; of what doesn't open here, or is no `noun`, only config.json is. ValueError says why."""
    return hub.download(id, _checks(id, noun), progress)


def look(id: str, noun: str | None = None) -> hub.Found:
    """What is known of a Hub id before its weights are fetched. ValueError as of `fetch`."""
    return hub.look(id, _checks(id, noun))


def _checks(id: str, noun: str | None) -> Callable[[Path], None]:
    def check(folder: Path) -> None:
        config = read_config(folder, id)
        if noun is not None:
            _kind(config, id, noun)

    return check


def find(name: str | os.PathLike, noun: str | None = None) -> Path:
    """The folder of a checkpoint, from its name in checkpoints/, a path, or a Hub id, which is downloaded if it is a `noun`."""
    if len(str(name)) > LONGEST_NAME:
        raise ValueError(f"There is no checkpoint {shown(str(name))}.")
    for folder in (FOLDER / name, Path(name)):
        if (folder / CONFIG).is_file():
            return folder
    if Path(name).is_file():
        raise ValueError(f"{name} is a file. A checkpoint is a folder with {CONFIG} and {WEIGHTS} in it.")
    if hub.is_id(name) and not Path(name).parent.is_dir():
        return fetch(str(name), noun)
    for inner in hub.IN_A_PIPELINE:
        if (Path(name) / inner / CONFIG).is_file():
            raise ValueError(f"{name} is a pipeline of several models. Its tokenizer is {Path(name) / inner}: open that one.")
    known = ", ".join(list_checkpoints()) or "none"
    raise ValueError(f"There is no checkpoint {shown(str(name))!r}: no {CONFIG} there. In {FOLDER.name}/ there are: {known}.")


def home_name(name: str | os.PathLike) -> str:
    """How another checkpoint's config names this one: by its name alone if it lies in checkpoints/, else by its path."""
    home = find(name).resolve()
    return home.name if home.parent == FOLDER else str(home)


def read_config(folder: Path, called: str | os.PathLike | None = None) -> dict[str, Any]:
    """What a folder's config.json says: `kind`, `version` and more; of another program's model, the kind `foreign` and it as `theirs`.

    called: what messages call the model, the file if not given. ValueError for what can't be read or doesn't open here: of any
    program's model, before its weights are looked at.
    """
    config = read_json(folder / CONFIG)
    if isinstance(config, dict) and not (isinstance(config.get("kind"), str) and "version" in config):
        check_foreign(config, _given_name(called or folder, folder))
        return {"kind": FOREIGN, "version": 1, "theirs": config}
    if not isinstance(config, dict) or config["version"] != 1:
        raise ValueError(f"{folder / CONFIG} was not written by this program, or by a newer version of it.")
    return config
