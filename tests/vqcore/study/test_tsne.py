import torch

from vqcore.study.tsne import neighbourhood_map, principal_map


def clusters(each=30, groups=6, dims=16):
    generator = torch.Generator().manual_seed(0)
    centres = 6 * torch.randn(groups, dims, generator=generator)
    group = torch.arange(groups).repeat_interleave(each)
    return centres[group] + torch.randn(len(group), dims, generator=generator), group


def share_of_kin(places, group, near=5):
    """How many of each one's nearest on the map are of its group."""
    nearest = torch.cdist(places, places).topk(near + 1, largest=False).indices[:, 1:]
    return (group[nearest] == group[:, None]).float().mean()


def test_neighbours_stay_neighbours_better_than_in_the_principal_plane():
    vectors, group = clusters(15, 40)
    places = neighbourhood_map(vectors, perplexity=10, steps=400)
    assert share_of_kin(places, group) > 0.97 > share_of_kin(principal_map(vectors)[0], group)


def test_the_same_vectors_give_the_same_map_wherever_they_lie():
    vectors, group = clusters(30, 3)
    first = neighbourhood_map(vectors, steps=100)
    assert torch.equal(first, neighbourhood_map(vectors, steps=100))
    assert share_of_kin(neighbourhood_map(vectors + 300, steps=400), group) > 0.97


def test_a_handful_of_codes_and_equal_ones_have_places_too():
    for vectors in (torch.zeros(0, 4), torch.zeros(1, 4), torch.randn(3, 4), torch.randn(5, 1), torch.zeros(40, 4)):
        places = neighbourhood_map(vectors, steps=50)
        assert places.shape == (len(vectors), 2) and torch.isfinite(places).all()


def test_the_principal_plane_is_the_one_of_the_largest_spread():
    generator = torch.Generator().manual_seed(1)
    scales = torch.tensor([1.0, 9.0, 0.5, 3.0])
    vectors = torch.randn(500, 4, generator=generator) * scales + 50
    places, share = principal_map(vectors)
    assert abs(torch.corrcoef(torch.stack([places[:, 0], vectors[:, 1]]))[0, 1]) > 0.99
    assert abs(torch.corrcoef(torch.stack([places[:, 1], vectors[:, 3]]))[0, 1]) > 0.99
    variances = vectors.var(0)
    assert abs(share - (variances[1] + variances[3]) / variances.sum()) < 0.01
