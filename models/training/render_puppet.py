"""Renders sets of stop-motion puppet faces with true landmarks and shapes (needs `bpy`).

    python models/training/render_puppet.py --set synthetic --out DIR/synthetic --part 1/2
    python models/training/render_puppet.py --set film --list
    python models/training/render_puppet.py --set look --out DIR/look

Frames that are there are skipped: an interrupted run is simply started again. Sets are described in
`puppet/README.md`. With --part K/N every N-th frame of each shot is rendered, from the K-th.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from puppet.handover import finish_film
from puppet.plan import SETS, listing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--set", choices=sorted(SETS), required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", default="1/1", help="K/N: every N-th frame from the K-th")
    parser.add_argument("--only", default="", metavar="TEXT", help="shots whose name contains this")
    parser.add_argument("--frames", type=int, default=0, help="no more than this many of a shot")
    parser.add_argument("--list", action="store_true", help="tell what would be rendered")
    args = parser.parse_args()
    shots = [shot for shot in SETS[args.set](args.seed) if args.only in shot.name]
    if args.list:
        print(listing(shots))
        return
    if args.out is None:
        parser.error("--out says where the shots go")
    # Blender is not needed to list.
    from puppet.shoot import render_shot

    part, parts = (int(text) for text in args.part.split("/"))
    start, done = time.perf_counter(), 0
    for shot in shots:
        done += render_shot(shot, args.out, args.threads, (part, parts), args.frames)
        finish_film(args.out / shot.name, shot)
    print(f"{done} frames in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
