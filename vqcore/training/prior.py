"""Training a prior on the tokens of labelled pictures, or sounds."""

from __future__ import annotations

import itertools
import logging
import math
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from vqcore import distributed
from vqcore.checkpoints import home_name, load, load_prior
from vqcore.data.labelled import read_labelled
from vqcore.data.sounds import read_clips
from vqcore.formats.clips import tokenize_sounds
from vqcore.formats.shards import Shards, holds_tokens, open_shards, read_index, tokenize
from vqcore.priors import PriorConfig, class_of, new_prior
from vqcore.priors.base import Prior
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.stored import save_prior
from vqcore.priors.text import Text
from vqcore.tokenizers.base import Tokenizer, decoder_fingerprint, fingerprint
from vqcore.training.budget import Budget
from vqcore.training.optimizer import Optimizer
from vqcore.training.run import Job, train
from vqcore.training.tokenizer import autocast

log = logging.getLogger(__name__)
HELD_OUT_EVERY = 20  # one picture in twenty is held out, for the validation figures
MOST_HELD_OUT = 2000
MOST_CLASSES = 100  # distinct texts; where there are more, they are captions
VALIDATIONS = 10  # in a run
PATIENCE = 3  # validations in a row that may be worse than the best


@dataclass(frozen=True)
class PriorRecipe:
    """How to train a prior.

    side: of the squares that pictures are cut to, in pixels, or the length that sounds are cut or continued by silence to, in samples;
    views: how many squares of each (see data.labelled.views), or how many places in the silence;
    batch: sequences a step, of all ranks together;  rate: the peak learning rate;  text_dropped: how often the text is left out, so that
    the model learns to write without one too (2207.12598);  closed: the data are all there is, as with emoji: every
    picture is trained on, and the validation figures are of pictures that were;  noise: in each sequence, up to this share of
    the tokens is read as others while the right ones are to be told, so that the text counts at every place and not at the first
    alone;  text_length: the text tokens of a sequence with captions; longer ones are cut.
    """

    model: PriorConfig
    side: int
    views: int = 1
    batch: int = 64
    rate: float = 2e-3
    text_dropped: float = 0.1
    weight_decay: float = 0.01
    closed: bool = False
    noise: float = 0.0
    text_length: int = 20

    def __post_init__(self):
        if not 0 <= self.noise <= 1:
            raise ValueError(f"noise is a share of tokens, 0 … 1, not {self.noise}.")


@dataclass(frozen=True)
class Tokens:
    """Some of the pictures in a folder of tokens: `rows` int64 [M] says which."""

    shards: Shards
    layout: Layout
    rows: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def views(self) -> int:
        return self.shards.index["views"]

    def texts(self, chosen: Tensor) -> Tensor:
        """Which of the index's texts these have, int64 [B]; as many as there are for none."""
        return self.shards.texts[self.rows[chosen]]

    def sequences(self, chosen: Tensor, view: Tensor) -> Tensor:
        """Numbers of the vocabulary, int64 [B, length]."""
        return self.layout.flatten(self.shards.grids(self.rows[chosen], view))

    def split(self, closed: bool = False) -> tuple[Tokens, Tokens]:
        """(for training, to validate with): one picture in `stride` is held out, or is in both where the set is closed."""
        index = torch.arange(len(self))
        stride = max(HELD_OUT_EVERY, len(index) // MOST_HELD_OUT)
        if len(index) < 2:
            raise ValueError("There is one picture only; a prior needs many.")
        held = index % stride == min(stride, len(index)) - 1
        return self if closed else replace(self, rows=self.rows[~held]), replace(self, rows=self.rows[held])


def train_prior(
    recipe: PriorRecipe, tokenizer_name: str, source: str | Path, out: Path, budget: Budget, seed: int = 0, start: str | None = None
) -> None:
    """Train until the budget is used up and leave the best checkpoint in `out`; goes on where an earlier call stopped.

    source: of the pictures, as `read_labelled` takes it; or a folder of tokens, as `vqcore.tokenize` writes it;
    start: a trained prior over the same sequences whose weights to begin with.
    """
    torch.manual_seed(seed)
    tokenizer = load(tokenizer_name)
    shards = shards_of(tokenizer, source, recipe, out)
    layout, conditions = layout_of(shards, recipe.text_length), () if is_free(shards) else shards.index["texts"]
    if not class_of(recipe.model).reads_text:
        layout, conditions = Layout(Words(()), 0, layout.grids), ()
    tokens = Tokens(shards, layout, torch.arange(len(shards)))
    model = new_prior(layout, recipe.model, home_name(tokenizer_name), conditions, out.name).to(distributed.device())
    model.decoder = decoder_fingerprint(tokenizer).hex()
    model.adopt([level.codebook.to(distributed.device()) for level in tokenizer.levels])
    if start is not None:
        begin_with(model, load_prior(start))
    size = f"{sum(p.numel() for p in model.parameters()):,}"
    log.info("%s parameters, %s pictures of %d tokens", size, f"{len(tokens):,}", layout.length)
    train(prior_job(model, recipe, *tokens.split(recipe.closed), out), out, budget, VALIDATIONS)
    log.info("%s is ready.", out)


def begin_with(model: Prior, trained: Prior) -> None:
    """Take over the weights of a trained prior of the same shape, over the same words and codes."""
    shapes = [{name: tensor.shape for name, tensor in prior.state_dict().items()} for prior in (trained, model)]
    if trained.layout != model.layout or shapes[0] != shapes[1]:
        raise ValueError(f"{trained.name} has other words, grids or layers than this one. Start from one of the same shape, or from none.")
    model.load_state_dict(trained.state_dict())


def layout_of(shards: Shards, text_length: int = 20) -> Layout:
    """The sequence of these pictures, with these texts; text_length: the text tokens of captions."""
    texts = shards.index["texts"]
    grids = tuple(Grid(grid["codebook_size"], tuple(grid["shape"])) for grid in shards.index["grids"])
    if is_free(shards):
        return Layout(Text.of(texts, itertools.chain(*shards.index.get("variants", []))), text_length, grids)
    words = Words.of(texts)
    return Layout(words, max((len(words.encode(text)) for text in texts), default=0), grids)


def is_free(shards: Shards) -> bool:
    """Whether the texts are captions in words of their own, and no classes to choose from."""
    return len(shards.index["texts"]) > MOST_CLASSES or "variants" in shards.index


def phrasings(shards: Shards, layout: Layout) -> Tensor:
    """`text … [SEP]` of each of the index's texts in all its forms, and of none, int64 [texts + 1, forms, prefix_length].

    At least half of the forms of a text are the text itself. Of a form that is too long for the sequence, the first words are taken.
    """
    texts = [*shards.index["texts"], ""]
    if not layout.text_length:
        return layout.prefix([""] * len(texts)).unsqueeze(1)
    variants = [*shards.index.get("variants", [[]] * (len(texts) - 1)), []]
    forms = 2 * max(map(len, variants)) or 1
    rows = [others + [text] * (forms - len(others)) for text, others in zip(texts, variants)]
    return layout.prefix([layout.shortened(form) for row in rows for form in row]).view(len(texts), forms, -1)


def shards_of(tokenizer: Tokenizer, source: str | Path, recipe: PriorRecipe, out: Path) -> Shards:
    """The tokens to train on in `out`: those that a folder holds, or the pictures', made once and kept."""
    shards = open_shards(Path(source)) if holds_tokens(Path(source)) else cached_shards(tokenizer, source, recipe, out / "run" / "tokens")
    if shards.index["fingerprint"] != fingerprint(tokenizer).hex():
        raise ValueError(f"The tokens in {source} are of another tokenizer than {tokenizer.name}. Tokenize the pictures with it.")
    return shards


def cached_shards(tokenizer: Tokenizer, source: str | Path, recipe: PriorRecipe, folder: Path) -> Shards:
    """The pictures' tokens, from the folder if they were made of the same tokenizer and pictures."""
    if tokenizer.sample_rate is not None:
        clips = read_clips(source, "train", tokenizer.sample_rate)
        if distributed.is_first():
            tokenize_sounds(tokenizer, clips, folder, recipe.side, recipe.views)
        distributed.wait_for_all()
        return open_shards(folder)
    data = read_labelled(source, "train")
    if distributed.is_first() and holds_tokens(folder):
        index = read_index(folder)
        made_of = (fingerprint(tokenizer).hex(), data.digest(), recipe.side, recipe.views)
        if tuple(index[name] for name in ("fingerprint", "made_of", "side", "views")) != made_of:
            shutil.rmtree(folder)
    tokenize(tokenizer, data, folder, recipe.side, recipe.views)
    return open_shards(folder)


def prior_job(model: Prior, recipe: PriorRecipe, data: Tokens, held_out: Tokens, out: Path) -> Job:
    """Training on `data`; each validation that is the best so far is published."""
    hidden = [p for name, p in model.named_parameters() if name.startswith(model.hidden) and p.ndim > 1]
    other = [p for p in model.parameters() if all(p is not h for h in hidden)]
    device = next(model.parameters()).device
    prefixes = phrasings(data.shards, model.layout).to(device)
    no_text, forms = len(prefixes) - 1, prefixes.shape[1]

    def step() -> dict[str, float]:
        count = distributed.share(recipe.batch)
        rows, view = torch.randint(len(data), (count,)), torch.randint(data.views, (count,))
        texts = torch.where(torch.rand(count) < recipe.text_dropped, no_text, data.texts(rows))
        with autocast():
            prefix = prefixes[texts.to(device), torch.randint(forms, (count,), device=device)]
            sequence = data.sequences(rows, view).to(device)
            loss = model(prefix, sequence, noisy(sequence, recipe.noise, model.layout)).mean()
        loss.backward()
        return {"bits": loss.item() / math.log(2)}

    def validate() -> dict[str, float]:
        means = []
        for rows in torch.arange(len(held_out)).split(recipe.batch):
            middle = torch.zeros_like(rows)
            loss = model(prefixes[held_out.texts(rows).to(device), -1], held_out.sequences(rows, middle).to(device))
            means.append(loss.mean(1))
        return {"bits": float(torch.cat(means).mean()) / math.log(2)}

    optimizer = Optimizer(hidden, other, recipe.weight_decay)
    return Job(model, optimizer, recipe.rate, step, validate, lambda figures: -figures["bits"], lambda: save_prior(model, out), overfits)


def noisy(sequence: Tensor, most: float, layout: Layout) -> Tensor:
    """Sequences int64 [B, length] in which a share of the tokens, drawn for each between 0 and `most`, has been replaced by
    codes of the same level, drawn by chance."""
    shares = most * torch.rand(len(sequence), 1, device=sequence.device)
    sizes = torch.tensor([grid.codebook_size for grid in layout.grids])[layout.levels()].to(sequence.device)
    starts = torch.tensor(layout.starts())[layout.levels()].to(sequence.device)
    others = layout.first_code + starts + (torch.rand(sequence.shape, device=sequence.device) * sizes).long()
    return torch.where(torch.rand(sequence.shape, device=sequence.device) < shares, others, sequence)


def overfits(history: list[dict[str, float]]) -> bool:
    """Whether the best of these validations lies more than PATIENCE of them back."""
    bits = [row["val_bits"] for row in history if "val_bits" in row]
    return len(bits) > PATIENCE and min(bits[-PATIENCE:]) > min(bits)
