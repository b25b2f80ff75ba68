"""The shapes that things have: at which t a ray o + t·d meets each of them first, and which way their surface looks.

Rays and points are [N, 3], in a frame of the thing's own in which it stands on the origin and faces forward; s is half
its height. A ring has no short formula and is walked to by its distance function (sphere tracing, Hart 1996).
"""

from __future__ import annotations

import math

import numpy as np

from vqcore.data.scenes.scene import Thing

STEPS = 22  # of the walk to a ring
RING = (0.72, 0.28)  # the radii of a ring of scale 1: of its circle, and of its tube


def own_frame(thing: Thing, points: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and directions [N, 3] as the thing sees them, standing on the origin and facing forward."""
    c, s = math.cos(thing.turn), math.sin(thing.turn)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
    return (points - np.array([thing.x, thing.y, thing.z], np.float32)) @ turn, directions @ turn


def _root(a: np.ndarray | np.floating, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both t with a·t² + 2·b·t + c = 0, NaN where there is none."""
    d = b * b - a * c
    root = np.sqrt(np.where(d >= 0, d, np.nan))
    return (-b - root) / a, (-b + root) / a


def _ball(s: float, o: np.ndarray, d: np.ndarray) -> np.ndarray:
    o = o - np.array([0, s, 0], np.float32)
    near, _ = _root(np.float32(1), (o * d).sum(1), (o * o).sum(1) - s * s)
    return np.where(near > 0, near, np.inf)


def _cube(s: float, o: np.ndarray, d: np.ndarray) -> np.ndarray:
    half = np.array([0.85 * s, s, 0.85 * s], np.float32)
    o = o - np.array([0, s, 0], np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (-half - o) / d, (half - o) / d
    near, far = np.minimum(low, high).max(1), np.maximum(low, high).min(1)
    return np.where((near <= far) & (near > 0), near, np.inf)


def _cylinder(s: float, o: np.ndarray, d: np.ndarray) -> np.ndarray:
    r, top = 0.8 * s, 2 * s
    a = d[:, 0] ** 2 + d[:, 2] ** 2 + 1e-12
    near, _ = _root(a, o[:, 0] * d[:, 0] + o[:, 2] * d[:, 2], o[:, 0] ** 2 + o[:, 2] ** 2 - r * r)
    y = o[:, 1] + near * d[:, 1]
    side = np.where((near > 0) & (y >= 0) & (y <= top), near, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (top - o[:, 1]) / d[:, 1]
        cap = np.where((t > 0) & ((o[:, 0] + t * d[:, 0]) ** 2 + (o[:, 2] + t * d[:, 2]) ** 2 <= r * r), t, np.inf)
    return np.minimum(side, cap)


def _cone(s: float, o: np.ndarray, d: np.ndarray) -> np.ndarray:
    k, top = 0.95 / 2, 2 * s  # the radius at the floor is 0.95 s
    down = top - o[:, 1]
    a = d[:, 0] ** 2 + d[:, 2] ** 2 - (k * d[:, 1]) ** 2
    b = o[:, 0] * d[:, 0] + o[:, 2] * d[:, 2] + k * k * down * d[:, 1]
    c = o[:, 0] ** 2 + o[:, 2] ** 2 - (k * down) ** 2
    a = np.where(np.abs(a) < 1e-9, 1e-9, a)
    found = np.full(len(d), np.inf, np.float32)
    for t in _root(a, b, c):
        y = o[:, 1] + t * d[:, 1]
        found = np.where((t > 0) & (y >= 0) & (y <= top), np.minimum(found, t), found)
    return found


def _ring(s: float, o: np.ndarray, d: np.ndarray) -> np.ndarray:
    around, tube = RING[0] * s, RING[1] * s
    middle = o - np.array([0, s, 0], np.float32)
    t, _ = _root(np.float32(1), (middle * d).sum(1), (middle * middle).sum(1) - (1.02 * s) ** 2)
    inside = (middle * middle).sum(1) < (1.02 * s) ** 2
    t = np.where(inside, 0, t)
    found = np.full(len(d), np.inf, np.float32)
    rays = np.flatnonzero(t >= 0)
    middle, d, t = np.broadcast_to(middle, d.shape)[rays], d[rays], t[rays]
    for _ in range(STEPS):
        p = middle + t[:, None] * d
        t = t + np.hypot(np.hypot(p[:, 0], p[:, 1]) - around, p[:, 2]) - tube
    p = middle + t[:, None] * d
    reached = np.abs(np.hypot(np.hypot(p[:, 0], p[:, 1]) - around, p[:, 2]) - tube) < 0.015
    found[rays[reached]] = t[reached]
    return found


DISTANCES = {"ball": _ball, "cube": _cube, "cylinder": _cylinder, "cone": _cone, "ring": _ring}


def normals(thing: Thing, points: np.ndarray) -> np.ndarray:
    """The outward normals [N, 3] at points of a thing's surface."""
    s = thing.scale
    p, _ = own_frame(thing, points, points)
    n = np.zeros_like(p)
    if thing.shape == "ball":
        n = p - np.array([0, s, 0], np.float32)
    elif thing.shape == "cube":
        q = (p - np.array([0, s, 0], np.float32)) / np.array([0.85 * s, s, 0.85 * s], np.float32)
        axis = np.abs(q).argmax(1)
        rows = np.arange(len(q))
        n[rows, axis] = np.sign(q[rows, axis])
    elif thing.shape == "cylinder":
        n = np.where((p[:, 1] > 2 * s - 1e-3)[:, None], np.array([0, 1, 0], np.float32), p * np.array([1, 0, 1], np.float32))
    elif thing.shape == "cone":
        flat = np.hypot(p[:, 0], p[:, 2]) + 1e-9
        n = np.stack([p[:, 0] / flat, np.full(len(p), 0.95 / 2, np.float32), p[:, 2] / flat], 1)
    else:
        q = p - np.array([0, s, 0], np.float32)
        flat = np.hypot(q[:, 0], q[:, 1]) + 1e-9
        n = q - RING[0] * s * np.stack([q[:, 0] / flat, q[:, 1] / flat, np.zeros(len(q), np.float32)], 1)
    n = n / (np.linalg.norm(n, axis=1, keepdims=True) + 1e-9)
    c, r = math.cos(thing.turn), math.sin(thing.turn)
    return n @ np.array([[c, 0, -r], [0, 1, 0], [r, 0, c]], np.float32)
