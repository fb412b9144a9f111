"""Weights of an exported network back in torch, to go on training from a shipped model (torch).

Export folds batch normalisation into the convolution before it. Its place is filled by one that
does nothing but add the bias, which must then keep its statistics while training.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import nn

TRAINING_KEY = "rotocel_training"


def arguments_of(path: Path) -> dict[str, Any]:
    """What the network in a file was made with."""
    properties = {item.key: item.value for item in onnx.load(path).metadata_props}
    if TRAINING_KEY not in properties:
        raise SystemExit(f"{path}: no {TRAINING_KEY} in its metadata, so it cannot be gone on from")
    arguments: dict[str, Any] = json.loads(properties[TRAINING_KEY])
    return arguments


def load_weights(net: nn.Module, path: Path) -> None:
    """Fills `net` from a file of the same network."""
    graph = onnx.load(path).graph
    arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    modules, done = dict(net.named_modules()), set()
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm") or not node.input[1].endswith(".weight"):
            continue
        name = node.input[1].removesuffix(".weight")
        weight = torch.from_numpy(arrays[node.input[1]].copy())
        bias = torch.from_numpy(arrays[node.input[2]].copy()) if len(node.input) > 2 else None
        _fill(net, modules[name], name, weight, bias)
        done.add(name)
    wanted = {n for n, m in modules.items() if isinstance(m, nn.Conv2d | nn.Linear)}
    if done != wanted:
        raise SystemExit(f"{path}: it lacks {', '.join(sorted(wanted - done))}")


@torch.no_grad()
def _fill(
    net: nn.Module, module: nn.Module, name: str, weight: torch.Tensor, bias: torch.Tensor | None
) -> None:
    module.weight.copy_(weight)
    if bias is None:
        return
    if module.bias is not None:
        module.bias.copy_(bias)
        return
    owner, _, index = name.rpartition(".")
    norm = net.get_submodule(owner)[int(index) + 1]
    norm.reset_running_stats()
    norm.weight.fill_((1 + norm.eps) ** 0.5)
    norm.bias.copy_(bias)
