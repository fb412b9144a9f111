"""A puppet as Blender objects: replaced faces, a head that turns, what hides what (`bpy`)."""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from puppet.cubic import Array
from puppet.dress import ears, eyeball, neck, strands, top
from puppet.expression import Expression
from puppet.head_mesh import face_parts
from puppet.identity import Identity
from puppet.outlines import Face, make_face
from puppet.paint import paints
from puppet.parts import Part, turned
from puppet.surface import Head
from puppet.truth import Hidden

# A point counts as hidden when something lies nearer to the camera by more than this, in half
# heights of the head: brows are raised, and a lid's edge touches its eye.
CLEARANCE = 0.035
Gaze = tuple[float, float]


def head_matrix(yaw: float, pitch: float, roll: float, at: Array | None = None) -> Array:
    """The head's pose [4,4]; radians to the viewer's right, up, and clockwise on screen."""
    pose = np.eye(4)
    pose[:3, :3] = turned("z", yaw) @ turned("x", -pitch) @ turned("y", roll)
    if at is not None:
        pose[:3, 3] = at
    return pose


def add_part(part: Part, materials: dict[str, bpy.types.Material]) -> bpy.types.Object:
    """A part as an object of the scene."""
    mesh = bpy.data.meshes.new(part.name)
    mesh.from_pydata(part.vertices.tolist(), [], part.triangles.tolist())
    mesh.polygons.foreach_set("use_smooth", np.full(len(part.triangles), part.smooth))
    if part.paint is not None:
        mesh.polygons.foreach_set("material_index", part.paint.astype(np.int32))
    for name in part.paints:
        mesh.materials.append(materials[name])
    mesh.update()
    made = bpy.data.objects.new(part.name, mesh)
    made.pass_index = part.index
    bpy.context.scene.collection.objects.link(made)
    return made


@dataclass
class Puppet:
    """One identity on stage."""

    who: Identity
    materials: dict[str, bpy.types.Material]
    pivot: bpy.types.Object
    rest: list[bpy.types.Object]
    face: Face | None = None
    worn: list[bpy.types.Object] = field(default_factory=list)
    shown: tuple[Expression, Gaze] | None = None

    @staticmethod
    def enter(who: Identity) -> Puppet:
        """Builds everything but the face."""
        materials, head = paints(who), Head(who)
        pivot = bpy.data.objects.new("head", None)
        bpy.context.scene.collection.objects.link(pivot)
        # The pivot's own rotation is the pose; quaternions turn evenly between keys.
        pivot.rotation_mode = "QUATERNION"
        worn = [add_part(part, materials) for part in [*ears(who, head), *top(who, head)]]
        for thing in worn:
            thing.parent = pivot
        return Puppet(who, materials, pivot, [add_part(p, materials) for p in neck(who)])

    def show(self, expression: Expression, gaze: Gaze = (0.0, 0.0)) -> Face:
        """Replaces the face."""
        if self.face is not None and self.shown == (expression, gaze):
            return self.face
        for old in self.worn:
            bpy.data.meshes.remove(old.data)
        face = make_face(self.who, expression)
        parts = face_parts(face, expression)
        parts += [eyeball(face, name, gaze) for name in ("left_eye", "right_eye")]
        if self.who.brow_kind == "strands":
            parts += [strands(face, name) for name in ("left_brow", "right_brow")]
        self.worn = [add_part(part, self.materials) for part in parts]
        for thing in self.worn:
            thing.parent = self.pivot
        self.face, self.shown = face, (expression, gaze)
        return face

    def pose(self, matrix: Array) -> None:
        """Turns the head."""
        place = Matrix(matrix.tolist())
        self.pivot.location = place.to_translation()
        self.pivot.rotation_quaternion = place.to_quaternion()
        bpy.context.view_layer.update()


def hidden_from(
    eye: Array, skip: tuple[str, ...] = ("strand",), clearance: float = CLEARANCE
) -> Hidden:
    """A test of world points [n,3]: whether the scene's meshes hide them from the camera at `eye`.

    Hair strands over a brow do not hide it: artists draw the brow with its hair.
    """
    graph = bpy.context.evaluated_depsgraph_get()
    trees = []
    for thing in bpy.context.scene.objects:
        if thing.type != "MESH" or thing.hide_render or any(word in thing.name for word in skip):
            continue
        inverse = thing.evaluated_get(graph).matrix_world.inverted()
        trees.append((BVHTree.FromObject(thing, graph), inverse))

    def hidden(points: Array) -> NDArray[np.bool_]:
        return np.array([_blocked(trees, Vector(eye), Vector(p), clearance) for p in points])

    return hidden


def _blocked(trees: list, eye: Vector, point: Vector, clearance: float) -> bool:
    way = (eye - point).normalized()
    start, reach = point + way * clearance, (eye - point).length
    for tree, inverse in trees:
        own_start, own_way = inverse @ start, inverse.to_3x3() @ way
        if tree.ray_cast(own_start, own_way.normalized(), reach)[0] is not None:
            return True
    return False
