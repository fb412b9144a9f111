"""Manifest entries of the three networks behind FeatureDetect: what each takes and gives."""

from __future__ import annotations

from pathlib import Path

from manifest import Entry, read_manifest, sha256_of, write_entry
from puppet.topology import Topology

LANDMARK_CHANNELS = ("x", "y", "error", "visible")
VERTEX_CHANNELS = ("x", "y", "in_x", "in_y", "out_x", "out_y")
FACE_CHANNELS = ("score", "size", "dx", "dy")
# Pixels of a cell of the face finder, and of the longer side of the picture that it sees.
FACE_CELL, FACE_SIDE = 16, 320
# Normalised points lie within a few root mean squares of their middle.
POINT_RANGE = [-8.0, 8.0]
KINDS = ("landmarks", "shapes", "finder")


def vertex_count(topology: Topology) -> int:
    """Vertices of all shapes together."""
    return sum(len(kind.landmarks) for kind in topology.shapes)


def _entry(name: str, label: str, node: str, stride: int, channels: tuple[str, ...]) -> Entry:
    return {
        "name": name,
        "label": label,
        "node": node,
        "file": f"{name}.onnx",
        "licence": "Apache-2.0",
        "card": f"{name}.md",
        "stride": stride,
        "colorspace": "srgb",
        "classes": list(channels),
    }


def landmarks_entry(family: str, label: str, topology: Topology, size: int) -> Entry:
    """Picture to landmarks: the entry that the menu shows, which names its two companions."""
    entry = _entry(f"{family}_landmarks", label, "FeatureDetect", 1, LANDMARK_CHANNELS)
    length = topology.count + len(topology.shapes)
    return entry | {
        "topology": topology.name,
        "companions": {"shapes": f"{family}_shapes", "finder": f"{family}_finder"},
        "input": [
            {"name": "image", "role": "image", "channels": 3, "range": [0.0, 1.0], "size": size}
        ],
        "output": {
            "name": "landmarks",
            "channels": len(LANDMARK_CHANNELS),
            "extent": "list",
            "length": length,
        },
    }


def shapes_entry(family: str, label: str, topology: Topology) -> Entry:
    """Landmarks to the vertices of all shapes."""
    entry = _entry(f"{family}_shapes", label, "FeatureDetect.shapes", 1, VERTEX_CHANNELS)
    return entry | {
        "topology": topology.name,
        "input": [{"name": "points", "role": "points", "channels": 3, "range": POINT_RANGE}],
        "output": {
            "name": "vertices",
            "channels": len(VERTEX_CHANNELS),
            "extent": "list",
            "length": vertex_count(topology),
        },
    }


def finder_entry(family: str, label: str) -> Entry:
    """Whole frame to where a face may be."""
    entry = _entry(f"{family}_finder", label, "FeatureDetect.finder", FACE_CELL, FACE_CHANNELS)
    return entry | {
        "input": [{"name": "image", "role": "image", "channels": 3, "range": [0.0, 1.0]}],
        "output": {
            "name": "face",
            "channels": len(FACE_CHANNELS),
            "extent": "cells",
            "cell": FACE_CELL,
        },
    }


def entries(family: str, label: str, topology: Topology, size: int) -> dict[str, Entry]:
    """All three, by kind, in the order in which they stand in the manifest."""
    return {
        "landmarks": landmarks_entry(family, label, topology, size),
        "shapes": shapes_entry(family, f"{label} Shapes", topology),
        "finder": finder_entry(family, f"{label} Finder"),
    }


def register(models: Path, entry: Entry) -> str:
    """Puts a written network into the manifest; its scores are those that it has there, if it is
    the same file, else none until it is scored. Returns its hash."""
    digest = sha256_of(models / entry["file"])
    manifest = models / "manifest.toml"
    before = next((e for e in read_manifest(manifest) if e["name"] == entry["name"]), {})
    scores = before.get("scores", {}) if before.get("sha256") == digest else {}
    write_entry(manifest, entry | {"sha256": digest, "scores": scores})
    return digest
