"""A scene's picture: rays from a camera to analytic shapes, with soft shadows, shading and haze, in numpy.

Each ray is o + t·d; shapes.py says at which t it first meets a thing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vqcore.data.scenes.scene import Scene, Thing
from vqcore.data.scenes.shapes import DISTANCES, normals, own_frame

ELEVATION = math.radians(27)
DISTANCE = 22.0  # of the camera from what it looks at
TARGET = np.array([0.0, 1.15, 0.25], np.float32)
SPAN = 6.4  # of the world, across the picture, at that distance
SAMPLES = 2  # in each direction of a pixel
LIGHTS = 5  # points of the lamp that a shadow is asked of
LAMP = 0.09  # its radius, as an angle
SUN = np.array([-0.4258, 0.7809, -0.4571], np.float32)  # the direction to the light: from above, the left and the camera's side
BULGE = 0.4  # of metal, so that a flat side, too, mirrors more than one tone

PAINT = {
    "red": (0.84, 0.12, 0.12), "green": (0.12, 0.62, 0.20), "blue": (0.12, 0.27, 0.84), "yellow": (0.96, 0.84, 0.10),
    "purple": (0.52, 0.16, 0.70), "orange": (0.97, 0.47, 0.06), "cyan": (0.10, 0.78, 0.84), "white": (0.95, 0.95, 0.95),
}


@dataclass(frozen=True)
class Ground:
    """floor: two tones between which it varies, about `grain` times a unit;  sky: at the horizon and above;  light: how bright."""

    floor: tuple[tuple[float, float, float], tuple[float, float, float]]
    grain: tuple[float, float]
    sky: tuple[tuple[float, float, float], tuple[float, float, float]]
    light: float


GROUNDS = {
    "stone": Ground(((0.60, 0.60, 0.61), (0.52, 0.52, 0.53)), (0.9, 0.9), ((0.90, 0.91, 0.93), (0.78, 0.82, 0.88)), 1.0),
    "sand": Ground(((0.84, 0.78, 0.66), (0.78, 0.71, 0.58)), (0.35, 2.2), ((0.94, 0.93, 0.90), (0.82, 0.86, 0.90)), 1.0),
    "grass": Ground(((0.47, 0.55, 0.38), (0.38, 0.47, 0.31)), (2.4, 1.3), ((0.90, 0.93, 0.94), (0.76, 0.83, 0.90)), 1.0),
    "night": Ground(((0.19, 0.20, 0.26), (0.15, 0.16, 0.21)), (0.8, 0.8), ((0.36, 0.38, 0.47), (0.20, 0.22, 0.31)), 0.88),
}


def render(scene: Scene, side: int = 96) -> np.ndarray:
    """The picture, uint8 [side, side, 3]."""
    fine, coarse = _camera(side * SAMPLES), _camera(side)
    picture = _background(scene, coarse)
    picture = picture.reshape(side, 1, side, 1, 3).repeat(SAMPLES, 1).repeat(SAMPLES, 3).reshape(-1, 3)
    nearest, which = _first_met(scene, fine)
    for index, thing in enumerate(scene.things):
        rays = np.flatnonzero(which == index)
        if len(rays):
            picture[rays] = _shaded(scene, thing, fine.directions[rays], nearest[rays])
    picture = picture.reshape(side, SAMPLES, side, SAMPLES, 3).mean((1, 3))
    return (picture.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def seen_shares(scene: Scene, side: int = 48) -> list[float]:
    """What share of each thing's outline nothing hides; 0 for one whose outline leaves the picture."""
    camera = _camera(side)
    _, which = _first_met(scene, camera)
    shares = []
    for index, thing in enumerate(scene.things):
        outline = np.zeros(side * side, bool)
        box, met = _met(thing, camera)
        outline[box] = np.isfinite(met)
        grid = outline.reshape(side, side)
        cut = grid[0].any() or grid[-1].any() or grid[:, 0].any() or grid[:, -1].any()
        shares.append(0.0 if cut or not grid.any() else float((which == index).sum() / grid.sum()))
    return shares


def seen_at(thing: Thing, side: int = 96) -> tuple[float, float]:
    """Where the middle of a thing appears: column and row, in pixels."""
    middle = np.array([[thing.x, thing.y + thing.scale, thing.z]], np.float32)
    column, row = _camera(side).places(middle)[0]
    return float(column), float(row)


def seen_boxes(scene: Scene, side: int = 96) -> list[tuple[int, int, int, int] | None]:
    """Of each thing the box of pixels in which it is seen: left, top, right and bottom, the last two beyond it; None for a hidden one."""
    which = _first_met(scene, _camera(side))[1].reshape(side, side)
    boxes: list[tuple[int, int, int, int] | None] = []
    for index in range(len(scene.things)):
        rows, columns = np.nonzero(which == index)
        boxes.append((int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1) if len(rows) else None)
    return boxes


def floor_at(column: float, row: float, side: int = 96) -> tuple[float, float]:
    """x and z of the place on the floor that appears there, in pixels; above the horizon the farthest that is seen."""
    camera = _camera(side)
    right, up, ahead = camera.axes
    d = ahead + (column - side / 2) / camera.focal * right + (side / 2 - row) / camera.focal * up
    t = camera.origin[1] / max(-float(d[1]), 1e-3)
    return float(camera.origin[0] + t * d[0]), float(camera.origin[2] + t * d[2])


@dataclass(frozen=True)
class Camera:
    """origin [3] and directions [side², 3], of unit length; focal: pixels a unit at distance 1; right, up, ahead: its axes."""

    side: int
    origin: np.ndarray
    directions: np.ndarray
    focal: float
    axes: np.ndarray

    def places(self, points: np.ndarray) -> np.ndarray:
        """Points [N, 3] → where they appear, in pixels: column and row [N, 2]."""
        right, up, ahead = self.axes @ (points - self.origin).T
        return np.stack([self.side / 2 + self.focal * right / ahead, self.side / 2 - self.focal * up / ahead], 1)


@lru_cache(8)
def _camera(side: int) -> Camera:
    ahead = np.array([0, -math.sin(ELEVATION), math.cos(ELEVATION)], np.float32)
    right = np.array([1, 0, 0], np.float32)
    up = np.cross(ahead, right)
    focal = side * DISTANCE / SPAN
    middle = (np.arange(side, dtype=np.float32) + 0.5 - side / 2) / focal
    rows, columns = np.meshgrid(-middle, middle, indexing="ij")
    directions = ahead + columns[..., None] * right + rows[..., None] * up
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    return Camera(side, TARGET - DISTANCE * ahead, directions.reshape(-1, 3).astype(np.float32), focal, np.stack([right, up, ahead]))


def _first_met(scene: Scene, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """The distance to what each ray meets first, inf for nothing, and which thing that is, −1 for none."""
    nearest = np.full(camera.side**2, np.inf, np.float32)
    which = np.full(camera.side**2, -1)
    for index, thing in enumerate(scene.things):
        box, met = _met(thing, camera)
        closer = met < nearest[box]
        nearest[box[closer]], which[box[closer]] = met[closer], index
    return nearest, which


def _met(thing: Thing, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """The rays that may meet a thing (indices, those of the box around it), and how far each of them goes to it."""
    w, h = 1.3 * thing.scale, 2 * thing.scale
    corners = [(thing.x + i * w, thing.y + j * h, thing.z + k * w) for i in (-1, 1) for j in (0, 1) for k in (-1, 1)]
    at = camera.places(np.array(corners, np.float32))
    low, high = np.floor(at.min(0)).astype(int).clip(0, camera.side), np.ceil(at.max(0)).astype(int).clip(0, camera.side)
    rows, columns = np.arange(low[1], high[1]), np.arange(low[0], high[0])
    box = (rows[:, None] * camera.side + columns).ravel()
    o, d = own_frame(thing, camera.origin[None], camera.directions[box])
    return box, DISTANCES[thing.shape](thing.scale, o, d)


def _lit(scene: Scene, points: np.ndarray) -> np.ndarray:
    """What share of the lamp each point sees, 0 … 1: [N]."""
    side = np.cross(SUN, np.array([0, 1, 0], np.float32))
    side /= np.linalg.norm(side)
    up = np.cross(side, SUN)
    lit = np.zeros(len(points), np.float32)
    for k in range(LIGHTS):
        r, phi = LAMP * math.sqrt((k + 0.5) / LIGHTS), k * 2.399963  # a spiral by the golden angle
        d = SUN + r * math.cos(phi) * side + r * math.sin(phi) * up
        d = (d / np.linalg.norm(d)).astype(np.float32)
        free = np.ones(len(points), bool)
        for thing in scene.things:
            middle = np.array([thing.x, thing.y + thing.scale, thing.z], np.float32) - points
            along = middle @ d
            reach = 1.35 * thing.scale  # no thing is farther from its middle
            off = (middle * middle).sum(1) - along * along  # squared, of the ray from the middle
            near = np.flatnonzero((off < reach**2) & (along > -reach) & free)
            if len(near):
                o, own = own_frame(thing, points[near], d[None])
                free[near[np.isfinite(DISTANCES[thing.shape](thing.scale, o, np.broadcast_to(own, o.shape)))]] = False
        lit += free / LIGHTS
    return lit


def _sky(ground: Ground, height: np.ndarray) -> np.ndarray:
    """The colour of the sky in directions of this height, 0 at the horizon: [N, 3]."""
    low, high = np.array(ground.sky, np.float32)
    share = np.clip(height * 2.2, 0, 1)[:, None]
    return low + (high - low) * share


def _floor(ground: Ground, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The floor's colour at places: two tones, in waves of several lengths."""
    u, v = x * ground.grain[0], z * ground.grain[1]
    wave = np.sin(1.7 * u + 0.6 * v + 1.1 * np.sin(0.9 * v - 0.4 * u)) * np.sin(1.3 * v - 0.5 * u + 0.8 * np.sin(1.1 * u))
    low, high = np.array(ground.floor, np.float32)
    return low + (high - low) * (0.5 + 0.5 * wave)[:, None]


def _background(scene: Scene, camera: Camera) -> np.ndarray:
    """Floor with its shadows, haze, and sky behind it: [side², 3]."""
    ground, d = GROUNDS[scene.floor], camera.directions
    picture = _sky(ground, np.maximum(0, d[:, 1] + 0.30))
    down = d[:, 1] < -1e-3
    t = -camera.origin[1] / d[down, 1]
    points = camera.origin + t[:, None] * d[down]
    shade = _lit(scene, points + np.array([0, 1e-3, 0], np.float32))
    for thing in scene.things:  # where little of the sky is seen, at a thing's foot
        if thing.y == 0:
            away = ((points[:, 0] - thing.x) ** 2 + (points[:, 2] - thing.z) ** 2) / (1.1 * thing.half_width) ** 2
            shade = shade * (1 - 0.3 * np.exp(-(away**1.5)))
    color = _floor(ground, points[:, 0], points[:, 2]) * (0.52 + 0.48 * ground.light * shade)[:, None]
    haze = np.clip((points[:, 2] - 3.0) / 6, 0, 1)[:, None] ** 0.8
    picture[down] = color + (np.array(ground.sky[0], np.float32) - color) * haze
    return picture


def _shaded(scene: Scene, thing: Thing, d: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The colour of a thing where rays of direction d meet it after t: [N, 3]."""
    ground, paint = GROUNDS[scene.floor], np.array(PAINT[thing.color], np.float32)
    points = _camera(1).origin + t[:, None] * d
    n = normals(thing, points)
    lit = _lit(scene, points + 0.02 * n)
    facing = np.maximum(0, n @ SUN) * lit
    if thing.material == "matte":
        return paint * (ground.light * (0.36 + 0.12 * n[:, 1] + 0.66 * facing))[:, None]
    n = n + BULGE * (points - np.array([thing.x, thing.y + thing.scale, thing.z], np.float32)) / thing.scale
    n = n / np.linalg.norm(n, axis=1, keepdims=True)
    r = d - 2 * (d * n).sum(1, keepdims=True) * n
    away = np.maximum(r @ SUN, 0) * (lit > 0.4)
    around = np.where(r[:, 1] > 0, 0.42 + 0.75 * np.clip(r[:, 1], 0, 1) ** 0.7, 0.30 + 0.15 * np.clip(-r[:, 1], 0, 1))
    around = around - 0.22 * np.exp(-((r[:, 1] / 0.12) ** 2))
    glint = 0.85 * away**24 + 0.22 * away**5
    return paint * (ground.light * (around + 0.30 * facing))[:, None] + (ground.light * glint)[:, None]
