"""Shading of the ray caster, and the light that labels are made of.

Oren-Nayar (1994, qualitative form) under a GGX coat with Schlick's Fresnel term; lamps are discs
with a fixed stratified pattern of shadow rays; ambient light is a hemisphere with occlusion by
distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from caster_scene import Lamp, Moment
from caster_vectors import Index, Mask, Row, Triple, Vec, column, dot, mix, unit
from labels import Labels, classify, luminance

KEY_SAMPLES = 16
OTHER_SAMPLES = 4


@dataclass
class Surface:
    """What shading asks of points: places, normals, ways to the eye, and their material."""

    p: Vec
    n: Vec
    v: Vec
    which: Index
    albedo: Vec
    mirror: Vec
    alpha: Row
    matte: Row


@dataclass
class Shaded:
    """Rays answered. Light is in shares of the key at a right angle on white."""

    color: Vec
    depth: Row
    which: Index
    subject: Mask
    occluded: Row
    unoccluded: Row
    glossy: Row

    def labels(self) -> Labels:
        """The class of each ray, by the rules of `labels.py`."""
        planes = [np.asarray(x, np.float32) for x in (self.occluded, self.unoccluded, self.glossy)]
        return classify(planes[0], planes[1], planes[2], self.subject, 1.0)


def cast(moment: Moment, d: Vec) -> Shaded:
    """Follows rays from the camera along unit directions, and shades what they meet."""
    eye = column(moment.camera.eye, d)
    depth, which = moment.first_hit(eye, d)
    count, scene = d.shape[1], moment.scene
    behind = scene.backdrop(d) if scene.backdrop else np.zeros_like(d)
    zero = np.zeros(count, d.dtype)
    subject = np.isin(which, [k for k, item in enumerate(scene.items) if item.subject])
    out = Shaded(np.array(behind), depth, which, subject, zero, zero.copy(), zero.copy())

    at = np.flatnonzero(which >= 0)
    if at.size:
        surface = _surface(moment, eye + d[:, at] * depth[at], -d[:, at], which[at])
        color, occluded, unoccluded, glossy = _lit(moment, surface)
        clear = np.exp(-scene.fog * depth[at])
        out.color[:, at] = mix(column(scene.fog_color, d), color, clear)
        out.occluded[at], out.unoccluded[at], out.glossy[at] = occluded, unoccluded, glossy
    return out


def _surface(moment: Moment, p: Vec, v: Vec, which: Index) -> Surface:
    n = moment.normals(p, which)
    albedo, mirror = np.zeros_like(p), np.zeros_like(p)
    alpha, matte = np.ones_like(p[0]), np.zeros_like(p[0])
    for k in np.unique(which):
        at, material = np.flatnonzero(which == k), moment.scene.items[k].material
        color = material.color(moment.poses[k].to_object(p[:, at]))
        if material.metal:
            mirror[:, at] = color
        else:
            albedo[:, at], mirror[:, at] = color, material.mirror
        alpha[at], matte[at] = material.roughness**2, material.matte
    return Surface(p, n, v, which, albedo, mirror, alpha, matte)


def _lit(moment: Moment, s: Surface) -> tuple[Vec, Row, Row, Row]:
    """Color; the key's light on white with and without occluders; mirrored light of all lamps."""
    scene, open_ = moment.scene, moment.openness(s.p, s.n)
    facing = np.clip(dot(s.n, s.v), 1e-3, 1)
    up = 0.5 + 0.5 * s.n[1]
    around = mix(column(scene.ground, s.p), column(scene.sky, s.p), up)
    color = s.albedo * around * open_ + _mirrored_sky(moment, s, facing) * open_
    key = moment.lamps[0]
    key_level = float(luminance(np.array(key.color, np.float32)))
    glossy = np.zeros_like(facing)
    occluded = unoccluded = glossy
    for lamp in moment.lamps:
        reached, full = _irradiance(moment, s, lamp)
        matte, mirrored = _reflectance(s, lamp, facing)
        light = column(lamp.color, s.p)
        shine = mirrored * (reached * light)
        color = color + s.albedo * matte * (reached * light) + shine
        glossy = glossy + luminance(shine.T) / key_level
        if lamp is key:
            occluded, unoccluded = reached, full
    return color, occluded, unoccluded, glossy


def disc(lamp: Lamp, count: int) -> list[Triple]:
    """Places on a lamp: a sunflower pattern, the same for every point and frame."""
    centre = np.array(lamp.position)
    axis = centre / np.linalg.norm(centre)
    right = np.cross(axis, (0.0, 0.0, 1.0) if abs(axis[1]) > 0.9 else (0.0, 1.0, 0.0))
    right = right / np.linalg.norm(right)
    above = np.cross(right, axis)
    places = []
    for k in range(count):
        radius = lamp.radius * math.sqrt((k + 0.5) / count)
        angle = k * math.pi * (3 - math.sqrt(5))
        x, y, z = centre + radius * (math.cos(angle) * right + math.sin(angle) * above)
        places.append((float(x), float(y), float(z)))
    return places


def _irradiance(moment: Moment, s: Surface, lamp: Lamp) -> tuple[Row, Row]:
    """A lamp's light on a white surface, with and without occluders; 1 at a right angle."""
    count = KEY_SAMPLES if lamp is moment.lamps[0] else OTHER_SAMPLES
    targets = [column(place, s.p) for place in disc(lamp, count)]
    reached, full = np.zeros_like(s.p[0]), np.zeros_like(s.p[0])
    free = moment.seen(s.p, s.n, s.which, lamp, targets)
    for target, open_ in zip(targets, free, strict=True):
        cosine = np.maximum(dot(unit(target - s.p), s.n), 0)
        full += cosine
        reached += cosine * open_
    return reached / count, full / count


def _reflectance(s: Surface, lamp: Lamp, facing: Row) -> tuple[Row, Vec]:
    """Factors on a lamp's light: of the matte body before its color, and of the mirroring coat."""
    way = column(lamp.position, s.p) - s.p
    to_light = unit(way)
    cosine = np.clip(dot(s.n, to_light), 1e-3, 1)
    half = unit(to_light + s.v)
    n_h, v_h = np.clip(dot(s.n, half), 0, 1), np.clip(dot(s.v, half), 0, 1)

    # A wide lamp blurs what a smooth coat mirrors of it.
    spread = lamp.radius / np.sqrt(dot(way, way))
    a = np.clip(s.alpha + spread / 2, 0, 1)
    lobe = a * a / (np.pi * ((n_h * n_h) * (a * a - 1) + 1) ** 2)
    masking = 0.5 / (cosine * (facing * (1 - a) + a) + facing * (cosine * (1 - a) + a))
    # Chalk has no coat at grazing angles either.
    fresnel = s.mirror + (np.minimum(1, s.mirror * 25) - s.mirror) * (1 - v_h) ** 5

    square = s.matte * s.matte
    rough = 0.45 * square / (square + 0.09)
    base = 1 - 0.5 * square / (square + 0.33)
    # cos(phi) sin(alpha) tan(beta), written in scalar products.
    swing = dot(to_light, s.v) - cosine * facing
    swing = swing / np.where(swing > 0, np.maximum(cosine, facing), 1)
    return base + rough * np.maximum(swing, 0), np.pi * lobe * masking * fresnel


def _mirrored_sky(moment: Moment, s: Surface, facing: Row) -> Vec:
    """Ambient light in the coat: the hemisphere seen by the mirrored way."""
    mirrored_y = 2 * facing * s.n[1] - s.v[1]
    share = np.clip(0.5 + 0.5 * mirrored_y / np.maximum(0.15, s.alpha), 0, 1)
    scene = moment.scene
    around = mix(column(scene.ground, s.p), column(scene.sky, s.p), share)
    ceiling = np.minimum(np.maximum(1 - np.sqrt(s.alpha), s.mirror), s.mirror * 25)
    return around * (s.mirror + (ceiling - s.mirror) * (1 - facing) ** 5)
