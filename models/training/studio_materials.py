"""Materials of the studio scenes, beside the plain and patterned ones (needs `bpy`).

They stand in groups of their own: what older seeds draw stays as it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import bpy

from scene_objects import add_material, add_plain_material, random_color
from set_plan import ANYTHING

Color = tuple[float, float, float]
Make = Callable[[str, random.Random, float], bpy.types.Material]


def _surface(
    name: str, color: Color, roughness: float, metallic: float = 0.0, **inputs: float
) -> bpy.types.Material:
    """A principled material; `inputs` are named as the node's, with _ for blanks."""
    material = add_plain_material(name, color, roughness, metallic)
    surface = material.node_tree.nodes["Principled BSDF"]
    for key, value in inputs.items():
        surface.inputs[key.replace("_", " ")].default_value = value
    return material


def _tint(rng: random.Random, level: float, tint: float) -> Color:
    return tuple(level * (1 - tint * rng.random()) for _ in range(3))


def _chrome(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    return _surface(name, _tint(rng, 0.9, 0.15), rng.uniform(0.06, 0.16), 1.0)


def _glass(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    """Clear glass whose mirrored light comes from a coat: nine in ten samples of glass itself go
    through it, and few samples make a sharp highlight of one light into stray sparks."""
    return _surface(
        name,
        _tint(rng, 1.0, 0.25),
        rng.uniform(0.0, 0.08),
        Transmission_Weight=1.0,
        IOR=rng.uniform(1.33, 1.6),
        Coat_Weight=1.0,
        Coat_Roughness=rng.uniform(0.13, 0.2),
    )


def _black(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    """Lacquer, piano, wet tar."""
    level = rng.uniform(0.003, 0.02)
    return _surface(name, (level, level, level), rng.uniform(0.1, 0.22), IOR=1.6)


def _scattering(
    name: str, rng: random.Random, size: float, color: Color, reach: Color
) -> bpy.types.Material:
    material = _surface(
        name,
        color,
        rng.uniform(0.32, 0.5),
        Subsurface_Weight=rng.uniform(0.6, 1.0),
        Subsurface_Scale=size * rng.uniform(0.05, 0.15),
    )
    surface = material.node_tree.nodes["Principled BSDF"]
    surface.inputs["Subsurface Radius"].default_value = reach
    return material


def _skin(name: str, rng: random.Random, size: float) -> bpy.types.Material:
    pale = rng.uniform(0.08, 0.75)
    color = (pale, pale * rng.uniform(0.6, 0.75), pale * rng.uniform(0.45, 0.62))
    return _scattering(name, rng, size, color, (1.0, 0.35, 0.2))


def _wax(name: str, rng: random.Random, size: float) -> bpy.types.Material:
    """Wax, jade, milk: light goes far, in every color."""
    return _scattering(name, rng, size * 2, _tint(rng, 0.85, 0.5), (0.6, 1.0, 0.7))


def _chalk(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    material = _surface(name, _tint(rng, 0.88, 0.06), 1.0, Specular_IOR_Level=0.0)
    surface = material.node_tree.nodes["Principled BSDF"]
    surface.inputs["Diffuse Roughness"].default_value = rng.uniform(0, 0.6)
    return material


def _coal(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    return _surface(name, _tint(rng, 0.03, 0.3), rng.uniform(0.6, 0.9), Specular_IOR_Level=0.3)


def _patterned(name: str, rng: random.Random, size: float) -> bpy.types.Material:
    return add_material(name, rng, rng.uniform(0.25, 0.8), 0.0, True, 1.5 / size)


def _mixed(name: str, rng: random.Random, size: float) -> bpy.types.Material:
    """Plain, patterned or metal, as the general scenes have them."""
    shiny = rng.random() < 0.7
    roughness = rng.uniform(0.18, 0.42) if shiny else rng.uniform(0.42, 0.9)
    metallic = 1.0 if rng.random() < 0.15 else 0.0
    return add_material(name, rng, roughness, metallic, rng.random() < 0.35, 1 / size)


def _anything(name: str, rng: random.Random, size: float) -> bpy.types.Material:
    """What lies between the named ones: from dull to sharp, bare or under a coat, half metal.

    Nothing of what makes the withheld ones: no brush, no sheen, no coat over metal, no rough glass.
    """
    metallic = rng.choice((0.0, 0.0, 1.0, rng.random()))
    roughness, patterned = rng.uniform(0.1, 0.9), rng.random() < 0.35
    material = add_material(name, rng, roughness, metallic, patterned, 1 / size)
    if metallic:
        return material
    inputs = material.node_tree.nodes["Principled BSDF"].inputs
    inputs["Specular IOR Level"].default_value = rng.uniform(0.2, 0.8)
    if rng.random() < 0.4:
        inputs["Coat Weight"].default_value = rng.uniform(0.3, 1.0)
        inputs["Coat Roughness"].default_value = rng.uniform(0.12, 0.3)
    if rng.random() < 0.2:
        inputs["Subsurface Weight"].default_value = rng.uniform(0.1, 0.5)
        inputs["Subsurface Scale"].default_value = size * rng.uniform(0.05, 0.15)
    return material


def _carpaint(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    """A metallic base under a clear coat: two highlights, one broad and one sharp."""
    return _surface(
        name,
        random_color(rng, 0.05)[:3],
        rng.uniform(0.35, 0.5),
        rng.uniform(0.4, 0.8),
        Coat_Weight=1.0,
        Coat_Roughness=rng.uniform(0.12, 0.18),
    )


def _brushed(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    return _surface(
        name, _tint(rng, 0.8, 0.4), rng.uniform(0.2, 0.4), 1.0, Anisotropic=rng.uniform(0.6, 0.9)
    )


def _velvet(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    return _surface(
        name,
        random_color(rng)[:3],
        0.9,
        Sheen_Weight=rng.uniform(0.5, 1.0),
        Sheen_Roughness=rng.uniform(0.2, 0.5),
        Specular_IOR_Level=0.2,
    )


def _frosted(name: str, rng: random.Random, _size: float) -> bpy.types.Material:
    return _surface(
        name, _tint(rng, 1.0, 0.2), rng.uniform(0.25, 0.45), Transmission_Weight=1.0, IOR=1.45
    )


MATERIALS: dict[str, Make] = {
    "mixed": _mixed,
    "chrome": _chrome,
    "glass": _glass,
    "black": _black,
    "skin": _skin,
    "chalk": _chalk,
    "coal": _coal,
    "patterned": _patterned,
}
# A group of its own, too: only plans that are `wide` draw from it.
WIDE_MATERIALS: dict[str, Make] = {ANYTHING: _anything}
# Never in a training scene.
WITHHELD_MATERIALS: dict[str, Make] = {
    "carpaint": _carpaint,
    "brushed": _brushed,
    "velvet": _velvet,
    "frosted": _frosted,
    "wax": _wax,
}


def studio_material(
    kind: str, name: str, rng: random.Random, size: float = 1.0
) -> bpy.types.Material:
    """A new material of a kind for a form of about `size` radius."""
    return (MATERIALS | WIDE_MATERIALS | WITHHELD_MATERIALS)[kind](name, rng, size)
