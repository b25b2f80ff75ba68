import numpy as np
import pytest

from vqcore.study.clustering import leaf_order


def distances(points):
    points = np.asarray(points, float).reshape(len(points), -1)
    return np.linalg.norm(points[:, None] - points[None], axis=2)


def test_points_on_a_line_come_in_their_order():
    points = np.random.default_rng(0).permutation(np.r_[0, 1, 2.1, 3.3, 10, 11.2, 12.5, 40])
    ordered = points[leaf_order(distances(points))]
    assert (np.diff(ordered) > 0).all() or (np.diff(ordered) < 0).all()


def test_every_group_stands_together_and_everyone_once():
    draw = np.random.default_rng(1)
    group = draw.integers(0, 5, 60)
    order = leaf_order(distances(20 * draw.standard_normal((5, 8))[group] + draw.standard_normal((60, 8))))
    assert sorted(order) == list(range(60))
    assert np.count_nonzero(np.diff(group[order])) == len(np.unique(group)) - 1


def test_none_one_and_equal_ones():
    assert leaf_order(np.zeros((0, 0))).tolist() == []
    assert leaf_order(np.zeros((1, 1))).tolist() == [0]
    assert sorted(leaf_order(np.zeros((4, 4)))) == [0, 1, 2, 3]


@pytest.mark.parametrize("wrong", [np.full((3, 3), np.inf), np.full((3, 3), np.nan), np.zeros((3, 2)), np.zeros(3)])
def test_what_are_no_distances_is_said(wrong):
    with pytest.raises(ValueError, match="finite"):
        leaf_order(wrong)
