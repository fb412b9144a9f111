"""Where a figure comes from: the date, the machine and the command, as a reader may see them."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
from pathlib import Path
from typing import Any


def today() -> str:
    """The date in UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def machine_kind() -> str:
    """Cores and processor of this machine, in words."""
    model = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{os.cpu_count()} cores, {model}, CPU only"


def public_command(script: str, arguments: list[str]) -> str:
    """A command as a reader would type it: absolute paths say nothing elsewhere."""
    return f"python models/training/{script} {shlex.join(map(_public, arguments))}"


def _public(word: str) -> str:
    option, mark, value = word.partition("=") if "=/" in word else ("", "", word)
    return f"{option}{mark}DIR/{Path(value).name}" if value.startswith("/") else word


def earlier_training(begun: str, scores: Path) -> dict[str, Any]:
    """The training of the network with the hash `begun`, by the scores file of a shipped one.

    The file is still of that network, or of one that was begun from it and scored before.
    """
    known = json.loads(scores.read_text("utf-8")) if scores.exists() else {"training": {}}
    if known.get("sha256") == begun:
        return {"sha256": begun, **known["training"]}
    before: dict[str, Any] = known["training"].get("before", {})
    return before if before.get("sha256") == begun else {"sha256": begun}
