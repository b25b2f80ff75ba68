"""Arguments that make no sense are refused in words, and never give a figure, a type error or a picture."""

import numpy as np
import pytest
import torch

import vqcore
from vqcore.metrics import psnr
from vqcore.priors.choice import Choice
from vqcore.study.clustering import leaf_order
from vqcore.study.pca import fit_pca
from vqcore.study.tsne import neighbourhood_map

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize("field, value", [
    *(("top_k", value) for value in (2.5, 0, True, "3", NAN)), *(("top_p", value) for value in (0, 1.5, "a", NAN)),
    *(("temperature", value) for value in (-1, "1", NAN, INFINITE)),
])
def test_how_a_token_is_drawn(field, value):
    with pytest.raises(ValueError, match=field):
        Choice(**{field: value})


@pytest.mark.parametrize("distances", [INFINITE, np.full((3, 3), INFINITE), np.full((2, 2), NAN), np.zeros((3, 2)), np.zeros(1)])
def test_an_order_of_what_are_no_distances(distances):
    with pytest.raises(ValueError, match="n things"):
        leaf_order(distances)


@pytest.mark.parametrize("vectors, perplexity", [
    (torch.full((5, 4), NAN), 3), (torch.zeros(5), 3), (torch.zeros(5, 0), 3), (torch.ones(5, 2), 0), (torch.ones(5, 2), NAN),
])
def test_a_map_of_what_are_no_vectors(vectors, perplexity):
    with pytest.raises(ValueError, match="A map is of vectors|The perplexity"):
        neighbourhood_map(vectors, perplexity, steps=1)


@pytest.mark.parametrize("a, b", [((4, 4), (4, 3)), ((4, 4, 1), (4, 4)), ((0, 4), (0, 4))])
def test_psnr_of_two_shapes_or_of_nothing(a, b):
    with pytest.raises(ValueError, match="one shape"):
        psnr(np.zeros(a, np.uint8), np.zeros(b, np.uint8))


def test_weights_of_pca_in_parts():
    images = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    pca = fit_pca(images, (4, 4))
    z = pca.encode(images)
    for bits in (0, -1, 2.5, "3", True, NAN, 33, 10**9):
        with pytest.raises(ValueError, match="1 bit at least"):
            pca.rounded(z, bits)
    for weights in (2.5, -1, 17, "1"):
        with pytest.raises(ValueError, match="number of components"):
            pca.encode(images, weights)


def test_how_many_samples_and_from_which_seed(tiny_text_prior):
    prior = vqcore.load_prior(tiny_text_prior)
    for n in (0, -1, 1.5, "2"):
        with pytest.raises(ValueError, match="at least one sample"):
            prior.sample(n)
    for seed in (1.5, "1", None, 2**70, NAN):
        with pytest.raises(ValueError, match="seed"):
            prior.sample(1, seed=seed)
    assert prior.sample(np.int64(1), seed=np.int64(3))[0].shape == prior.sample(1, seed=3)[0].shape
