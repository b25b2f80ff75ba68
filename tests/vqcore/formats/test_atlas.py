"""The atlas of a codebook: what it stores, and that it is true."""

import shutil

import numpy as np
import pytest
import torch

import vqcore
from tests.tiny import picture_folder
from vqcore.atlas import main as make_atlas
from vqcore.data.labelled import unseen_pictures
from vqcore.formats import atlas
from vqcore.tokenizers.pixels import to_tensor


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return picture_folder(tmp_path_factory.mktemp("shown"), 6)


@pytest.fixture(scope="module")
def folder(tiny_folder, data, tmp_path_factory):
    """A copy of the tiny checkpoint, with an atlas."""
    copy = shutil.copytree(tiny_folder, tmp_path_factory.mktemp("atlas") / "tiny", ignore=shutil.ignore_patterns("run"))
    assert make_atlas([str(copy), "--data", str(data)]) == 0
    return copy


def test_every_patch_is_one_that_its_code_stood_for(tiny_folder, data):
    tokenizer = vqcore.load(tiny_folder)
    patches, codes = atlas.cut_patches(tokenizer, [data])
    assert patches.shape[1:] == (24, 24, 3) and (np.diff(codes) >= 0).all()
    seen = {}
    for _, pixels in unseen_pictures(data, 3):
        grid = tokenizer.encode(to_tensor(pixels))[0][0].numpy()
        for (row, column), code in np.ndenumerate(grid):
            seen.setdefault(code, set()).add(pixels[8 * row : 8 * row + 8, 8 * column : 8 * column + 8].tobytes())
    assert set(codes) == set(seen)
    for patch, code in zip(patches, codes):
        assert patch[8:16, 8:16].tobytes() in seen[code]
    counts = np.bincount(codes, minlength=64)
    assert counts.max() <= 4 and (counts[[code for code in seen if len(seen[code]) >= 4]] == 4).all()


def test_patches_of_a_code_come_from_different_pictures_where_they_can():
    found = np.array([[5, picture, row, 0] for picture in range(3) for row in range(20)] + [[7, 0, row, 0] for row in range(9)])
    chosen = atlas._choose(found)
    assert sorted(chosen[chosen[:, 0] == 5][:3, 1]) == [0, 1, 2]
    assert (chosen[:, 0] == 7).sum() == 4 and len(np.unique(chosen, axis=0)) == len(chosen)


def test_what_is_stored_comes_back(folder, data):
    level = vqcore.load(folder).levels[-1]
    stored = atlas.read_atlas(folder, level)
    patches, codes = atlas.cut_patches(vqcore.load(folder), [data])
    assert stored.places.shape == (64, 2) and torch.isfinite(stored.places).all()
    assert stored.counts.tolist() == np.bincount(codes, minlength=64).tolist() and stored.margin == 8
    for code in (codes[0], codes[-1]):
        assert len(stored.patches_of(code)) == stored.counts[code]
    off = lambda others: np.abs(stored.patches.astype(float) - others).mean((1, 2, 3))
    assert (off(patches) < 16).all() and off(patches).mean() < off(np.roll(patches, 1, axis=0)).mean() / 4  # WebP is lossy


def test_patches_are_dropped_until_they_fit(monkeypatch):
    draw = np.random.default_rng(0)
    patches, codes = draw.integers(0, 256, (400, 24, 24, 3), dtype=np.uint8), np.repeat(np.arange(100), 4)
    whole, _ = atlas._encode(patches, codes)
    monkeypatch.setattr(atlas, "MOST_BYTES", len(whole) // 3)
    part, kept = atlas._encode(patches, codes)
    assert len(part) <= len(whole) // 3 and np.bincount(kept).tolist() in ([1] * 100, [2] * 100)


def test_the_atlas_of_an_earlier_codebook_is_not_shown(folder, tiny_folder):
    level = vqcore.load(folder).levels[-1]
    level.codebook[3] += 1
    assert atlas.read_atlas(folder, level) is None
    assert atlas.read_atlas(tiny_folder, vqcore.load(tiny_folder).levels[-1]) is None


def test_a_damaged_atlas_and_an_empty_folder_are_explained(folder, tmp_path, capsys):
    level = vqcore.load(folder).levels[-1]
    whole = (folder / atlas.FILE).read_bytes()
    (folder / atlas.FILE).write_bytes(whole[:-50])
    with pytest.raises(ValueError, match="truncated"):
        atlas.read_atlas(folder, level)
    (folder / atlas.FILE).write_bytes(whole)
    assert make_atlas([str(folder), "--data", str(tmp_path)]) == 2
    assert "no picture" in capsys.readouterr().err
    assert (folder / atlas.FILE).read_bytes() == whole
