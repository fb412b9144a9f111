"""The model manifest: one entry per network, as TOML beside the files and as JSON inside them.

`models/manifest.toml` is what the bundle reads. The same entry, less hash and scores, is embedded
in the ONNX file under the metadata key `rotocel`: a network alone still says what it expects.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from tone_classes import CLASSES

METADATA_KEY = "rotocel"
# Known only after the file is written, so they cannot be part of it.
NOT_EMBEDDED = ("sha256", "scores")

Entry = dict[str, Any]


def tone_entry(name: str, label: str, file: str, card: str, stride: int) -> Entry:
    """The entry of a ToneSegment network, in the order in which it is written.

    Height and width of what the network sees must be multiples of `stride`.
    """
    return {
        "name": name,
        "label": label,
        "node": "ToneSegment",
        "file": file,
        "licence": "Apache-2.0",
        "card": card,
        "stride": stride,
        "colorspace": "srgb",
        "classes": list(CLASSES),
        "input": [
            {"name": "image", "role": "image", "channels": 3, "range": [0.0, 1.0]},
            {
                "name": "subject",
                "role": "subject",
                "channels": 1,
                "range": [0.0, 1.0],
                "absent": 0.5,
            },
        ],
        "output": {"name": "logits", "channels": len(CLASSES)},
    }


def embedded_json(entry: Entry) -> str:
    """The entry as it is stored inside the ONNX file."""
    return json.dumps({k: v for k, v in entry.items() if k not in NOT_EMBEDDED})


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lowercase hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(path: Path) -> list[Entry]:
    """All entries of a manifest; none where there is no file yet."""
    if not path.exists():
        return []
    return list(tomllib.loads(path.read_text("utf-8")).get("model", []))


HEADING = "# Written by the export, training and evaluation commands of models/training."
# Reading order of the keys, whatever order they were put in.
KEY_ORDER = (
    "name", "label", "node", "topology", "file", "sha256", "licence", "card", "stride",
    "colorspace", "classes",
)  # fmt: skip


def write_entry(path: Path, entry: Entry) -> None:
    """Puts `entry` in the place of the entry of the same name, or at the end."""
    entries = read_manifest(path)
    names = [other["name"] for other in entries]
    if entry["name"] in names:
        entries[names.index(entry["name"])] = entry
    else:
        entries.append(entry)
    text = "\n".join(_entry_toml(other) for other in entries)
    path.write_text(f"{HEADING}\n\n{text}", "utf-8")


def _entry_toml(entry: Entry) -> str:
    lines = ["[[model]]"]
    lines += _pairs({key: entry[key] for key in KEY_ORDER if key in entry})
    for tensor in entry["input"]:
        lines += ["", "[[model.input]]", *_pairs(tensor)]
    lines += ["", "[model.output]", *_pairs(entry["output"])]
    if "companions" in entry:
        lines += ["", "[model.companions]", *_pairs(entry["companions"])]
    if "scores" in entry:
        lines += ["", "[model.scores]", *_pairs(entry["scores"])]
    return "\n".join(lines) + "\n"


def _pairs(table: dict[str, Any]) -> list[str]:
    # JSON's strings, numbers and flat arrays are valid TOML values as they stand.
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]
