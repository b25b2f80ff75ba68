"""How large pictures are here, and how much work a stranger's tokenizer may be."""

import math

import torch
from torch.utils.flop_counter import FlopCounterMode

from vqcore.tokenizers.base import Tokenizer

MAX_PIXELS, MAX_SIDE = 1 << 20, 1 << 13
"""The most pixels of a picture, and of a side of it: larger ones are scaled down on the way in."""
MOST_FLOP = 6e12
"""Of the largest picture there and back: half a minute to a minute on two processors, in which nobody else's picture is read."""
TRIED_SIDE = 32  # pixels


def largest_side(tokenizer: Tokenizer) -> int:
    """Up to which side, in pixels, pictures are tokenized: less where every edit decodes them whole."""
    if tokenizer.halo is not None or tokenizer.largest_side is None:
        return MAX_SIDE
    return tokenizer.largest_side


def check_side(tokenizer: Tokenizer, side: int) -> None:
    """ValueError for a picture whose longer side, in pixels, is more than the tokenizer takes here."""
    if side > (most := largest_side(tokenizer)):
        raise ValueError(f"{tokenizer.name} takes pictures of up to {most} pixels a side here. Take a smaller one.")


def fits(width: int, height: int) -> bool:
    """Whether pictures of so many pixels are kept here."""
    return max(width, height) <= MAX_SIDE and width * height <= MAX_PIXELS


def check_cost(tokenizer: Tokenizer, called: str) -> None:
    """ValueError for a tokenizer of pictures that is too much work, reckoned from a small one: convolutions grow with the pixels, what
    attends from everywhere to everywhere with their square."""
    f = tokenizer.levels[0].downsampling
    side = f * math.ceil(TRIED_SIDE / f)
    with FlopCounterMode(display=False) as counter:
        tokenizer.decode(tokenizer.encode(torch.zeros(1, tokenizer.channels, side, side)))
    times = min(largest_side(tokenizer) ** 2, MAX_PIXELS) / side**2
    products = {torch.ops.aten.bmm, torch.ops.aten.baddbmm}
    flop = sum(count * (times**2 if kind in products else times) for kind, count in counter.get_flop_counts()["Global"].items())
    if flop > MOST_FLOP:
        raise ValueError(
            f"{called} takes {flop / 1e12:,.0f} million million operations for a picture, and {MOST_FLOP / 1e12:.0f} are the most on a "
            "page that others share. Use it in Python, by vqcore.load."
        )
