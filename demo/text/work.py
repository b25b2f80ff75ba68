"""What the Text tab does with a prior that reads sentences: how a prompt is read, which picture fits it, what its words do,
and which known picture is like a drawn one."""

from dataclasses import dataclass

import torch
from torch import Tensor

from demo import models
from demo.kit.decoding import open_picture
from demo.text import scenes
from vqcore.priors.base import Prior
from vqcore.priors.text import Text
from vqcore.tokenizers.pixels import to_tensor

MOST_CHARACTERS = 500
MOST_BYTES = 3_000_000
"""Of a drawn picture's file."""
NEAREST = 8


@dataclass(frozen=True)
class Word:
    """A word of a prompt, and the text tokens that it is read as, in letters."""

    word: str
    pieces: list[str]


@dataclass(frozen=True)
class Prompt:
    """A prompt as a prior reads it: how many text tokens it has, how many the prior reads at most, and the pairs of color and shape in
    it that a prior of scenes never saw."""

    words: list[Word]
    tokens: int
    room: int
    unseen: list[str]


@dataclass(frozen=True)
class Weights:
    """A picture's bits given a text, and given the text without each of its words."""

    whole: float
    words: list[str]
    without: list[float]


@dataclass(frozen=True)
class Nearest:
    """Known pictures, the nearest first: their texts, cosines −1 … 1, and tokens int64 [n, *S']; note: on what was done to the file
    that they were looked for with, None for nothing."""

    texts: list[str]
    fits: list[float]
    tokens: Tensor
    note: str | None


def read_prompt(prior: Prior, text: str) -> Prompt:
    """ValueError for a prior that reads no sentences, and for a text that is too long."""
    text, reads = _checked(text), _reader(prior)
    prior.layout.prefix([text])  # which says what is wrong with a text that is too long
    words = [Word(word, reads.decode(tokens)) for word, tokens in reads.read(text)]
    unseen = scenes.unseen_in(text) if scenes.draws_scenes(prior) else []
    return Prompt(words, sum(len(word.pieces) for word in words), prior.layout.text_length, unseen)


def fits(prior: Prior, text: str, tokens: list[Tensor]) -> list[float] | None:
    """The cosine of each picture, grids int64 [n, *S'] of the prior's tokenizer, with the text; None without a text, or
    without a model that knows both."""
    judge = models.contrastive_of(prior)
    if judge is None or not _checked(text).strip():
        return None
    return [round(fit, 4) for fit in judge.fit(text, models.tokenizer_of(prior).decode(tokens)).tolist()]


def weigh_words(prior: Prior, text: str, tokens: list[Tensor]) -> Weights:
    """What each word of a text does for one picture, grids int64 [1, *S']."""
    words = [word for word, _ in _reader(prior).read(_checked(text))]
    texts = [text, *(" ".join(words[:i] + words[i + 1 :]) for i in range(len(words)))]
    grids = [grid.expand(len(texts), *grid.shape[1:]) for grid in tokens]
    whole, *without = torch.stack([level.flatten(1).sum(1) for level in prior.bits(grids, texts)]).sum(0).tolist()
    return Weights(whole, words, without)


def find_nearest(prior: Prior, picture: bytes) -> Nearest:
    """Which of the pictures that the prior learned from are nearest to a drawn one, a picture file.

    ValueError where no model knows any, and for a file that is too large or holds no picture.
    """
    judge = models.contrastive_of(prior)
    known = None if judge is None else models.known_pictures(judge.name)
    if judge is None or known is None:
        raise ValueError(f"No model here knows pictures like those of {prior.name}.")
    if len(picture) > MOST_BYTES:
        raise ValueError("This picture is too large to be looked at. Take a smaller one.")
    opened = open_picture(picture, 2 * judge.config.side)
    every = known.embeddings @ judge.embed_images(to_tensor(opened.pixels))[0]
    best = every.topk(min(NEAREST, len(every)))
    return Nearest(
        [known.texts[i] for i in best.indices.tolist()], [round(fit, 3) for fit in best.values.tolist()], known.tokens[best.indices],
        opened.note,
    )


def _reader(prior: Prior) -> Text:
    if not isinstance(prior.layout.text, Text):
        raise ValueError(f"{prior.name} takes one of its classes, and no sentence.")
    return prior.layout.text


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise ValueError("A prompt is a text.")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"A prompt has at most {MOST_CHARACTERS} characters, and this one has {len(text):,}. Shorten it.")
    return text
