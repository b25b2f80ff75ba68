"""The endpoints of pictures, priors and models. A document is the JSON that demo/document.py describes."""

import base64
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from gradio.data_classes import FileData
from torch import Tensor

from demo import document as documents
from demo import models
from demo.api.files import answer_of, patiently, read_file, to_file, to_png
from demo.canvas import exports, service, tokenizing, writing
from demo.canvas.tokenizing import Tokenized, from_token_file, tokenize
from demo.compare import service as comparison
from demo.document import Document
from demo.kit.images import to_png_url
from demo.models import foreign
from demo.workers import pictures, writers
from vqcore.metrics import psnr, ssim
from vqcore.priors.base import Prior

MOST_SAMPLES = 16


def list_models() -> dict[str, list[str]]:
    """The models that the other endpoints know by name: tokenizers, the default one first, and priors.

    Returns:
        {"tokenizers": names, "priors": names}
    """
    return {"tokenizers": models.names(), "priors": list(models.priors())}


def open_model(id: str) -> dict[str, Any]:
    """Open someone else's tokenizer from the Hugging Face Hub; the other endpoints then know it by this id.

    Args:
        id: a Hub id, OWNER/NAME or OWNER/NAME/FOLDER, as CompVis/ldm-celebahq-256/vqvae

    Returns:
        its name, and of each level, coarse to fine, codes, code_dim and downsampling
    """
    tokenizer = patiently(pictures, foreign.open_id, id)
    levels = [{"codes": each.codebook_size, "code_dim": each.code_dim, "downsampling": each.downsampling} for each in tokenizer.levels]
    return {"name": tokenizer.name, "levels": levels}


def encode(image: FileData, model: str = "") -> dict[str, Any]:
    """Turn a picture into a document: grids of tokens, each the index of a vector in the model's codebook.

    Args:
        image: a picture file; sides above 1,024 pixels are scaled down
        model: a tokenizer's name; the default one where empty

    Returns:
        the document, JSON that the other endpoints take
    """
    return documents.to_json(_tokenized(image, model).document)


def decode(document: dict[str, Any]) -> FileData:
    """Turn a document back into a picture.

    Args:
        document: as encode, edit, sample or complete give it

    Returns:
        a PNG file
    """
    return _png(_decoded(documents.from_json(document)))


def reconstruct(image: FileData, model: str = "") -> tuple[FileData, dict[str, float]]:
    """Send a picture through its tokens and back, and measure what that cost and kept.

    Args:
        image: a picture file; sides above 1,024 pixels are scaled down
        model: a tokenizer's name; the default one where empty

    Returns:
        the reconstruction as a PNG file
        tokens, bits and bits_per_pixel at log2 K bits a token, psnr in dB (infinite is 999), ssim
    """
    tokenized = _tokenized(image, model)
    document, original, rebuilt = tokenized.document, tokenized.original, _decoded(tokenized.document)
    return _png(rebuilt), {
        "tokens": document.tokens, "bits": document.bits, "bits_per_pixel": document.bits_per_pixel,
        "psnr": min(999.0, psnr(original, rebuilt)), "ssim": ssim(original, rebuilt),
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
        parsed = patiently(writers, tokenizing.refined, parsed, data, round_, writers.pass_on)
    return _with_picture(parsed)


def compare(image: FileData, model: str = "", codes: int = 0, scale: float = 1.0) -> tuple[FileData, dict[str, Any]]:
    """Send a picture through its tokens and back under some settings, beside JPEG and WebP at as many bytes.

    Args:
        image: a picture file; sides above 1,024 pixels are scaled down
        model: a tokenizer's name; the default one where empty
        codes: how many of the codebook's most used codes to keep; all where 0
        scale: shrink the picture to this share of its sides on the way in, above 0 and up to 1

    Returns:
        the reconstruction at the picture's own size, as a PNG file
        tokens, bits, bits_per_pixel, psnr in dB (infinite is 999), ssim; and under jpeg and webp, where they can be so small, their bytes, psnr and ssim
    """
    tokenizer = models.tokenizer(model or None)
    found = answer_of(
        comparison.compare_picture, picture=base64.b64encode(read_file(image)).decode("ascii"), model=tokenizer.name,
        codes=codes or tokenizer.levels[-1].codebook_size, scale=scale,
    )

    def figures(entry: dict, *names: str) -> dict[str, float]:
        return {name: 999.0 if entry[name] is None else entry[name] for name in names}

    rivals = {rival["codec"].lower(): figures(rival, "bytes", "psnr", "ssim") for rival in found["rivals"]}
    rebuilt = base64.b64decode(found["rebuilt"].partition(",")[2])
    return to_file(rebuilt, "picture.png", "image/png"), figures(found, "tokens", "bits", "bits_per_pixel", "psnr", "ssim") | rivals


def read_codes(document: dict[str, Any], row: int = 0, column: int = 0, rows: int = 0, columns: int = 0, level: int = -1) -> list[list[int]]:
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
    return _with_picture(replace(parsed, grids=(*parsed.grids[:place], grid, *parsed.grids[place + 1 :])))


def sample(
    prior: str, n: int = 1, condition: str = "", temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, seed: int = 0,
    guidance: float = 1.0,
) -> tuple[list[dict[str, Any]], FileData]:
    """Let a prior write new pictures, token by token.

    Args:
        prior: a prior's name, see list_models
        n: how many pictures, 1 to 16
        condition: a text to write for, a class or a sentence, as the prior takes it; unconditional where empty
        temperature: logits are divided by it; 0 always takes the likeliest token
        top_k: draw among so many of the likeliest; among all where 0
        top_p: draw among the fewest that have this probability together
        seed: the same seed gives the same pictures
        guidance: 1 draws as trained; more keeps closer to the text, and closest to what stands after a colon

    Returns:
        a document for each picture
        what they decode to, side by side as one PNG file
    """
    model = models.prior(prior)
    if not 1 <= n <= MOST_SAMPLES:
        raise ValueError(f"Between 1 and {MOST_SAMPLES} pictures are sampled at a time.")
    settings = {"temperature": temperature, "top_k": top_k or None, "top_p": None if top_p == 1 else top_p, "seed": seed, "guidance": guidance}
    grids = patiently(writers, lambda: model.sample(n, condition or None, on_token=_let_others, **settings))
    return _sheet(model, grids)


def complete(
    document: dict[str, Any], prior: str, row: int, column: int, rows: int, columns: int,
    condition: str = "", temperature: float = 1.0, seed: int = 0, guidance: float = 1.0,
) -> tuple[dict[str, Any], FileData]:
    """Let a prior write a rectangle of a document anew, given all the rest.

    Args:
        document: of as many tokens as the prior's own pictures have
        prior: a prior's name, see list_models
        row: the rectangle's first row in the finest grid, from 0
        column: its first column, from 0
        rows: how many
        columns: how many
        condition: a text to write for; unconditional where empty
        temperature: logits are divided by it; 0 always takes the likeliest token
        seed: the same seed gives the same picture
        guidance: 1 draws as trained; more keeps closer to the text, and closest to what stands after a colon

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
    settings = {"temperature": temperature, "seed": seed, "guidance": guidance, "on_token": _let_others}
    grids = patiently(writers, lambda: model.complete(tokens, mask, condition or None, **settings))
    return _with_picture(parsed.with_tokens(grids))


def bits(document: dict[str, Any], prior: str, condition: str = "") -> tuple[float, list[list[float]]]:
    """How surprising a prior finds a document: −log2 p of each token, given the text and the tokens before it.

    Args:
        document: of as many tokens as the prior's own pictures have
        prior: a prior's name, see list_models
        condition: a text to judge it by; unconditional where empty

    Returns:
        bits of all tokens together
        bits of each token of the finest grid, row by row
    """
    model = models.prior(prior)
    tokens = grids_for(documents.from_json(document), model)
    grids = patiently(writers, lambda: model.bits(tokens, condition or None))
    return float(sum(grid.sum() for grid in grids)), [[round(bit, 4) for bit in row] for row in grids[-1][0].tolist()]


def decode_level(document: dict[str, Any], level: int = -1) -> FileData:
    """What one level of a document carries: every token of the others is the code that training used most.

    Args:
        document: as encode gives it
        level: of the tokenizer's levels, coarse to fine from 0; the finest where -1

    Returns:
        a PNG file
    """
    place = models.place_of_level(documents.from_json(document).tokenizer, level)
    return to_png(answer_of(service.decode_level, document=document, level=place)["picture"])


def draw_tokens(prior: str, by: Literal["uniform", "marginal"], n: int = 1, seed: int = 0) -> tuple[list[dict[str, Any]], FileData]:
    """Pictures of tokens that are drawn each for itself, to compare with those that a prior writes.

    Args:
        prior: whose grids they fill, see list_models
        by: every code as likely as another, or as likely as the training pictures used it
        n: how many pictures, 1 to 16
        seed: the same seed gives the same pictures

    Returns:
        a document for each picture
        what they decode to, side by side as one PNG file
    """
    model = models.prior(prior)
    drawn = answer_of(writing.draw_tokens, prior=prior, count=n, seed=seed, by=by)["tokens"]
    return _sheet(model, model.layout.cut(writing.unpacked(drawn, model.layout.length, model)))


def export(document: dict[str, Any], kind: str) -> FileData:
    """A document as a file of another kind.

    Args:
        document: as encode gives it
        kind: vqt (the token file, about a fifth of a bit a pixel), npz, grid.csv or usage.csv

    Returns:
        the file
    """
    name, media_type, data = exports.write(documents.from_json(document), kind)
    return to_file(data, name, media_type)


def read_token_file(file: FileData) -> dict[str, Any]:
    """Open a token file that export wrote.

    Args:
        file: a .vqt file

    Returns:
        its document
    """
    return documents.to_json(patiently(pictures, from_token_file, read_file(file), "tokens"))


def _tokenized(image: Any, model: str) -> Tokenized:
    return patiently(pictures, tokenize, read_file(image), "picture", model or None)


def _png(pixels: np.ndarray) -> dict:
    return to_png(to_png_url(pixels))


def _decoded(document: Document) -> np.ndarray:
    return patiently(pictures, tokenizing.decode, document)


def _with_picture(document: Document) -> tuple[dict, dict]:
    return documents.to_json(document), _png(_decoded(document))


def _sheet(prior: Prior, grids: list[Tensor]) -> tuple[list[dict], dict]:
    """Whatever a prior wrote, int64 [n, *S'] a level: its documents, and one picture of them all."""
    each = [_of_prior(prior, [grid[i] for grid in grids]) for i in range(len(grids[0]))]
    return [documents.to_json(document) for document in each], _png(np.concatenate([_decoded(document) for document in each], axis=1))


def _of_prior(prior: Prior, grids: list[Tensor]) -> Document:
    tokenizer = models.tokenizer_of(prior)
    height, width = (side * tokenizer.levels[-1].downsampling for side in grids[-1].shape)
    return Document(tokenizer, width, height, tuple(grid.numpy() for grid in grids), f"{prior.name} sample")


def grids_for(document: Document, prior: Prior) -> list[Tensor]:
    """The document's grids as the prior takes them; whether they fit is checked, in words, by the prior."""
    name = models.tokenizer_of(prior).name
    if document.tokenizer.name != name:
        raise ValueError(f"{prior.name} reads tokens of {name}, and this document is of {document.tokenizer.name}.")
    return document.tensors


def _let_others(_) -> None:
    writers.pass_on()
