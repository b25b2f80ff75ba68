"""Why a token is the code that it is, with typed values: for the page's pointer and for callers."""

from dataclasses import dataclass

import numpy as np

from demo.document import Document
from demo.kit import images
from vqcore.data.colors import in_channels
from vqcore.study.choice import Choice, Lines, decode_choices, explain_token, lines_of
from vqcore.tokenizers.pixels import to_pixels, to_tensor


@dataclass(frozen=True)
class Explanation:
    """choices: of each level, coarse to fine, see vqcore.study.choice;  lines: of the level that was asked for."""

    choices: list[Choice]
    lines: list[Lines]


def explain(document: Document, level: int, cell: tuple[int, int], original: np.ndarray | None) -> Explanation:
    """How the token at row and column `cell` of a level was chosen. original: the picture's own pixels, RGB, uint8 [H, W, 3], or
    None where there are only tokens. ValueError, in words, for a place or a picture that isn't this document's."""
    x = None
    if original is not None:
        if original.shape[:2] != (document.height, document.width):
            raise ValueError("This isn't the original of these tokens: it has another size. Open the picture again.")
        x = to_tensor(in_channels(original, document.tokenizer.channels))
    choices = explain_token(document.tokenizer, document.tensors, level, checked_cell(document, level, cell), x)
    return Explanation(choices, lines_of(document.tokenizer, level))


def decode_others(document: Document, level: int, cell: tuple[int, int], codes: list[int]) -> np.ndarray:
    """What the token and its neighbours look like with each of these codes in its place: RGB, uint8 [n, h, w, 3]."""
    size = document.tokenizer.levels[level].codebook_size
    if not 1 <= len(codes) <= 8 or not all(0 <= code < size for code in codes):
        raise ValueError(f"Ask for one to eight codes of 0 to {size - 1}.")
    decoded, _ = decode_choices(document.tokenizer, document.tensors, level, checked_cell(document, level, cell), codes)
    return images.to_rgb(to_pixels(decoded))


def checked_cell(document: Document, level: int, cell: tuple[int, int]) -> tuple[int, int]:
    """The cell, once it is sure that the level's grid has it."""
    rows, columns = document.grids[level].shape
    if not (0 <= cell[0] < rows and 0 <= cell[1] < columns):
        raise ValueError(f"This picture has {rows} rows and {columns} columns of tokens, from 0: there is no {cell[0]}, {cell[1]}.")
    return cell
