"""Where a figure comes from: the date, the machine and the command, as a reader may see them."""

from __future__ import annotations

import datetime
import os
import platform
import shlex
from pathlib import Path


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
