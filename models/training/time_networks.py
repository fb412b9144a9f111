"""Times networks on equal input tensors in one runtime, against one of them.

    python models/training/export_seed.py --untrained --out DIR/seed.onnx
    python models/training/time_networks.py models/tone_fast.onnx models/tone_small.onnx \\
        --against DIR/seed.onnx --out models/scores/tone_time.json

The networks take turns, so that a busy machine slows all of them; of each, the fastest turn counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from manifest import METADATA_KEY, sha256_of
from provenance import machine_kind, public_command, today

# Height and width: the frames of the founding document, padded to what all of them take, and what
# the node shows of a wide frame by default.
SIZES = ("224x224", "352x640")
TURNS = 7


def sessions(files: list[Path], threads: int) -> list[Any]:
    """A session of each file, with as many threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # As in the node; threads of one network that wait in a loop would slow the next one down.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return [
        onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"]) for file in files
    ]


def seconds(running: list[Any], height: int, width: int, turns: int = TURNS) -> list[float]:
    """The fastest turn of each session on the same random picture of one frame."""
    rng = np.random.default_rng(0)
    feeds = {
        "image": rng.random((1, 3, height, width), np.float32),
        "subject": np.full((1, 1, height, width), 0.5, np.float32),
    }
    best = [float("inf")] * len(running)
    # The first turn makes the memory plans, and is not counted.
    for turn in range(turns + 1):
        for k, session in enumerate(running):
            start = time.perf_counter()
            session.run(None, feeds)
            if turn:
                best[k] = min(best[k], time.perf_counter() - start)
    return best


def refused(session: Any, height: int, width: int) -> str:
    """What is wrong with a size for a network; empty where nothing is."""
    stride = json.loads(session.get_modelmeta().custom_metadata_map[METADATA_KEY])["stride"]
    fits = height % stride == 0 and width % stride == 0
    return "" if fits else f"{height}x{width}: sides must be multiples of {stride}"


def size_of(text: str) -> tuple[int, int]:
    """Height and width from `HxW`."""
    height, _, width = text.partition("x")
    if not (height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise argparse.ArgumentTypeError(f"{text!r}: a size is HEIGHTxWIDTH, as in 352x640")
    return int(height), int(width)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("files", type=Path, nargs="+", help="ONNX files")
    parser.add_argument("--against", type=Path, required=True, help="the ONNX file to compare with")
    sizes = [size_of(size) for size in SIZES]
    parser.add_argument("--sizes", type=size_of, nargs="+", default=sizes, metavar="HxW")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="the JSON file to write")
    args = parser.parse_args()
    files = [*args.files, args.against]
    running = sessions(files, args.threads)
    for size in args.sizes:
        for file, session in zip(files, running, strict=True):
            if wrong := refused(session, *size):
                parser.error(f"--sizes {wrong} for {file.name}")
    rows = []
    for height, width in args.sizes:
        *ours, base = seconds(running, height, width)
        print(f"{height}x{width}: {args.against.name} {1000 * base:.1f} ms")
        networks = {}
        for file, taken in zip(args.files, ours, strict=True):
            print(f"  {file.name} {1000 * taken:.1f} ms, 1/{base / taken:.1f}")
            networks[file.name] = {"ms": round(1000 * taken, 1), "faster": round(base / taken, 1)}
        rows.append({"size": [height, width], "ms": round(1000 * base, 1), "networks": networks})
    if args.out is None:
        return
    facts = {
        "against": args.against.name,
        "sha256": {file.name: sha256_of(file) for file in args.files},
        "threads": args.threads,
        "runtime": f"onnxruntime {onnxruntime.__version__}",
        "date": today(),
        "machine": machine_kind(),
        "command": public_command("time_networks.py", sys.argv[1:]),
        "sizes": rows,
    }
    part = args.out.with_suffix(".part")
    part.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    part.replace(args.out)


if __name__ == "__main__":
    main()
