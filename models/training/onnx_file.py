"""What every exported ONNX file goes through: no traces of the machine, our metadata, a check."""

from __future__ import annotations

from pathlib import Path

import onnx

from manifest import METADATA_KEY

OPSET = 18


def finish_file(
    path: Path,
    dims: dict[str, list[str | int]],
    metadata: str,
    more: dict[str, str] | None = None,
) -> None:
    """Names the dimensions of inputs and outputs, and rewrites the file with `metadata` as its
    entry and `more` beside it."""
    model = onnx.load(path)
    for tensor in (*model.graph.input, *model.graph.output):
        shape = tensor.type.tensor_type.shape
        del shape.dim[:]
        for size in dims[tensor.name]:
            dim = shape.dim.add()
            if isinstance(size, str):
                dim.dim_param = size
            else:
                dim.dim_value = size
    # Shapes of inner values carry the tracer's own symbols, which no longer match.
    del model.graph.value_info[:]
    # Node comments hold stack traces of the machine that exported.
    model.doc_string = model.graph.doc_string = ""
    del model.metadata_props[:], model.graph.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.helper.set_model_props(model, {METADATA_KEY: metadata} | (more or {}))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
