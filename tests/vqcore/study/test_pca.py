"""PCA is the linear autoencoder that the notes begin with, and scikit-learn's."""

import itertools

import numpy as np
import pytest
import torch

from tests.tiny import draw_picture
from vqcore.study.patch_codes import cut_pieces, fit_patch_codes, join_pieces
from vqcore.study.pca import cut_patches, fit_pca, join_patches
from vqcore.tokenizers.pixels import to_tensor

IMAGES = to_tensor(np.stack([draw_picture(seed) for seed in range(4)]))
SMALL = torch.nn.functional.interpolate(IMAGES[:, :1], (8, 10), mode="area")


@pytest.mark.parametrize(("images", "patch"), [(IMAGES, (8, 8)), (IMAGES, (4, 2)), (SMALL, None)])
def test_components_are_scikit_learns(images, patch):
    decomposition = pytest.importorskip("sklearn.decomposition", reason="pip install -r tests/requirements.txt")
    pca = fit_pca(images, patch)
    vectors = cut_patches(images, pca.patch).flatten(0, 2).double().numpy()
    theirs = decomposition.PCA(svd_solver="full").fit(vectors)
    few = min(6, len(vectors) - 1)
    np.testing.assert_allclose(pca.mean, theirs.mean_, atol=1e-5)
    np.testing.assert_allclose(pca.variances[:few], theirs.explained_variance_[:few], rtol=1e-4)
    np.testing.assert_allclose(pca.components[:few], theirs.components_[:few], atol=1e-4)
    weights = pca.encode(images, few).movedim(1, -1).reshape(-1, few)
    np.testing.assert_allclose(weights, theirs.transform(vectors)[:, :few], atol=1e-3)


def test_all_weights_give_the_picture_back_and_each_one_more_brings_it_nearer():
    pca = fit_pca(IMAGES, (4, 4))
    assert pca.size == 48
    assert pca.encode(IMAGES, 5).shape == (4, 5, 32, 40)
    torch.testing.assert_close(pca.reconstruct(IMAGES), IMAGES, atol=1e-4, rtol=0)
    errors = [float((pca.reconstruct(IMAGES, n) - IMAGES).square().mean()) for n in range(pca.size + 1)]
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(errors))


def test_what_is_left_out_is_the_variance_of_the_components_left_out():
    pca = fit_pca(IMAGES, (4, 4))
    patches = IMAGES[0].numel() * len(IMAGES) / pca.size
    for kept in (0, 3, 20):
        error = float((pca.reconstruct(IMAGES, kept) - IMAGES).square().sum()) / (patches - 1)
        assert error == pytest.approx(float(pca.variances[kept:].sum()), rel=1e-3, abs=1e-6)


def test_patches_join_to_what_they_were_cut_from():
    torch.testing.assert_close(join_patches(cut_patches(IMAGES, (8, 4)), (8, 4), 3), IMAGES)
    assert torch.equal(cut_patches(IMAGES, (8, 4))[1, 2, 3].view(3, 8, 4), IMAGES[1, :, 16:24, 12:16])


def test_rounded_weights_take_so_many_values_and_more_bits_bring_them_nearer():
    pca = fit_pca(IMAGES, (8, 8))
    z = pca.encode(IMAGES, 6)
    errors = []
    for bits in (2, 4, 8):
        rounded = pca.rounded(z, bits)
        assert all(len(weight.unique()) <= 2**bits for weight in rounded.movedim(1, 0))
        errors.append(float((rounded - z).abs().max()))
    assert errors[0] > errors[1] > errors[2]
    steps = (pca.ranges[1] - pca.ranges[0])[:6] / 255
    assert ((pca.rounded(z, 8) - z).abs() <= steps[:, None, None] / 2 + 1e-4).all()


@pytest.mark.parametrize("piece", [(3, 8, 8), (3, 4, 8), (3, 1, 2), (1, 1, 1)])
def test_codes_of_patches_write_one_integer_a_piece(piece):
    assert torch.equal(join_pieces(cut_pieces(IMAGES, (8, 8), piece), (8, 8), piece, 3), IMAGES)
    codes = fit_patch_codes(IMAGES, (8, 8), piece, size=16)
    tokens = codes.encode(IMAGES[:1])
    assert codes.numbers == 192 // np.prod(piece) and tokens.shape == (1, 16, 20, codes.numbers)
    pieces, used = cut_pieces(IMAGES[:1], (8, 8), piece), codes.codebook[tokens]
    torch.testing.assert_close(join_pieces(used, (8, 8), piece, 3), codes.decode(tokens))
    other = codes.codebook[(tokens + 1) % 16]
    assert ((pieces - used).square().sum(-1) <= (pieces - other).square().sum(-1)).all()
    assert torch.equal(cut_pieces(IMAGES, (8, 8), (3, 4, 8))[0, 1, 2, 1].view(3, 4, 8), IMAGES[0, :, 12:16, 16:24])


def test_what_cannot_be_done_says_what_to_do():
    with pytest.raises(ValueError, match="Crop them first"):
        fit_pca(IMAGES, (7, 8))
    with pytest.raises(ValueError, match="0 … 48, not 49"):
        fit_pca(IMAGES, (4, 4)).encode(IMAGES, 49)
    pca = fit_pca(IMAGES, (4, 4))
    with pytest.raises(ValueError, match="1 bit at least"):
        pca.rounded(pca.encode(IMAGES), 0)
    with pytest.raises(ValueError, match="two patches or more"):
        fit_pca(IMAGES[:1])
    with pytest.raises(ValueError, match="Choose divisors"):
        cut_pieces(IMAGES, (8, 8), (3, 3, 8))
