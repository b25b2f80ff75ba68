"""The endpoints of pictures: into tokens and back, read, edited, and written anew in part. A document is the JSON that
demo/document.py describes."""

from dataclasses import replace
from typing import Any

import torch
from gradio.data_classes import FileData

from demo import document as documents
from demo import models
from demo.canvas import exports, rewriting, work
from demo.document import Document
from demo.kit import choices
from demo.kit.files import patiently, read_file, to_file, to_picture
from demo.kit.writing import Settings, grids_for
from demo.workers import explainers, pictures, writers
from vqcore.metrics import psnr, ssim
from vqcore.tokenizers.pixels import in_rows


def encode(image: FileData, model: str = "") -> dict[str, Any]:
    """Turn a picture into a document: grids of tokens, each the index of a vector in the model's codebook.

    Args:
        image: a picture file; one of more than a million pixels is scaled down
        model: a tokenizer's name; the default one where empty

    Returns:
        the document, JSON that the other endpoints take, and beside it a note on what was done to the file, or null
    """
    tokenized = _tokenized(image, model)
    return documents.to_json(tokenized.document) | {"note": tokenized.note}


def decode(document: dict[str, Any]) -> FileData:
    """Turn a document back into a picture.

    Args:
        document: as encode, edit, sample or complete give it

    Returns:
        a PNG file
    """
    return _picture(documents.from_json(document))


def decode_level(document: dict[str, Any], level: int = -1) -> FileData:
    """What one level of a document carries: every token of the others is the code that training used most.

    Args:
        document: as encode gives it
        level: of the tokenizer's levels, coarse to fine from 0; the finest where -1

    Returns:
        a PNG file
    """
    parsed = documents.from_json(document)
    return to_picture(patiently(pictures, work.decode_level, parsed, models.place_of_level(parsed.tokenizer, level)))


def reconstruct(image: FileData, model: str = "") -> tuple[FileData, dict[str, Any]]:
    """Send a picture through its tokens and back, and measure what that cost and kept.

    Args:
        image: a picture file; one of more than a million pixels is scaled down
        model: a tokenizer's name; the default one where empty

    Returns:
        the reconstruction as a PNG file
        tokens, bits and bits_per_pixel at log2 K bits a token, psnr in dB (infinite is 999), ssim; and a note on what was done to
        the file, or null
    """
    tokenized = _tokenized(image, model)
    document, original = tokenized.document, tokenized.original
    rebuilt = patiently(pictures, work.decode, document)
    return to_picture(rebuilt), {
        "tokens": document.tokens, "bits": document.bits, "bits_per_pixel": document.bits_per_pixel,
        "psnr": min(999.0, psnr(original, rebuilt)), "ssim": ssim(original, rebuilt), "note": tokenized.note,
    }


def refine(image: FileData, document: dict[str, Any], rounds: int = 4) -> tuple[dict[str, Any], FileData]:
    """Search for tokens that decode to something nearer to a picture than the encoder's do, with as many bits.

    Args:
        image: the picture file that the document was made of
        document: as encode gives it
        rounds: of the search, 1 to 4, some seconds each

    Returns:
        the document, changed
        what it decodes to, as a PNG file
    """
    parsed, data = documents.from_json(document), read_file(image)
    for round_ in range(rounds):
        parsed = patiently(writers, work.refined, parsed, data, round_)
    return documents.to_json(parsed), _picture(parsed)


def read_codes(
    document: dict[str, Any], row: int = 0, column: int = 0, rows: int = 0, columns: int = 0, level: int = -1
) -> list[list[int]]:
    """The codes in a rectangle of a document's grid.

    Args:
        document: as encode gives it
        row: the rectangle's first row, from 0
        column: its first column, from 0
        rows: how many; all that follow where 0
        columns: how many; all that follow where 0
        level: which grid, 0 the coarsest; the finest where negative

    Returns:
        the codes, row by row
    """
    parsed = documents.from_json(document)
    grid = parsed.grids[models.place_of_level(parsed.tokenizer, level)]
    part = grid[max(0, row) :, max(0, column) :][: rows or None, : columns or None]
    if not part.size or rows < 0 or columns < 0:
        raise ValueError(f"This picture has {grid.shape[0]} rows and {grid.shape[1]} columns of tokens; that rectangle has none of them.")
    return part.tolist()


def explain_token(
    document: dict[str, Any], row: int, column: int, image: FileData | None = None, level: int = -1
) -> tuple[dict[str, Any], FileData]:
    """Why a token is the code that it is: what the encoder saw there, z_e, and which codes lie nearest to it.

    Args:
        document: as encode gives it
        row: the token's, from 0
        column: the token's, from 0
        image: the picture file that the document was made of; without it there is no z_e, and the nearest are those to the code itself
        level: which grid, 0 the coarsest; the finest where negative

    Returns:
        code, e_k (its vector), z_e or null, nearest (eight codes, the encoder's choice first), distances (theirs, Euclidean), distance and
        rank (of the code that stands there, from 0), margin (by how much the second lies farther)
        the token and its neighbours as the first three of nearest decode, side by side, as a PNG file
    """
    parsed = documents.from_json(document)
    place = models.place_of_level(parsed.tokenizer, level)
    original = None if image is None else work.original_of(read_file(image), parsed.tokenizer)
    choice = patiently(explainers, choices.explain, parsed, place, (row, column), original).choices[place]
    others = patiently(explainers, choices.decode_others, parsed, place, (row, column), list(choice.nearest[:3]))
    vectors = {"e_k": choice.e_k.tolist(), "z_e": None if choice.z_e is None else choice.z_e.tolist()}
    return vars(choice) | vectors | {"margin": choice.margin}, to_picture(in_rows([list(others)]))


def edit(
    document: dict[str, Any], row: int, column: int, codes: list[list[int]], level: int = -1
) -> tuple[dict[str, Any], FileData]:
    """Write codes into a document's grid, and see what that does.

    Args:
        document: as encode gives it
        row: where the first row of codes goes, from 0
        column: where their first column goes, from 0
        codes: a rectangle of codes row by row; [[7]] changes one token to code 7
        level: which grid, 0 the coarsest; the finest where negative

    Returns:
        the document, changed
        what it decodes to, as a PNG file
    """
    parsed = documents.from_json(document)
    place = models.place_of_level(parsed.tokenizer, level)
    grid, size = parsed.grids[place].copy(), parsed.tokenizer.levels[place].codebook_size
    if not codes or not codes[0] or len({len(line) for line in codes}) > 1:
        raise ValueError("The codes are a list of rows of one length, as [[7]] or [[1, 2], [3, 4]].")
    bottom, right = row + len(codes), column + len(codes[0])
    if row < 0 or column < 0 or bottom > grid.shape[0] or right > grid.shape[1]:
        raise ValueError(f"These codes go beyond the picture's {grid.shape[0]} rows and {grid.shape[1]} columns.")
    if not all(type(code) is int and 0 <= code < size for line in codes for code in line):
        raise ValueError(f"A code of {parsed.tokenizer.name} is a whole number from 0 to {size - 1}.")
    grid[row:bottom, column:right] = codes
    edited = replace(parsed, grids=(*parsed.grids[:place], grid, *parsed.grids[place + 1 :]))
    return documents.to_json(edited), _picture(edited)


def complete(
    document: dict[str, Any], prior: str, row: int, column: int, rows: int, columns: int,
    condition: str = "", temperature: float | None = None, seed: int = 0, guidance: float | None = None,
) -> tuple[dict[str, Any], FileData]:
    """Let a prior write a rectangle of a document anew, given all the rest.

    Args:
        document: of as many tokens as the prior's own pictures have, or as one likes for a prior of any size
        prior: a prior's name, see list_models
        row: the rectangle's first row in the finest grid, from 0
        column: its first column, from 0
        rows: how many
        columns: how many
        condition: a text to write for; unconditional where empty
        temperature: logits are divided by it; 0 always takes the likeliest token; as the prior draws best where left out
        seed: the same seed gives the same picture
        guidance: 1 draws as trained; more keeps closer to the text, and closest to what stands after a colon; as the prior draws best
            where left out

    Returns:
        the document, changed
        what it decodes to, as a PNG file
    """
    model, parsed = models.prior(prior), documents.from_json(document)
    tokens = grids_for(parsed, model)
    mask = [torch.zeros(grid.shape, dtype=torch.bool) for grid in tokens]
    top, left = max(0, row), max(0, column)
    mask[-1][:, top : row + rows, left : column + columns] = True
    if rows < 1 or columns < 1 or not mask[-1].any():
        raise ValueError(f"That rectangle has none of the picture's {mask[-1].shape[1]} rows and {mask[-1].shape[2]} columns of tokens.")
    settings = Settings(condition or None, temperature, guidance=guidance, seed=seed)
    completed = parsed.with_tokens(patiently(writers, rewriting.rewrite, model, tokens, mask, settings))
    return documents.to_json(completed), _picture(completed)


def extend(
    document: dict[str, Any], prior: str, edge: str, by: int, temperature: float | None = None, seed: int = 0
) -> tuple[dict[str, Any], FileData]:
    """Let a prior of any size go on with a picture past one of its edges. Texture, sky and grass go on; faces and things don't.

    Args:
        document: as encode gives it
        prior: the name of a prior of any size, as photos-anysize
        edge: top, bottom, left or right
        by: how many rows or columns of tokens are new, 1 to 64
        temperature: logits are divided by it; 0 always takes the likeliest token; as the prior draws best where left out
        seed: the same seed gives the same picture

    Returns:
        the document, larger and without the file that it came from
        what it decodes to, as a PNG file
    """
    model, parsed = models.prior(prior), documents.from_json(document)
    settings = Settings(None, temperature, seed=seed)
    (grid,) = patiently(writers, rewriting.extend, model, grids_for(parsed, model), edge, by, settings)
    f = parsed.tokenizer.levels[-1].downsampling
    rows, columns = grid.shape[1:]
    width = {"right": columns * f, "left": parsed.width + by * f}.get(edge, parsed.width)
    height = {"bottom": rows * f, "top": parsed.height + by * f}.get(edge, parsed.height)
    grown = replace(parsed.with_tokens([grid]), width=width, height=height, original=None)
    checked = documents.from_json(documents.to_json(grown))
    return documents.to_json(checked), _picture(checked)


def export(document: dict[str, Any], kind: str) -> FileData:
    """A document as a file of another kind.

    Args:
        document: as encode gives it
        kind: vqt (the token file, about a fifth of a bit a pixel), npz, grid.csv or usage.csv

    Returns:
        the file
    """
    name, media_type, data = patiently(pictures, exports.write, documents.from_json(document), kind)
    return to_file(data, name, media_type)


def read_token_file(file: FileData) -> dict[str, Any]:
    """Open a token file that export wrote.

    Args:
        file: a .vqt file

    Returns:
        its document
    """
    return documents.to_json(patiently(pictures, work.from_token_file, read_file(file), "tokens"))


def _tokenized(image: FileData, model: str) -> work.Tokenized:
    return patiently(pictures, work.tokenize, read_file(image), "picture", models.tokenizer(model or None))


def _picture(document: Document) -> FileData:
    return to_picture(patiently(pictures, work.decode, document))
