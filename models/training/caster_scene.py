"""What a scene of the ray caster consists of, what a ray meets in it, and what reaches a light."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from caster_march import Shape, ball_span, beam
from caster_shapes import Plane
from caster_textures import Texture
from caster_vectors import Index, Mask, Pose, Row, Triple, Vec, column, dot, length, unit

# Shadow rays start this far above their surface.
BIAS = 2e-3


@dataclass(frozen=True)
class Material:
    """Oren-Nayar below a GGX coat; a metal mirrors its color and has nothing below."""

    color: Texture
    # GGX roughness (its alpha is the square) and Oren-Nayar's sigma in radians.
    roughness: float = 0.6
    matte: float = 0.3
    metal: bool = False
    # Mirrored share at a right angle, where it is not a metal; 0 is chalk.
    mirror: float = 0.04


@dataclass(frozen=True)
class Item:
    """One thing of a scene; `pose` is a function of time in frames."""

    shape: Shape
    material: Material
    pose: Callable[[float], Pose] = lambda _: Pose()
    # Floors and walls are no part of the subject and cast no shadow.
    subject: bool = True


@dataclass(frozen=True)
class Lamp:
    """A disc that faces the scene's origin. Its light does not fall off, as that of a far one."""

    position: Triple
    radius: float
    # What a white matte surface shows where the light falls in at a right angle.
    color: Triple


@dataclass(frozen=True)
class Camera:
    """A pinhole; pixel centres are at +0.5, y runs down."""

    eye: Triple
    target: Triple
    fov_deg: float  # of the width

    def axes(self) -> tuple[Vec, Vec, Vec]:
        """Right, up and forward, as columns."""
        forward = unit(np.array(self.target)[:, None] - np.array(self.eye)[:, None])
        right = unit(np.cross(forward[:, 0], (0.0, 1.0, 0.0))[:, None])
        return right, np.cross(right[:, 0], forward[:, 0])[:, None], forward

    def rays(self, x: Row, y: Row, width: int, height: int) -> Vec:
        """Unit directions through places of the picture."""
        right, up, forward = self.axes()
        scale = 2 * math.tan(math.radians(self.fov_deg) / 2) / width
        return unit(forward + right * ((x - width / 2) * scale) - up * ((y - height / 2) * scale))

    def project(self, p: Vec, width: int, height: int) -> tuple[Row, Row]:
        """Places in the picture of points in the world."""
        return self.project_direction(p - column(self.eye, p), width, height)

    def project_direction(self, d: Vec, width: int, height: int) -> tuple[Row, Row]:
        """Places in the picture of what lies endlessly far in some directions."""
        right, up, forward = self.axes()
        # What lies beside or behind the camera has no place; it is sent far out.
        depth = np.maximum(dot(forward, d), 1e-6)
        scale = width / (2 * math.tan(math.radians(self.fov_deg) / 2))
        return (
            width / 2 + scale * dot(right, d) / depth,
            height / 2 - scale * dot(up, d) / depth,
        )


@dataclass(frozen=True)
class Scene:
    """A scene in time; times are frames, of which the first is 0."""

    items: tuple[Item, ...]
    camera: Callable[[float], Camera]
    key: Callable[[float], Lamp]
    others: tuple[Lamp, ...] = ()
    # Ambient light from above and from below, and what lies behind everything.
    sky: Triple = (0.15, 0.17, 0.2)
    ground: Triple = (0.08, 0.07, 0.06)
    backdrop: Texture | None = None
    # Share of the light that fog takes per unit of depth, and the fog's color.
    fog: float = 0.0
    fog_color: Triple = (0.5, 0.5, 0.5)
    exposure: float = 1.0

    def at(self, time: float) -> Moment:
        """The scene at one time."""
        poses = tuple(item.pose(time) for item in self.items)
        return Moment(self, self.camera(time), (self.key(time), *self.others), poses)


@dataclass(frozen=True)
class Moment:
    """A scene with everything in its place; the first lamp is the key."""

    scene: Scene
    camera: Camera
    lamps: tuple[Lamp, ...]
    poses: tuple[Pose, ...]

    def first_hit(self, o: Vec, d: Vec) -> tuple[Row, Index]:
        """Distance along each ray to what it meets, and which item that is (-1: nothing)."""
        nearest = np.full(d.shape[1], np.inf, d.dtype)
        which = np.full(d.shape[1], -1, np.intp)
        o = np.broadcast_to(o, d.shape)
        for k in range(len(self.poses)):
            at = np.flatnonzero(self._near_item(k, o, d))
            t = self._hit(k, o[:, at], d[:, at])
            closer = t < nearest[at]
            nearest[at[closer]], which[at[closer]] = t[closer], k
        return nearest, which

    def normals(self, p: Vec, which: Index) -> Vec:
        """Normals of points on items."""
        found = np.zeros_like(p)
        for k in np.unique(which[which >= 0]):
            at, pose = np.flatnonzero(which == k), self.poses[k]
            shape = self.scene.items[k].shape
            found[:, at] = pose.turn(shape.normal(pose.to_object(p[:, at])))
        return found

    def seen(self, p: Vec, n: Vec, which: Index, lamp: Lamp, targets: list[Vec]) -> list[Mask]:
        """For each of a lamp's targets: which points it reaches, past every item of the subject."""
        start = p + n * BIAS
        free = [np.ones(p.shape[1], bool) for _ in targets]
        for k, item in enumerate(self.scene.items):
            if not item.subject:
                continue
            between = self._may_block(k, p, lamp)
            if item.shape.convex:
                between &= which != k
            candidates = self._half_lit(k, start, n, np.flatnonzero(between), lamp, free)
            for target, open_ in zip(targets, free, strict=True):
                at = candidates[open_[candidates]]
                if not at.size:
                    continue
                ray = unit(target - start[:, at])
                # Facing away from a target is dark without a look at occluders.
                up = dot(ray, n[:, at]) > 0
                at = at[up]
                open_[at] = ~np.isfinite(self._hit(k, start[:, at], ray[:, up]))
        return free

    def _half_lit(
        self, k: int, start: Vec, n: Vec, at: Index, lamp: Lamp, free: list[Mask]
    ) -> Index:
        """Settles points that an item leaves all of a lamp, or nothing; returns the others."""
        shape, pose = self.scene.items[k].shape, self.poses[k]
        if not shape.marchable or not at.size:
            return at
        way = column(lamp.position, start) - start[:, at]
        far = length(way)
        spread = lamp.radius / far
        # Points that face away from all of the lamp are dark whatever is between.
        above = dot(way, n[:, at]) / far > -spread
        for open_ in free:
            open_[at[~above]] = False
        at, way, spread = at[above], way[:, above] / far[above], spread[above]
        clear, dark = beam(shape, pose.to_object(start[:, at]), pose.unturn(way), spread)
        for open_ in free:
            open_[at[dark]] = False
        return at[~clear & ~dark]

    def openness(self, p: Vec, n: Vec) -> Row:
        """Ambient occlusion from distances above the surface: 1 in the open."""
        lost = np.zeros_like(p[0])
        for reach, weight in ((0.08, 0.25), (0.25, 0.35), (0.6, 0.4)):
            above = p + n * reach
            gap = np.full(p.shape[1], reach, p.dtype)
            for k, pose in enumerate(self.poses):
                shape = self.scene.items[k].shape
                offset = above - column(pose.translation, p)
                plane = math.isinf(shape.bound)
                near = np.ones(len(gap), bool) if plane else length(offset) < shape.bound + gap
                at = np.flatnonzero(near)
                gap[at] = np.minimum(gap[at], shape.distance(pose.unturn(offset[:, at])))
            lost += weight * (1 - np.maximum(gap, 0) / reach)
        return 1 - lost

    def _hit(self, k: int, o: Vec, d: Vec) -> Row:
        pose = self.poses[k]
        return self.scene.items[k].shape.hit(pose.to_object(o), pose.unturn(d))

    def _near_item(self, k: int, o: Vec, d: Vec) -> Mask:
        shape = self.scene.items[k].shape
        if isinstance(shape, Plane):
            return np.ones(d.shape[1], bool)
        return ball_span(o - column(self.poses[k].translation, o), d, shape.bound)[2]

    def _may_block(self, k: int, p: Vec, lamp: Lamp) -> Mask:
        """Whether an item's ball comes near the beam from a lamp to each point."""
        bound = self.scene.items[k].shape.bound
        beam = column(lamp.position, p) - p
        far = length(beam)
        offset = column(self.poses[k].translation, p) - p
        ahead = dot(offset, beam) / far
        beside = np.sqrt(np.maximum(dot(offset, offset) - ahead * ahead, 0))
        width = bound + lamp.radius * np.clip(ahead + bound, 0, None) / far
        return (ahead > -bound) & (beside < width)
