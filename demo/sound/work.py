"""What the Sound tab does: clips to tokens and back, words that a prior says, and tables of time series as tokens.

Samples are float32 [T] in [-1, 1], one channel at the tokenizer's rate; tokens of a clip are int64 [levels, t], those of a word int64 [t].
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcore.data.series import Scaling, read_series
from vqcore.data.sounds import levelled
from vqcore.priors.base import OnToken, Prior
from vqcore.study.patch_codes import fit_patch_codes
from vqcore.tokenizers.base import Tokenizer

EXAMPLE = Path(__file__).parent.parent / "examples" / "greenhouse.csv"
LONGEST = 10
"""Seconds of a clip: longer ones are cut."""
MOST_BYTES = 22_500_000
"""Of a table's file."""
SERIES_STEPS = 8
"""Moments that a token of a time series spans."""
SERIES_CODES = 64
"""The most codes that a time series gets; there are four of its tokens for each at least."""
SERIES_LONGEST = 16_384
"""Moments of a series, and its most columns."""
SERIES_COLUMNS = 12


@dataclass(frozen=True)
class Clip:
    """A sound's tokens, its samples as the tokenizer saw them, equally loud, and what the tokens decode to."""

    tokens: Tensor
    original: np.ndarray
    rebuilt: np.ndarray


@dataclass(frozen=True)
class Spoken:
    """The tokens of a word so far, and what they sound like."""

    tokens: Tensor
    samples: np.ndarray


@dataclass(frozen=True)
class Table:
    """A time series of F columns and T moments, and codes that were learned from it alone.

    names: of the columns;  low, high: of each, float64 [F];  steps: moments a token;  values: scaled, float32 [F, T] in
    [-1, 1];  tokens: int64 [T/steps rounded up];  codebook: float32 [K, F·steps];  rmse: the error that is left of each
    column in its own units, float64 [F].
    """

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    steps: int
    values: Tensor
    tokens: Tensor
    codebook: Tensor
    rmse: np.ndarray


def rate_of(tokenizer: Tokenizer) -> int:
    """Samples a second. ValueError for a tokenizer of anything but sounds."""
    if not tokenizer.sample_rate:
        raise ValueError(f"{tokenizer.name} is no tokenizer of sounds.")
    return tokenizer.sample_rate


def encode(tokenizer: Tokenizer, samples: np.ndarray) -> Clip:
    """ValueError for a clip without a sample, or of more than LONGEST seconds."""
    if not 0 < len(samples) <= LONGEST * rate_of(tokenizer):
        raise ValueError(f"A clip has between 1 sample and {LONGEST} seconds.")
    original = levelled(samples)
    tokens = tokenizer.encode(torch.from_numpy(original)[None, None])
    return Clip(torch.cat(tokens), original, tokenizer.decode(tokens)[0, 0].numpy())


def decode(tokenizer: Tokenizer, tokens: Tensor, part: slice | None = None, kept: Collection[int] | None = None) -> np.ndarray:
    """What a part of the tokens sounds like, all of them where None, without the levels that aren't kept, none where None. They may be
    cut out around the part, by the halo where the whole goes on: the same samples."""
    grids, region = list(_checked(tokenizer, tokens)[:, None]), (part or slice(0, tokens.shape[1]),)
    decoded = tokenizer.decode_region(grids, region) if kept is None else tokenizer.decode_levels(grids, kept, region)
    return decoded[0, 0].numpy()


def carried(tokenizer: Tokenizer, tokens: Tensor, level: int, kept: Collection[int]) -> np.ndarray:
    """What a level adds to those that are kept: how they sound with it less how they sound without it, within [-1, 1]."""
    others = set(kept) - {level}
    return (decode(tokenizer, tokens, kept=others | {level}) - decode(tokenizer, tokens, kept=others)).clip(-1, 1)


def speak(
    tokenizer: Tokenizer, prior: Prior, word: str | None, tokens: Tensor, until: int, temperature: float, seed: int, on_token: OnToken
) -> Spoken:
    """A word, any where None: its tokens so far, perhaps none, and more, up to `until` of them. The same seed gives the
    same tokens, in one call or in several. on_token: called after each token."""
    if not 0 <= seed < 2**32:
        raise ValueError("The seed is a whole number from 0 to 4,294,967,295.")
    kept = len(tokens)
    whole = torch.zeros(1, prior.layout.length, dtype=torch.int64)
    whole[0, :kept] = _checked(tokenizer, tokens[None])[0] if kept else tokens
    written = prior.sample(
        1, word, start=[whole], kept=kept, temperature=temperature, seed=seed,
        on_token=lambda token: bool(on_token(token)) or token.index + 1 == until,
    )[0][:, :until]
    return Spoken(written[0], tokenizer.decode([written])[0, 0].numpy())


def read_table(file: bytes) -> Table:
    """A CSV file as tokens. ValueError, in words, for one that is too large, or no table of numbers."""
    if len(file) > MOST_BYTES:
        raise ValueError(f"This is larger than the {MOST_BYTES // 1_000_000} MB that are read here. Cut it first.")
    series = read_series(file)
    count, columns = series.values.shape
    if count > SERIES_LONGEST or columns > SERIES_COLUMNS:
        raise ValueError(f"The page shows up to {SERIES_LONGEST:,} rows of {SERIES_COLUMNS} columns. This has {count:,} of {columns}.")
    scaling = Scaling.of(series)
    scaled = scaling.scale(series.values)
    whole = torch.nn.functional.pad(scaled, (0, -count % SERIES_STEPS), mode="replicate")[:, :, None]  # one pixel high
    codes = max(1, min(SERIES_CODES, whole.shape[-1] // SERIES_STEPS // 4))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = fit_patch_codes(whole, (1, SERIES_STEPS), (columns, 1, SERIES_STEPS), codes)
    tokens = tokenizer.encode(whole)
    rebuilt = scaling.restore(tokenizer.decode(tokens)[:, :, 0, :count])
    return Table(
        series.names, series.values.min(0), series.values.max(0), SERIES_STEPS, scaled[0], tokens[0, 0, :, 0], tokenizer.codebook,
        np.sqrt(((rebuilt - series.values) ** 2).mean(0)),
    )


def _checked(tokenizer: Tokenizer, tokens: Tensor) -> Tensor:
    """The tokens of a clip, once it is sure that they are some of each level."""
    codes, count = tokenizer.levels[0].codebook_size, len(tokenizer.levels)
    most = LONGEST * rate_of(tokenizer) // tokenizer.levels[0].downsampling + 1
    if len(tokens) != count or not 0 < tokens.shape[1] <= most or not 0 <= int(tokens.min()) <= int(tokens.max()) < codes:
        raise ValueError(f"There are between 1 and {most} tokens on each of {count} level(s), from 0 to {codes - 1} each.")
    return tokens
