"""States of a training on disk, whole or not at all (needs torch)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def store(state: dict[str, Any], path: Path) -> None:
    """Writes beside the place and moves it there: a run that is cut off keeps its last epoch."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def restore(path: Path) -> dict[str, Any]:
    """What `store` wrote."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
