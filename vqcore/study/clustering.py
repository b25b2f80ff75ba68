"""An order of things in which near ones stand together: agglomerative clustering, by average linkage (UPGMA)."""

from __future__ import annotations

import numpy as np


def leaf_order(distances: np.ndarray) -> np.ndarray:
    """Distances between n things, [n, n], to an order of them, int64 [n].

    The two nearest clusters become one, n − 1 times; of the four ways to put two clusters end to end, the one that
    lets the nearest ends touch is taken. About n³ operations on arrays: for some hundreds of things.
    ValueError for distances that aren't finite, or not between each and each.
    """
    distances = np.asarray(distances)
    count = len(distances) if distances.ndim else 1
    if distances.ndim != 2 or distances.size != count * count or not np.isfinite(distances[~np.eye(count, dtype=bool)]).all():
        raise ValueError(f"An order needs the distances between n things, [n, n] and finite, and {list(distances.shape)} here aren't so.")
    if count < 2:
        return np.arange(count)
    between = np.array(distances, np.float64)
    np.fill_diagonal(between, np.inf)
    clusters = [[i] for i in range(count)]
    for _ in range(count - 1):
        a, b = np.unravel_index(between.argmin(), between.shape)
        sizes = len(clusters[a]), len(clusters[b])
        merged = (sizes[0] * between[a] + sizes[1] * between[b]) / sum(sizes)
        merged[a] = np.inf
        between[a], between[:, a] = merged, merged
        between[b], between[:, b] = np.inf, np.inf
        clusters[a], clusters[b] = _end_to_end(clusters[a], clusters[b], distances), []
        last = clusters[a]
    return np.array(last)


def _end_to_end(a: list[int], b: list[int], distances: np.ndarray) -> list[int]:
    ways = [(a, b), (a[::-1], b), (a, b[::-1]), (a[::-1], b[::-1])]
    first, second = min(ways, key=lambda way: distances[way[0][-1], way[1][0]])
    return first + second
