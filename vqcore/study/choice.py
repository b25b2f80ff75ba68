"""Why a token is the code that it is: what the encoder saw there, and which codes lay nearest."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from vqcore.tokenizers import windows
from vqcore.tokenizers.base import Tokenizer

SHOWN = 8


@dataclass(frozen=True)
class Choice:
    """How one token of one level was chosen.

    code, e_k: the code that stands in the grid, and its vector, float32 [D];
    z_e: the encoder's vector, float32 [D], of which the nearest code is the token; None where there is no picture to encode;
    nearest: the nearest codes to z_e, the winner first and the lowest index first on a tie; to e_k where there is no z_e;
    distances: theirs, Euclidean;  distance, rank: those of the code that stands, rank 0 for the winner.
    """

    code: int
    e_k: Tensor
    z_e: Tensor | None
    nearest: tuple[int, ...]
    distances: tuple[float, ...]
    distance: float
    rank: int

    @property
    def margin(self) -> float | None:
        """By how much the second code lies farther than the winner; None where there is no second."""
        return self.distances[1] - self.distances[0] if len(self.distances) > 1 else None


@dataclass(frozen=True)
class Lines:
    """Lines of this package as they stand in their file: its path below the repository, the first line's number, the text."""

    file: str
    line: int
    text: str


def sort_codes(z_e: Tensor, e: Tensor) -> tuple[Tensor, Tensor]:
    """z_e float [D], codes e [K, D] → their squared distances, float64 [K], and the codes in order of them, int64 [K]."""
    z_e, e = z_e.double(), e.double()
    squares = (z_e - e).square().sum(1)
    order = squares.argsort(stable=True)
    return squares, order


def explain_token(
    tokenizer: Tokenizer, tokens: Sequence[Tensor], place: int, cell: Sequence[int], images: Tensor | None = None, count: int = SHOWN
) -> list[Choice]:
    """How the token at `cell` of level `place` was chosen, and at the other levels those that span it or that it spans the
    middle of: a Choice of each level, coarse to fine.

    tokens: int64 [1, *S'] of each level;  images: float [1, C, *S] in [-1, 1], what they were encoded of, or None. A part of
    grids and picture, cut by `tokenizer.encoder_halo` about the token where they go on, gives the same.
    """
    levels, grids = tokenizer.levels, [grid[0] for grid in tokens]
    windows.checked(tuple(slice(at, at + 1) for at in cell), grids[place].shape)
    latents = None if images is None else tokenizer.latents(images)
    choices = []
    for i, (level, grid) in enumerate(zip(levels, grids, strict=True)):
        at = tuple((2 * c + 1) * levels[place].downsampling // (2 * level.downsampling) for c in cell)
        z_e, code = None if latents is None else latents[i][(0, slice(None), *at)], int(grid[at])
        e_k = level.codebook[code].float()
        squares, order = sort_codes(e_k if z_e is None else z_e, level.codebook)
        nearest, distances = order[:count], squares.sqrt()
        rank = int((order == code).nonzero())
        choices.append(Choice(
            code, e_k, z_e, tuple(nearest.tolist()), tuple(distances[nearest].tolist()), float(distances[code]), rank,
        ))
    return choices


def decode_choices(
    tokenizer: Tokenizer, tokens: Sequence[Tensor], place: int, cell: Sequence[int], codes: Sequence[int]
) -> tuple[Tensor, windows.Region]:
    """What the token and its neighbours would look like with each of `codes` in its place: float32 [n, C, *region·f], and that
    region in tokens of the finest grid. tokens: int64 [1, *S'] of each level."""
    span = tokenizer.levels[place].downsampling // tokenizer.levels[-1].downsampling
    own = tuple(slice(at * span, (at + 1) * span) for at in cell)
    region = windows.grown(own, span, tokens[-1].shape[1:])
    grids = [grid.expand(len(codes), *grid.shape[1:]).clone() for grid in tokens]
    for grid, code in zip(grids[place], codes):
        grid[tuple(cell)] = code
    return tokenizer.decode_region(grids, region), region


def lines_of(tokenizer: Tokenizer, place: int) -> list[Lines]:
    """The lines by which a level's tokens are chosen: by distance, as here, and as its quantizer does it for all at once."""
    return [_body(sort_codes, 1, 2), _body(type(tokenizer.quantizers[place]).encode)]


def _body(function: Callable, start: int = 0, count: int | None = None) -> Lines:
    """A function's own lines, without those that declare and describe it."""
    lines, first = inspect.getsourcelines(function)
    skipped = next(i for i, line in enumerate(lines) if line.rstrip().endswith(":")) + 1
    if function.__doc__:
        skipped += function.__doc__.count("\n") + 1
    skipped += start
    file = function.__module__.replace(".", "/") + ".py"
    return Lines(file, first + skipped, textwrap.dedent("".join(lines[skipped:][:count])).rstrip())
