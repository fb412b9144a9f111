"""Prints what a folder of shots hashes to, for two renderings to be compared.

    python models/training/shot_hash.py DIR/train2

The *data set* hash is the one that training prints, over frames, labels and subject. The *whole*
hash is also over soft, motion, layers and `shot.json`; a line for each shot says where two differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

from layer_store import open_layers
from shot_folder import add_pictures, data_hash, errors_told, find_shots, frame_numbers, read_shot


def whole_hash(shot: Path) -> str:
    """Hash over the decoded content of everything that a shot's folder documents."""
    digest = hashlib.sha256(json.dumps(read_shot(shot), sort_keys=True).encode())
    layers = open_layers(shot)[0] if (shot / "layers.npy").exists() else None
    for number in frame_numbers(shot):
        add_pictures(digest, shot, number, "")
        for kind in ("soft", "motion"):
            path = shot / kind / f"{number:04}.exr"
            if path.exists():
                _add_planes(digest, path)
        if layers is not None:
            digest.update(f"layers/{number:04}".encode())
            digest.update(np.ascontiguousarray(layers[number - 1]).tobytes())
    return digest.hexdigest()


def _add_planes(digest: hashlib._Hash, path: Path) -> None:
    # Only shots that have such planes need OpenEXR to be hashed.
    from exr_planes import load_planes

    digest.update(f"{path.parent.name}/{path.stem}".encode())
    for name, plane in sorted(load_planes(path).items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(plane).tobytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path, help="shots, at any depth")
    args = parser.parse_args()
    shots = find_shots(args.folder)
    total = hashlib.sha256()
    for shot in sorted(shots, key=lambda path: path.name):
        found = whole_hash(shot)
        total.update(f"{shot.name} {found}\n".encode())
        print(f"{found[:16]} {len(frame_numbers(shot)):4} frames {shot.name}")
    print(f"data set {data_hash(shots)}")
    print(f"whole    {total.hexdigest()}")


if __name__ == "__main__":
    with errors_told():
        main()
