"""A prior that writes pictures from captions.

The folder has a metadata.jsonl with the name, the style and the split of each picture. A sample is right if, of all pictures of
its style, the one nearest to it by pixel error has the name that was asked for, or has the same pixels as one that has.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vqcore.data.captions import caption
from vqcore.data.images import open_picture
from vqcore.data.lists import NAMES, find_list, read_list
from vqcore.evaluation.prior import SHEET, count_parameters, sheet
from vqcore.evaluation.report import Report, figures
from vqcore.metrics import psnr
from vqcore.priors.base import Prior
from vqcore.priors.choice import Settings
from vqcore.retrieval.contrastive import Contrastive
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_pixels, to_tensor

log = logging.getLogger(__name__)
SAMPLES = 4  # of each prompt, to choose the best of
PROMPTS_AT_ONCE = 32
SHEET_PROMPTS = 48  # of the split that is held out
COMPARED_AT_ONCE = 256
RECALLS = (1, 5)


@dataclass(frozen=True)
class Named:
    """Pictures of a folder: pixels uint8 [N, H, W, C], and of each its name, style and split."""

    pixels: np.ndarray
    names: list[str]
    styles: list[str]
    splits: list[str]

    def rows(self, split: str) -> list[int]:
        return [i for i, its in enumerate(self.splits) if (its == "train") == (split == "train")]

    def prompt(self, row: int) -> str:
        return caption(self.names[row], self.styles[row])


@dataclass(frozen=True)
class Success:
    """Shares of prompts with the right picture: as the first sample, as the likeliest of SAMPLES by the prior, and as the
    best of them by the reranker (None without one)."""

    prompts: int
    first: float
    likeliest: float
    reranked: float | None


@dataclass(frozen=True)
class Retrieval:
    """Recall at 1 and 5 among the pairs that are held out, from text to picture and back, and from text among all pictures."""

    pairs: int
    to_picture: list[float]
    to_text: list[float]
    to_picture_among_all: list[float]


def read_named(folder: Path) -> Named:
    file = find_list(folder)
    rows = [] if file is None else read_list(file)
    try:
        pixels = np.stack([open_picture(row.path).pixels for row in rows])
    except ValueError as error:
        raise ValueError(f"{folder} needs pictures of one size, each with text, style and split in a list ({NAMES[0]}): {error}.") from None
    return Named(pixels, [row.text for row in rows], [row.style for row in rows], [row.split for row in rows])


class Recogniser:
    """Finds the nearest picture of a style."""

    def __init__(self, known: Named):
        self.known = known
        flat = torch.from_numpy(known.pixels.reshape(len(known.pixels), -1))
        styles = np.array(known.styles)
        self.rows = {style: np.flatnonzero(styles == style) for style in set(known.styles)}
        self.values = {style: flat[rows].float() / 255 for style, rows in self.rows.items()}
        self.twins: dict[bytes, set[str]] = {}
        for picture, name in zip(known.pixels, known.names):
            self.twins.setdefault(picture.tobytes(), set()).add(name)

    def names(self, pixels: np.ndarray, style: str) -> list[set[str]]:
        """uint8 [B, H, W, C] → for each the names that the nearest picture goes by."""
        values = self.values[style]
        x = torch.from_numpy(pixels.reshape(len(pixels), -1)).float() / 255
        nearest = torch.cat([torch.cdist(part, values).argmin(1) for part in x.split(COMPARED_AT_ONCE)])
        return [self.twins[self.known.pixels[row].tobytes()] for row in self.rows[style][nearest.numpy()]]


def recognised(tokenizer: Tokenizer, known: Named, recogniser: Recogniser) -> tuple[float, float]:
    """(PSNR on what is held out, the share of all pictures whose reconstruction is nearest to itself)."""
    quality, right = [], []
    for style, rows in recogniser.rows.items():
        for part in np.array_split(rows, -(-len(rows) // COMPARED_AT_ONCE)):
            again = to_pixels(tokenizer.reconstruct(to_tensor(known.pixels[part])))
            right += [known.names[row] in names for row, names in zip(part, recogniser.names(again, style))]
            quality += [psnr(mine, known.pixels[row]) for row, mine in zip(part, again) if known.splits[row] != "train"]
    return float(np.mean(quality)), float(np.mean(right))


def success(
    prior: Prior, tokenizer: Tokenizer, known: Named, rows: list[int], recogniser: Recogniser, reranker: Contrastive | None,
    settings: Settings,
) -> tuple[Success, np.ndarray]:
    """The shares, and the first sample of every prompt, uint8 [n, H, W, C]."""
    right, firsts = [], []
    for start in range(0, len(rows), PROMPTS_AT_ONCE):
        some = rows[start : start + PROMPTS_AT_ONCE]
        prompts = [known.prompt(row) for row in some for _ in range(SAMPLES)]
        tokens = prior.sample(len(prompts), prompts, seed=start, **asdict(settings))
        images = tokenizer.decode(tokens)
        pixels = to_pixels(images)
        bits = torch.stack([grid.flatten(1).sum(1) for grid in prior.bits(tokens, prompts)]).sum(0)
        likely = -bits.view(len(some), SAMPLES)
        for i, row in enumerate(some):
            mine = slice(SAMPLES * i, SAMPLES * (i + 1))
            hits = [known.names[row] in names for names in recogniser.names(pixels[mine], known.styles[row])]
            best = [0, int(likely[i].argmax())]
            if reranker is not None:
                best.append(int(reranker.fit(known.prompt(row), images[mine]).argmax()))
            right.append([hits[choice] for choice in best])
        firsts.append(pixels[::SAMPLES])
        log.info("%d of %d prompts, first samples right: %.1f%%", len(right), len(rows), 100 * np.mean(right, axis=0)[0])
    shares = np.mean(right, axis=0).tolist()
    return Success(len(rows), shares[0], shares[1], shares[2] if reranker is not None else None), np.concatenate(firsts)


def retrieval(model: Contrastive, known: Named) -> Retrieval:
    """A pair is found where the text's own picture, or one with the same pixels, is among the nearest."""
    rows = known.rows("heldout")
    pixels = to_tensor(known.pixels)
    with torch.inference_mode():
        texts = model.embed_texts([known.prompt(row) for row in rows])
        images = torch.cat([model.embed_images(part) for part in pixels.split(COMPARED_AT_ONCE)])
    scores, own = texts @ images[rows].T, torch.arange(len(rows))
    return Retrieval(len(rows), recall(scores, own), recall(scores.T, own), recall(texts @ images.T, torch.tensor(rows)))


def recall(scores: Tensor, own: Tensor) -> list[float]:
    """The share of rows [n, m] in which `own` int64 [n] is among the best 1, and the best 5."""
    better = (scores > scores.gather(1, own[:, None])).sum(1)
    return [float((better < most).float().mean()) for most in RECALLS]


def measure_text(
    prior: Prior, tokenizer: Tokenizer, folder: Path, reranker: Contrastive | None, settings: Settings, prompts: int
) -> Report:
    """The shares of prompts with the right picture, of those that were trained on and of those that are held out: as the first
    sample, as the likeliest of SAMPLES by the prior, and as the best of them by the reranker; and a sheet of the first samples of
    held-out prompts (not chosen).

    tokenizer_psnr is on the pictures that are held out; tokenizer_recognised is the share of all pictures whose reconstruction is
    nearest to its own original.
    """
    known = read_named(folder)
    finest = tokenizer.levels[-1].downsampling
    if known.pixels.shape[1:3] != (writes := tuple(finest * size for size in prior.layout.grids[-1].shape)):
        raise ValueError(
            f"The pictures of {folder} are of {known.pixels.shape[1:3]} pixels, and {prior.name} writes {writes}. Scale them first."
        )
    if missing := [split for split in ("train", "heldout") if not known.rows(split)]:
        raise ValueError(f"{folder} needs pictures of both splits in its list, and has none of {missing[0]}.")
    recogniser = Recogniser(known)
    quality, share = recognised(tokenizer, known, recogniser)
    log.info("The tokenizer: %.2f dB, %.1f%% recognised", quality, 100 * share)
    seen, unseen = known.rows("train"), known.rows("heldout")
    some = np.random.default_rng(0).permutation(seen)[:prompts].tolist()
    of_seen, _ = success(prior, tokenizer, known, some, recogniser, reranker, settings)
    of_unseen, drawn = success(prior, tokenizer, known, unseen, recogniser, reranker, settings)
    shown = np.linspace(0, len(unseen) - 1, min(SHEET_PROMPTS, len(unseen))).round().astype(int)
    values = {"parameters": count_parameters(prior), "tokenizer_psnr": quality, "tokenizer_recognised": share}
    for name, part in (("seen", of_seen), ("heldout", of_unseen)):
        values |= {f"{name}_{what}": value for what, value in asdict(part).items() if value is not None}
    if reranker is not None:
        found = retrieval(reranker, known)
        values["retrieval_pairs"] = found.pairs
        for name in ("to_picture", "to_text", "to_picture_among_all"):
            values |= {f"retrieval_{name}_at_{most}": value for most, value in zip(RECALLS, getattr(found, name))}
    return Report(
        prior.name, folder.name, figures(values, {"tokenizer_psnr": "dB"}), {"tokenizer": prior.tokenizer, **asdict(settings)},
        {"sheet": [known.prompt(unseen[i]) for i in shown]}, {SHEET: sheet(drawn[shown], 12)},
    )
