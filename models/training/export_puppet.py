"""Makes the folder of one's own character out of rendered sets, and checks such folders.

    python models/training/export_puppet.py --identity 8 --own DIR/own --film DIR/film \
        --frames 5 --out DIR/character8
    python models/training/export_puppet.py --check DIR/character8
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from puppet.character import read_character, write_character


def shots_of(root: Path, identity: int) -> list[Path]:
    """An identity's shots below a folder."""
    found = []
    for path in sorted(root.rglob("shot.json")):
        facts = json.loads(path.read_text("utf-8"))
        if facts["identity"] == identity:
            found.append(path.parent)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", type=Path, help="read a character's folder, tell what it holds")
    parser.add_argument("--identity", type=int, default=8)
    parser.add_argument("--own", type=Path, help="a set of posed frames: own or synthetic")
    parser.add_argument("--film", type=Path)
    parser.add_argument("--frames", type=int, default=5, help="roto'd frames of each film shot")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    folder = args.check
    if folder is None:
        if args.out is None:
            parser.error("--out says where the folder goes, or --check which one to read")
        folder = args.out
        projected = shots_of(args.own, args.identity) if args.own else []
        film = shots_of(args.film, args.identity) if args.film else []
        name = f"identity{args.identity:02}"
        write_character(folder, name, projected, film, args.frames)
    found = read_character(folder)
    roto = {name: len(frames) for name, frames in found.roto.items()}
    print(f"{found.name}: {len(found.projected)} projected frames, roto'd frames {roto}")


if __name__ == "__main__":
    main()
