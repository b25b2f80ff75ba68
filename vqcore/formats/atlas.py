"""What a codebook's codes are like, worked out once by python -m vqcore.atlas NAME --data DIR.

A map on which codes that are near each other in the codebook stay near (t-SNE), and for each code a few real patches
that it stood for. Both go into atlas.safetensors, beside the checkpoint that they belong to.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vqcore.data.labelled import unseen_pictures
from vqcore.files import read_tensors, write_tensors
from vqcore.study.tsne import neighbourhood_map
from vqcore.tokenizers.base import Level, Tokenizer
from vqcore.tokenizers.pixels import from_sheet, to_sheet, to_tensor

log = logging.getLogger(__name__)
FILE = "atlas.safetensors"
PATCH_SIDE, MARGIN = 32, 8  # pixels: the longest side of a patch, and how far it reaches beyond the token at most
MOST_PATCHES, QUALITIES = 4, (85, 75, 65)  # patches of a code, and WebP's quality, as many and as high as fit into …
MOST_BYTES = 1_900_000
PATCHES_A_ROW = 256  # so that those of a large codebook stay within the 16,383 pixels of a WebP's side


@dataclass(frozen=True)
class Atlas:
    """The finest level's codes.

    places: float32 [K, 2], the neighbourhood map;  patches: uint8 [P, side, side, 3], those of code 0 first;
    counts: int64 [K], how many there are of each;  margin: pixels of a patch around the token that it is about.
    """

    places: Tensor
    patches: np.ndarray
    counts: np.ndarray
    margin: int

    def patches_of(self, code: int) -> np.ndarray:
        """uint8 [n, side, side, 3], n from 0 to MOST_PATCHES."""
        start = int(self.counts[:code].sum())
        return self.patches[start : start + int(self.counts[code])]


def read_atlas(folder: Path, level: Level) -> Atlas | None:
    """The atlas of the finest level of the checkpoint in a folder; None where nobody made one, or where it is of an earlier codebook."""
    path = folder / FILE
    if not path.is_file():
        return None
    tensors = read_tensors(path)
    try:
        if not torch.equal(tensors["codebook"], _digest(level)):
            return None
        sheet = np.asarray(Image.open(io.BytesIO(tensors["patches"].numpy().tobytes()), formats=["WEBP"]).convert("RGB"))
        margin = _margin(level)
        counts = tensors["counts"].numpy().astype(np.int64)
        patches = from_sheet(sheet, level.downsampling + 2 * margin)[: counts.sum()]
        return Atlas(tensors["places"].float(), patches, counts, margin)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{path} is damaged ({error}). Write it again: {command(folder)}") from None


def command(name: str | Path) -> str:
    """What a person types to make a checkpoint's atlas."""
    return f"python -m vqcore.atlas {name} --data PICTURES"


def write_atlas(tokenizer: Tokenizer, data: Sequence[Path], folder: Path) -> Atlas:
    """Map the codes, cut their patches from the pictures in the folders of `data`, and store both in `folder`."""
    level = tokenizer.levels[-1]
    log.info("Drawing a map of %s codes …", f"{level.codebook_size:,}")
    places = neighbourhood_map(level.codebook)
    log.info("Looking for patches …")
    patches, codes = cut_patches(tokenizer, data)
    encoded, codes = _encode(patches, codes)
    write_tensors(folder / FILE, {
        "places": places.half(),
        "patches": torch.frombuffer(bytearray(encoded), dtype=torch.uint8),
        "counts": torch.from_numpy(np.bincount(codes, minlength=level.codebook_size).astype(np.uint8)),
        "codebook": _digest(level),
    })
    atlas = read_atlas(folder, level)
    assert atlas is not None
    return atlas


def cut_patches(tokenizer: Tokenizer, data: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Patches that codes stood for: uint8 [P, side, side, C], and the code of each, int64 [P], from 0 up.

    Of each code up to MOST_PATCHES, from as many different pictures as there are, and where chance has it in each;
    the ones to drop first, if there is no room, are the last of each code.
    """
    level = tokenizer.levels[-1]
    f, margin = level.downsampling, _margin(level)
    found = []  # a row a token: code, picture, row, column
    for index, (_, pixels) in enumerate(_all(data, tokenizer.channels)):
        grid = tokenizer.encode(to_tensor(pixels))[-1][0].numpy()
        # Tokens that hang over the picture's edge saw pixels that aren't there.
        rows, columns = (max(1, side // f) for side in pixels.shape[:2])
        row, column = np.indices((rows, columns)).reshape(2, -1)
        found.append(np.stack([grid[row, column], np.full(row.size, index), row, column], axis=1))
    if not found:
        raise ValueError(f"No picture in {', '.join(map(str, data))} could be read.")
    chosen = _choose(np.concatenate(found))

    side = f + 2 * margin
    patches = np.empty((len(chosen), side, side, tokenizer.channels), np.uint8)
    for index, (_, pixels) in enumerate(_all(data, tokenizer.channels)):
        hits = np.flatnonzero(chosen[:, 1] == index)
        padded = np.pad(pixels, ((margin, margin + f), (margin, margin + f), (0, 0)), "edge")
        for hit in hits:
            top, left = chosen[hit, 2:] * f
            patches[hit] = padded[top : top + side, left : left + side]
    return patches, chosen[:, 0]


def _all(data: Sequence[Path], channels: int):
    for folder in data:
        yield from unseen_pictures(folder, channels)


def _choose(found: np.ndarray) -> np.ndarray:
    """Of rows that begin with a code and a picture, up to MOST_PATCHES a code, in the order of the codes."""
    found = np.random.default_rng(0).permutation(found)
    by_picture = found[np.lexsort((found[:, 1], found[:, 0]))]
    repeat = _places_in_runs(by_picture[:, :2])  # 0 for the first of this code in this picture, 1 for the second …
    shuffled = np.random.default_rng(1).permutation(len(found))
    order = np.lexsort((shuffled, repeat, by_picture[:, 0]))
    by_code = by_picture[order]
    return by_code[_places_in_runs(by_code[:, :1]) < MOST_PATCHES]


def _places_in_runs(keys: np.ndarray) -> np.ndarray:
    """For rows in which equal ones follow each other: 0, 1, 2 … in each run."""
    starts = np.r_[True, (keys[1:] != keys[:-1]).any(1)]
    places = np.arange(len(keys))
    return places - np.maximum.accumulate(np.where(starts, places, 0))


def _encode(patches: np.ndarray, codes: np.ndarray) -> tuple[bytes, np.ndarray]:
    """The patches as one WebP picture of at most MOST_BYTES, and the codes of those that found room in it."""
    for most in range(MOST_PATCHES, 0, -1):
        kept = _places_in_runs(codes[:, None]) < most
        tiles = to_sheet(patches[kept], PATCHES_A_ROW)
        sheet = Image.fromarray(tiles[..., 0] if tiles.shape[2] == 1 else tiles).convert("RGB")
        for quality in QUALITIES:
            file = io.BytesIO()
            sheet.save(file, "WEBP", quality=quality, method=4)
            if file.tell() <= MOST_BYTES:
                return file.getvalue(), codes[kept]
    raise ValueError(f"One patch for each of {len(np.unique(codes)):,} codes takes more than {MOST_BYTES:,} bytes.")


def _margin(level: Level) -> int:
    return max(0, min(MARGIN, (PATCH_SIDE - level.downsampling) // 2))


def _digest(level: Level) -> Tensor:
    """What tells one codebook from another: uint8 [32]. In half precision, as the codebook is stored."""
    return torch.tensor(list(hashlib.sha256(level.codebook.half().numpy().tobytes()).digest()), dtype=torch.uint8)
