"""What fits a checkpoint: which evaluation its kind and its data ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vqcore.checkpoints import find, kind_of, load, load_contrastive, load_prior, load_reader, load_tokenizer_of, read_config
from vqcore.data.lists import find_list
from vqcore.data.scenes import is_scenes, read_scenes
from vqcore.evaluation.any_size import measure_any_size
from vqcore.evaluation.decoders import SHEET, decoders_sheet
from vqcore.evaluation.pictures import measure_pictures
from vqcore.evaluation.prior import MOST_SAMPLES, measure_prior
from vqcore.evaluation.report import Report
from vqcore.evaluation.scenes import measure_scenes
from vqcore.evaluation.sound import measure_sounds, measure_speaker
from vqcore.evaluation.text import measure_text
from vqcore.evaluation.token_files import measure_files
from vqcore.tokenizers.base import Tokenizer

READER = "scenes-reader"  # who judges pictures of scenes


@dataclass(frozen=True)
class Options:
    """refine, files: of a tokenizer of pictures, see `measure`;  settings: how a prior's samples are drawn, where
    otherwise than by its own settings;  samples: to train a
    classifier on;  tokens: the folder of those that a prior was trained on;  reranker: a contrastive model's name;
    prompts: how many of those that were trained on;  texture: labelled pictures, by which to measure how real decoded patches look;
    letters: of a tokenizer of pictures, whether to measure how many of them survive, see letters.py."""

    refine: bool = False
    files: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    samples: int = MOST_SAMPLES
    tokens: Path | None = None
    reranker: str | None = None
    prompts: int = 1000
    texture: Path | None = None
    letters: bool = False


def measure(name: str, data: Path, options: Options = Options()) -> Report:
    """Measure a checkpoint on data it never saw.

    A tokenizer of pictures: quality, rate and the use of its codes; with `refine` after a search for better tokens, with
    `files` its token files instead, a second decoder with a sheet of both. A tokenizer of sounds: what a listener still hears. A
    prior: bits a token and its samples; where it reads captions and the data have names and styles, whether it writes what is asked
    for; on `scenes:COUNT`, those that it was trained on, whether it draws what sentences say; one of any size on whole pictures.
    """
    noun = kind_of(name).noun
    if noun == "tokenizer":
        tokenizer = load(name)
        if tokenizer.sample_rate is not None:
            return measure_sounds(tokenizer, data)
        if options.files:
            return measure_files(tokenizer, data)
        report = measure_pictures(tokenizer, data, options.refine, options.texture, options.letters)
        return report if not tokenizer.tokens_of else replace(report, pictures={SHEET: decoders_sheet(home(name), tokenizer, data)})
    if noun != "prior":
        raise ValueError(f"{name} is a {noun}. Tokenizers and priors are measured; a contrastive model as the --reranker of a prior.")
    prior = load_prior(name)
    tokenizer = load_tokenizer_of(prior)
    settings = replace(prior.settings, **options.settings)
    if tokenizer.sample_rate is not None:
        return measure_speaker(prior, tokenizer, data, settings.temperature)
    if prior.any_size:
        return measure_any_size(prior, tokenizer, data)
    if is_scenes(data):
        return measure_scenes(prior, tokenizer, read_scenes(data, "train"), load_reader(READER), settings)
    if not prior.conditions and find_list(data):
        reranker = load_contrastive(options.reranker) if options.reranker else None
        return measure_text(prior, tokenizer, data, reranker, settings, options.prompts)
    return measure_prior(prior, tokenizer, data, settings, options.samples, options.tokens)


def home(name: str) -> Tokenizer:
    """The tokenizer whose tokens a second decoder decodes."""
    return load(read_config(find(name))["tokenizer"])
