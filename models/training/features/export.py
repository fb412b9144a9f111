"""Trained networks as ONNX files, checked against torch, with their manifest entries (torch)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from checkpoint import restore
from features.entries import Entry, entries, register, vertex_count
from features.finder_net import FinderNet
from features.landmark_net import LandmarkNet
from features.reference_net import DirectNet
from features.shape_net import ShapeNet
from manifest import embedded_json
from onnx_file import OPSET, finish_file
from onnx_weights import TRAINING_KEY, arguments_of, load_weights
from puppet.topology import Topology

TOLERANCE = 2e-4
# Kinds of networks that answer with landmarks.
PLACES = ("landmarks", "reference")
# Sizes of frames that the finder is checked at.
FINDER_SIZES = ((192, 320), (320, 320), (176, 320), (320, 192))


def network_of(checkpoint: Path, topology: Topology) -> nn.Module:
    """The averaged weights of a checkpoint, ready to infer."""
    state = restore(checkpoint)
    net = network_like(state["facts"]["kind"], state["facts"]["arguments"], topology)
    net.load_state_dict(state["average"])
    return net.eval()


def network_like(kind: str, arguments: dict[str, Any], topology: Topology) -> nn.Module:
    """An untrained network of a kind."""
    if kind == "landmarks":
        return LandmarkNet(**arguments)
    if kind == "reference":
        return DirectNet(**arguments)
    if kind == "shapes":
        return ShapeNet(topology, arguments["near"])
    return FinderNet()


def shipped_network(kind: str, path: Path, topology: Topology) -> nn.Module:
    """The network of an exported file, to go on from."""
    net = network_like(kind, arguments_of(path), topology)
    load_weights(net, path)
    return net


def made_with(kind: str, net: nn.Module) -> dict[str, Any]:
    """The arguments of a network."""
    if kind in PLACES:
        return dict(net.arguments)
    return {"near": net.near} if kind == "shapes" else {}


def example_of(kind: str, net: nn.Module, topology: Topology) -> Tensor:
    """An input to trace with."""
    if kind in PLACES:
        return torch.rand(1, 3, net.size, net.size)
    if kind == "shapes":
        flags = torch.ones(1, 1, 1, topology.count)
        return torch.cat([torch.randn(1, 2, 1, topology.count), flags], 1)
    return torch.rand(1, 3, 192, 320)


def dims_of(kind: str, net: nn.Module, topology: Topology) -> dict[str, list[str | int]]:
    """Sizes of the input and the output by name."""
    if kind in PLACES:
        columns = topology.count + len(topology.shapes)
        return {"image": [1, 3, net.size, net.size], "landmarks": [1, 4, 1, columns]}
    if kind == "shapes":
        return {
            "points": [1, 3, 1, topology.count],
            "vertices": [1, 6, 1, vertex_count(topology)],
        }
    return {"image": [1, 3, "height", "width"], "face": [1, 4, "rows", "columns"]}


def export(kind: str, net: nn.Module, topology: Topology, entry: Entry, path: Path) -> float:
    """Writes a network as one ONNX file; the largest difference to torch on random inputs."""
    net = net.to("cpu", memory_format=torch.contiguous_format).eval()
    example = example_of(kind, net, topology)
    dims = dims_of(kind, net, topology)
    (inward, outward) = dims
    dynamic = torch.export.Dim.DYNAMIC
    shapes = ({2: dynamic, 3: dynamic},) if kind == "finder" else None
    part = path.with_suffix(".part.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (example,),
            str(part),
            input_names=[inward],
            output_names=[outward],
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=shapes,
            external_data=False,
            optimize=True,
            verbose=False,
        )
    more = {TRAINING_KEY: json.dumps(made_with(kind, net))}
    finish_file(part, dims, embedded_json(entry), more)
    worst = largest_difference(kind, net, topology, part, inward)
    if worst > TOLERANCE:
        raise SystemExit(f"{path.name}: ONNX Runtime and torch differ by {worst:g}")
    part.replace(path)
    return worst


def largest_difference(
    kind: str, net: nn.Module, topology: Topology, path: Path, inward: str
) -> float:
    """Runs the file against torch; the largest difference of any value."""
    session: Any = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for size in FINDER_SIZES if kind == "finder" else (None,) * 4:
        example = example_of(kind, net, topology) if size is None else torch.rand(1, 3, *size)
        with torch.inference_mode():
            expected = net(example).numpy()
        (actual,) = session.run(None, {inward: example.numpy()})
        worst = max(worst, float(np.abs(actual - expected).max()))
    return worst


def export_all(
    nets: dict[str, nn.Module], family: str, label: str, topology: Topology, models: Path
) -> None:
    """Writes the networks given, by kind, and their manifest entries."""
    models.mkdir(parents=True, exist_ok=True)
    size = nets["landmarks"].size if "landmarks" in nets else 0
    for kind, entry in entries(family, label, topology, size).items():
        if kind not in nets:
            continue
        path = models / entry["file"]
        worst = export(kind, nets[kind], topology, entry, path)
        digest = register(models, entry)
        parameters = sum(tensor.numel() for tensor in nets[kind].parameters())
        print(f"{path.name}: {path.stat().st_size} bytes, {parameters} parameters")
        print(f"  largest difference to torch {worst:.1e}, sha256 {digest}")
