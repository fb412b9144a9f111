"""Writes the tiny analytic networks that stand for FeatureDetect's in tests.

    python models/training/tiny_features.py --out models/fixtures

They have the tensors and metadata of the puppet's networks, and answers that follow by hand.

`tiny_landmarks.onnx` (pictures of 64x64): with Y the Rec. 709 luma and c its centroid in shares of
the crop (the middle where all is black), landmark k lies at c + `layout()[k]`. The landmarks of a
closed shape stand on a circle of radius 0.04 about its own middle, clockwise from the left; those
of the seams lie on a level line. `error` is 0.01. `visible` of landmarks and shapes is
min(1, 10 x mean luma), but that of `nose_seam` is 0.

`tiny_shapes.onnx`: straight polygons through the landmarks. Each handle is a third of the way to
the next vertex; a seam's free ends are the eyes' corners, landmarks 5, 8, 11 and 14.

`tiny_finder.onnx`: `score` is a cell's mean luma, `size` 0.3125, `dx` 0.25, `dy` -0.25.

`tiny_mouth_*.onnx` are the same for the mouth of crates/roto/fixtures/topologies, which has 11
landmarks, 3 shapes and not a name of the puppet's: landmark k lies at c + `MOUTH_PLACES[k]`, the
free vertices of the opening in the corners of the lips, those of the chin line at the lower lip,
and no shape is absent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from features.entries import FACE_CELL, Entry, entries, vertex_count
from labels import REC709_LUMA
from manifest import METADATA_KEY, embedded_json
from puppet.topology import PUPPET, ShapeKind, Topology
from tiny_model import write_fixtures

SIZE = 64
RADIUS, ERROR = 0.04, 0.01
MIDDLES = {
    "left_eye": (-0.10, -0.02),
    "right_eye": (0.10, -0.02),
    "left_brow": (-0.10, -0.12),
    "right_brow": (0.10, -0.12),
    "left_sideburn": (-0.22, 0.06),
    "right_sideburn": (0.22, 0.06),
}
SEAM_POINTS = {0: -0.18, 1: -0.16, 2: 0.0, 3: 0.16, 4: 0.18}
SEAM_LEVEL = -0.02
# The landmark at whose place a free vertex lies: shape and vertex to landmark.
FREE_ENDS = {("left_seam", 0): 5, ("nose_seam", 0): 8, ("nose_seam", 2): 11, ("right_seam", 0): 14}
ABSENT = "nose_seam"
MOUTH = Topology(
    name="mouth",
    groups=("lips",) * 8 + ("opening",) * 2 + ("chin",),
    shapes=(
        ShapeKind("lips", "lips", True, tuple(range(8))),
        ShapeKind("opening", "opening", True, (8, None, 9, None)),
        ShapeKind("chin_line", "chin_line", False, (None, 10, None)),
    ),
    mirror=(4, 3, 2, 1, 0, 7, 6, 5, 8, 9, 10),
    mirror_shapes={name: name for name in ("lips", "opening", "chin_line")},
)
# Lopsided, so that nothing is its own mirror image.
MOUTH_PLACES = (
    (-0.20, 0.00),
    (-0.11, -0.08),
    (0.01, -0.06),
    (0.12, -0.09),
    (0.21, 0.02),
    (0.10, 0.10),
    (0.00, 0.12),
    (-0.12, 0.09),
    (0.02, -0.03),
    (-0.01, 0.05),
    (0.03, 0.20),
)
MOUTH_ENDS = {("opening", 1): 4, ("opening", 3): 0, ("chin_line", 0): 7, ("chin_line", 2): 5}
FACE = (0.3125, 0.25, -0.25)
Weights = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Stand:
    """What stands for a family of networks: topology, places of landmarks about the centroid in
    shares of the crop [P,2], the landmark of each free vertex, and the shape that is never seen."""

    family: str
    label: str
    topology: Topology
    places: NDArray[np.float32]
    ends: dict[tuple[str, int], int]
    absent: str | None

    def entries(self) -> dict[str, Entry]:
        return entries(self.family, self.label, self.topology, SIZE)


def layout() -> NDArray[np.float32]:
    """Where the puppet's landmarks lie about the centroid, in shares of the crop [P,2]."""
    places = np.zeros((PUPPET.count, 2), np.float32)
    for number, x in SEAM_POINTS.items():
        places[number] = x, SEAM_LEVEL
    for name, (x, y) in MIDDLES.items():
        bound = PUPPET.shape(name).bound()[1]
        for step, number in enumerate(bound):
            angle = math.pi + 2 * math.pi * step / len(bound)
            places[number] = x + RADIUS * math.cos(angle), y + RADIUS * math.sin(angle)
    return places


def puppet_stand() -> Stand:
    return Stand("tiny", "Tiny Face", PUPPET, layout(), FREE_ENDS, ABSENT)


def mouth_stand() -> Stand:
    places = np.array(MOUTH_PLACES, np.float32)
    return Stand("tiny_mouth", "Tiny Mouth", MOUTH, places, MOUTH_ENDS, None)


def tiny_landmarks(stand: Stand) -> onnx.ModelProto:
    """Landmarks that follow the centroid of the picture's brightness."""
    topology = stand.topology
    columns = topology.count + len(topology.shapes)
    at = (np.arange(SIZE, dtype=np.float32) + np.float32(0.5)) / SIZE
    # Of black pictures the little that is added has its centroid in the middle.
    little = np.float32(1e-6)
    offset = np.zeros((1, 4, 1, columns), np.float32)
    offset[0, :2, 0, : topology.count] = stand.places.T
    offset[0, 2] = ERROR
    shares = np.ones((1, 1, 1, columns), np.float32)
    for number, kind in enumerate(topology.shapes):
        if kind.name == stand.absent:
            shares[..., topology.count + number] = 0
    weights = _luma() | {
        "across": at.reshape(1, 1, 1, SIZE),
        "down": at.reshape(1, 1, SIZE, 1),
        "little": little.reshape(1),
        "half": np.array([little / 2], np.float32),
        "ten": np.array([10], np.float32),
        "one": np.array([1], np.float32),
        "offset": offset,
        "shares": shares,
        "axes": np.array([1, 2, 3], np.int64),
        "zero": np.zeros((1, 1, 1, 1), np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "luma"], ["grey"]),
        helper.make_node("ReduceMean", ["grey", "axes"], ["mean"], keepdims=1),
        helper.make_node("Add", ["mean", "little"], ["total"]),
    ]
    for way in ("across", "down"):
        nodes += [
            helper.make_node("Mul", ["grey", way], [f"{way}_each"]),
            helper.make_node("ReduceMean", [f"{way}_each", "axes"], [f"{way}_mean"], keepdims=1),
            helper.make_node("Add", [f"{way}_mean", "half"], [f"{way}_sum"]),
            helper.make_node("Div", [f"{way}_sum", "total"], [f"{way}_at"]),
        ]
    nodes += [
        helper.make_node("Mul", ["mean", "ten"], ["bright"]),
        helper.make_node("Min", ["bright", "one"], ["seen"]),
        helper.make_node("Concat", ["across_at", "down_at", "zero", "seen"], ["four"], axis=1),
        helper.make_node("Mul", ["four", "shares"], ["spread"]),
        helper.make_node("Add", ["spread", "offset"], ["landmarks"]),
    ]
    inputs = [_tensor("image", [1, 3, SIZE, SIZE])]
    outputs = [_tensor("landmarks", [1, 4, 1, columns])]
    return _model(stand.entries()["landmarks"], nodes, inputs, outputs, weights)


def polygon_matrix(stand: Stand) -> NDArray[np.float32]:
    """Maps x (or y) of the landmarks [P] to anchor, in and out of all vertices [V,3]."""
    rows = []
    for kind in stand.topology.shapes:
        anchors = np.zeros((len(kind.landmarks), stand.topology.count))
        for vertex, landmark in enumerate(kind.landmarks):
            anchors[vertex, stand.ends[kind.name, vertex] if landmark is None else landmark] = 1
        into = (np.roll(anchors, 1, axis=0) - anchors) / 3
        out = (np.roll(anchors, -1, axis=0) - anchors) / 3
        if not kind.closed:
            into[0], out[-1] = 0, 0
        rows.append(np.stack([anchors, into, out], axis=1))
    return np.concatenate(rows).astype(np.float32)


def tiny_shapes(stand: Stand) -> onnx.ModelProto:
    """Straight polygons through the landmarks."""
    topology = stand.topology
    vertices = vertex_count(topology)
    # [P, 3 V], so that a row of landmarks times it is a row of anchors, ins and outs.
    matrix = polygon_matrix(stand).transpose(2, 1, 0).reshape(topology.count, -1)
    weights: Weights = {
        "matrix": matrix,
        "from": np.array([0], np.int64),
        "to": np.array([2], np.int64),
        "axis": np.array([1], np.int64),
        "parts": np.array([1, 2, 3, vertices], np.int64),
        "shape": np.array([1, 6, 1, vertices], np.int64),
    }
    nodes = [
        helper.make_node("Slice", ["points", "from", "to", "axis"], ["places"]),
        helper.make_node("MatMul", ["places", "matrix"], ["rows"]),
        helper.make_node("Reshape", ["rows", "parts"], ["split"]),
        helper.make_node("Transpose", ["split"], ["paired"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["paired", "shape"], ["vertices"]),
    ]
    inputs = [_tensor("points", [1, 3, 1, topology.count])]
    outputs = [_tensor("vertices", [1, 6, 1, vertices])]
    return _model(stand.entries()["shapes"], nodes, inputs, outputs, weights)


def tiny_finder(stand: Stand) -> onnx.ModelProto:
    """A face wherever it is bright."""
    spread = np.zeros((4, 1, 1, 1), np.float32)
    spread[0] = 1
    weights = _luma() | {"spread": spread, "bias": np.array([0, *FACE], np.float32)}
    cell = [FACE_CELL, FACE_CELL]
    nodes = [
        helper.make_node("Conv", ["image", "luma"], ["grey"]),
        helper.make_node("AveragePool", ["grey"], ["cells"], kernel_shape=cell, strides=cell),
        helper.make_node("Conv", ["cells", "spread", "bias"], ["face"]),
    ]
    inputs = [_tensor("image", [1, 3, "height", "width"])]
    outputs = [_tensor("face", [1, 4, "rows", "columns"])]
    return _model(stand.entries()["finder"], nodes, inputs, outputs, weights)


def _luma() -> Weights:
    return {"luma": np.asarray(REC709_LUMA, np.float32).reshape(1, 3, 1, 1)}


def _tensor(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(
    entry: Entry,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: Weights,
) -> onnx.ModelProto:
    constants = [numpy_helper.from_array(value, key) for key, value in weights.items()]
    graph = helper.make_graph(nodes, entry["name"], inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {METADATA_KEY: embedded_json(entry)})
    onnx.checker.check_model(model, full_check=True)
    return model


def fixtures() -> dict[str, onnx.ModelProto]:
    """Every fixture by file name."""
    made = {}
    for stand in (puppet_stand(), mouth_stand()):
        made[f"{stand.family}_landmarks.onnx"] = tiny_landmarks(stand)
        made[f"{stand.family}_shapes.onnx"] = tiny_shapes(stand)
        made[f"{stand.family}_finder.onnx"] = tiny_finder(stand)
    return made


if __name__ == "__main__":
    write_fixtures(__doc__, fixtures())
