"""Materials of a puppet (needs `bpy`): clay, felt, wet eyes, coats of fine bumps."""

from __future__ import annotations

import bpy

from puppet.identity import Color, Identity


def paints(who: Identity) -> dict[str, bpy.types.Material]:
    """Every material that an identity's parts name."""
    skin = who.skin
    darker = _scaled(skin, 0.62)
    pink = (skin[0] * 0.8, skin[1] * 0.48, skin[2] * 0.48)
    felt = 0.85 if who.brow_kind == "felt" else 0.5
    return {
        "skin": material("skin", skin, 0.48, speckle=who.freckles, bump=0.10, scale=38),
        "lid": material("lid", _scaled(skin, 0.84), 0.42, bump=0.08),
        "rim": material("rim", pink, 0.35),
        "lip": material("lip", pink, 0.35),
        "mouth": material("mouth", (0.04, 0.012, 0.012), 0.6),
        "seam": material("seam", _scaled(darker, who.seam_dark), 0.8),
        "brow": material("brow", who.brow_color, felt, bump=0.5, scale=40),
        "strand": material("strand", _scaled(who.brow_color, 0.8), 0.5),
        "burn": material("burn", who.hair, 0.6, bump=0.6, scale=30),
        "hair": material("hair", who.hair, 0.55, bump=0.5, scale=24),
        "hat": material("hat", who.hat, 0.8, bump=0.3, scale=60),
        "coat": material("coat", who.coat, 0.9, bump=0.4, scale=70),
        "eye_white": material("eye_white", (0.80, 0.78, 0.74), 0.25, wet=1.0),
        "iris": material("iris", who.iris, 0.3, speckle=0.8, wet=1.0, scale=50),
        "pupil": material("pupil", (0.004, 0.004, 0.004), 0.2, wet=1.0),
    }


def _scaled(color: Color, by: float) -> Color:
    return (color[0] * by, color[1] * by, color[2] * by)


def material(
    name: str,
    color: Color,
    roughness: float,
    speckle: float = 0.0,
    bump: float = 0.0,
    wet: float = 0.0,
    scale: float = 14.0,
) -> bpy.types.Material:
    """A painted surface; `speckle` mottles its color, `bump` roughens it, `wet` is a clear coat."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*color, 1)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Coat Weight"].default_value = wet
    shader.inputs["Coat Roughness"].default_value = 0.03
    if not speckle and not bump:
        return made
    place = nodes.new("ShaderNodeTexCoord")
    grain = nodes.new("ShaderNodeTexNoise")
    grain.inputs["Scale"].default_value = scale
    grain.inputs["Detail"].default_value = 2.0
    links.new(place.outputs["Object"], grain.inputs["Vector"])
    if speckle:
        ramp = nodes.new("ShaderNodeValToRGB")
        ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.42, 0.62
        ramp.color_ramp.elements[0].color = (*color, 1)
        ramp.color_ramp.elements[1].color = (*_scaled(color, 1 - 0.3 * speckle), 1)
        links.new(grain.outputs["Fac"], ramp.inputs["Fac"])
        links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    if bump:
        raised = nodes.new("ShaderNodeBump")
        raised.inputs["Strength"].default_value = bump
        raised.inputs["Distance"].default_value = 0.02
        links.new(grain.outputs["Fac"], raised.inputs["Height"])
        links.new(raised.outputs["Normal"], shader.inputs["Normal"])
    return made
