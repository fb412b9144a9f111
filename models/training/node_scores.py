"""Keeps what `rotocel score tone` found of a network in the node, for its card.

    cargo xtask score tone models/sample DIR/caster DIR/withheld --looks --out report.json
    python models/training/node_scores.py report.json --models models --name tone_fast

Writes `scores/NAME_node.json`: totals of each group of shots, without confusion matrices and single
shots. Several reports, of different groups, stand side by side. What a report was not asked for is
missing, and stands as a dash in the card. Networks that it has beside ours (`score tone --also
FILE.onnx`) are kept as controls; `--also` here takes them from a report of its own, for a network
that is too slow to be shown every look. Without a report, `--also` adds such networks to the scores
that are there. What the scores that are replaced knew of other networks on the same shots stays: it
does not depend on ours.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from card_cells import line
from manifest import sha256_of
from provenance import machine_kind
from tone_classes import CLASSES

Figures = dict[str, Any]
DIGITS = 5
# Within which the card's borders count.
BOUNDARY_PX = 2.0
# Of a variant of the node's settings.
KEPT = (
    "frames",
    "mean_iou",
    "mean_iou_of_tones_in_subject",
    "boundary_f",
    "mad_in_band",
    "best_blurred",
    "dtssd",
    "lag",
)
# Of a group of shots.
TOTALS = (
    "worst_look",
    "locked_off",
    "mean_of_shots",
    "tenth_percentile_shot",
    "worst_shot",
)


def kept(report: Figures, sha256: str, machine: str, beside: Sequence[Figures] = ()) -> Figures:
    """What is stored of a report; raises ValueError when it is not of that network at defaults.

    Other networks are taken from the report itself and from those `beside` it, which must be of the
    same shots and settings.
    """
    columns = [column for column in report["columns"] if column["model"].endswith(sha256)]
    if not columns:
        found = sorted({column["model"] for column in report["columns"]})
        raise ValueError(f"the report is of {', '.join(found)}, not of {sha256}; score it anew")
    _check_defaults(report)
    for other in beside:
        _check_same(report, other)
    stored = {
        "sha256": sha256,
        "date": report["date"][:10],
        "machine": machine,
        "command": _command(report["command"]),
        "commands_beside": [
            _command(words)
            for words in (
                *report.get("more_commands", ()),
                *(other["command"] for other in beside),
            )
        ],
        "groups": [_group(column, report["data_xxh3"]) for column in columns],
    }
    for group, column in zip(stored["groups"], columns, strict=True):
        for other in (report, *beside):
            group["other_networks"] |= _others(other, column["group"], sha256)
    return _rounded(stored)


def together(reports: Sequence[Figures]) -> Figures:
    """One report of several that share no shots: large ones are scored without every look.

    Raises ValueError when a group is in two of them.
    """
    first, *others = reports
    whole = {**first, "more_commands": [other["command"] for other in others]}
    for other in others:
        _check_defaults(other)
        if other.get("smoothing") != first.get("smoothing"):
            raise ValueError("the reports smooth over other numbers of frames; score them alike")
        models = {column["model"] for column in other["columns"]}
        if not models & {column["model"] for column in first["columns"]}:
            raise ValueError(f"one report is of {', '.join(sorted(models))}; score it anew")
        twice = whole["data_xxh3"].keys() & other["data_xxh3"].keys()
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} is in two reports; leave one out")
        whole["columns"] = [*whole["columns"], *other["columns"]]
        whole["data_xxh3"] = {**whole["data_xxh3"], **other["data_xxh3"]}
        whole["date"] = max(whole["date"], other["date"])
    return whole


def _rounded(stored: Figures) -> Figures:
    return json.loads(json.dumps(stored), parse_float=lambda text: round(float(text), DIGITS))


def with_others(stored: Figures, sha256: str, beside: Sequence[Figures]) -> Figures:
    """Stored scores and the other networks of later reports of the same shots, at defaults.

    Groups that the scores do not have are left out.
    Raises ValueError when the scores are of another network than `sha256`, or when a report has
    other shots in a group, or other settings.
    """
    if stored["sha256"] != sha256:
        raise ValueError(f"the scores are of {stored['sha256']}, not of {sha256}; score it anew")
    groups = [
        {**group, "other_networks": dict(group["other_networks"])} for group in stored["groups"]
    ]
    for report in beside:
        _check_defaults(report)
        for column in report["columns"]:
            name, known = Path(column["group"]).name, report["data_xxh3"][column["group"]]
            here = next((group for group in groups if group["name"] == name), None)
            if here is None:
                print(f"{name} is no column of the card, and is left out")
                continue
            if here["data_xxh3"] != known:
                raise ValueError(f"the report is of other shots in {name}; score all anew")
            here["other_networks"] |= _others(report, column["group"], sha256)
    commands = stored["commands_beside"] + [_command(report["command"]) for report in beside]
    # A network that has learnt on is scored by the same command again.
    return _rounded({**stored, "commands_beside": list(dict.fromkeys(commands)), "groups": groups})


def with_earlier(stored: Figures, earlier: Figures) -> Figures:
    """New scores and what earlier ones knew of other networks on the same shots."""
    known = {group["name"]: group for group in earlier["groups"]}
    groups, commands = [], []
    for group in stored["groups"]:
        before = known.get(group["name"], {"data_xxh3": None})
        others = group["other_networks"]
        if before["data_xxh3"] == group["data_xxh3"]:
            others = before["other_networks"] | others
            commands = earlier["commands_beside"]
        groups.append({**group, "other_networks": others})
    commands = list(dict.fromkeys([*commands, *stored["commands_beside"]]))
    return {**stored, "commands_beside": commands, "groups": groups}


def table(scores: Figures) -> str:
    """The figures as a table, a column a group of shots."""
    groups = scores["groups"]
    head = ["at the node's defaults", *(group["name"] for group in groups)]
    rows = [head, ["---"] * len(head)]
    others = dict.fromkeys(name for group in groups for name in group.get("other_networks", {}))
    shown = ROWS | {f"control: {name}": _other(name) for name in others}
    rows += [[name, *(_cell(show, group) for group in groups)] for name, show in shown.items()]
    return "\n".join(map(line, rows))


def _command(words: list[str]) -> str:
    """The command as a reader would type it; where it wrote is left out."""
    words = [
        part for word in words[1:] for part in (word.split("=", 1) if word[:2] == "--" else [word])
    ]
    shown = ["cargo xtask"]
    while words:
        word = words.pop(0)
        # What xtask adds by itself goes the way of what says where to write.
        if word in ("--out", "--sample", "--bundle"):
            words.pop(0)
        else:
            path = Path(word)
            elsewhere = path.is_absolute() or path.parts[:1] == ("target",)
            shown.append(f"DIR/{path.name}" if elsewhere else word)
    return " ".join(shown)


def _check_defaults(report: Figures) -> None:
    """Raises ValueError when figures are not those of the card's rows."""
    if report["settings"]:
        settings = ", ".join(report["settings"])
        raise ValueError(f"the report was made with {settings}; score it at defaults")
    if report["boundary_px"] != BOUNDARY_PX:
        message = f"borders within {report['boundary_px']} px; the card says {BOUNDARY_PX}"
        raise ValueError(f"the report counts {message}: leave --boundary-px out")


def _check_same(report: Figures, other: Figures) -> None:
    """Raises ValueError when figures of both could not stand in one column."""
    for group, known in other["data_xxh3"].items():
        if report["data_xxh3"].get(group) != known:
            raise ValueError(f"the report beside it is of other shots in {group}; score both anew")
    if other["settings"] != report["settings"]:
        raise ValueError("the report beside it was made with other settings; score it at defaults")


def _group(column: Figures, hashes: dict[str, str]) -> Figures:
    total = column["total"]
    variants = {}
    for name, tally in total["variants"].items():
        variants[name] = {key: tally[key] for key in KEPT if tally.get(key) is not None}
        variants[name]["iou"] = {known: tally["classes"][known]["iou"] for known in CLASSES}
        variants[name]["leaking_share"] = (tally.get("core") or {}).get("leaking_share")
    group = {
        "name": Path(column["group"]).name,
        "data_xxh3": hashes[column["group"]],
        "shots": len(column["shots"]),
        "variants": variants,
        "looks": {look: tally["mean_iou"] for look, tally in total["looks"].items()},
    }
    group |= {key: total[key] for key in TOTALS if total.get(key) is not None}
    thresholds = total.get("thresholds")
    if thresholds:
        group["thresholds"] = {how: tally["mean_iou"] for how, tally in thresholds.items()}
    group["other_networks"] = {}
    return group


def _others(report: Figures, group: str, sha256: str) -> dict[str, Figures]:
    """What is stored of the other networks' answers on the same shots."""
    return {
        column["network"]: _other_network(column)
        for column in report["columns"]
        if column["group"] == group and not column["model"].endswith(sha256)
    }


def _other_network(column: Figures) -> Figures:
    tally = column["total"]["variants"]["default"]
    return {
        "model": column["model"],
        "mean_iou": tally["mean_iou"],
        "iou": {known: tally["classes"][known]["iou"] for known in CLASSES},
        "mean_of_shots": column["total"]["mean_of_shots"],
    }


def _cell(show: Callable[[Figures], str], group: Figures) -> str:
    try:
        return show(group)
    except (KeyError, TypeError):
        return "-"


def _worst_look(group: Figures) -> str:
    worst = group["worst_look"]
    loss = group["variants"]["default"]["mean_iou"] - worst["mean_iou"]
    return f"{worst['look']}, {loss:.3f}"


def _smoothed(key: str, scale: float, digits: int) -> Callable[[Figures], str]:
    """A figure without temporal smoothing and with it."""

    def show(group: Figures) -> str:
        off, on = (group["variants"][name][key] for name in ("default", "smoothing_on"))
        return f"{scale * off:.{digits}f} / {scale * on:.{digits}f}"

    return show


def _of(name: str, key: str, form: str) -> Callable[[Figures], str]:
    return lambda group: format(group["variants"][name][key], form)


def _other(name: str) -> Callable[[Figures], str]:
    return lambda group: f"{group['other_networks'][name]['mean_iou']:.3f}"


def _blurred(group: Figures) -> str:
    tally = group["variants"]["default"]
    best = tally["best_blurred"]
    return f"{1e3 * tally['mad_in_band']:.0f} / {1e3 * best['mad_in_band']:.0f}"


def _locked_off(group: Figures) -> str:
    moved = group["locked_off"]
    return f"{255 * moved['smoothing_off']:.0f} / {255 * moved['smoothing_on']:.0f}"


ROWS: dict[str, Callable[[Figures], str]] = {
    "shots, frames": lambda g: f"{g['shots']}, {g['variants']['default']['frames']}",
    **{
        f"IoU {name.replace('_', ' ')}": lambda g, name=name: (
            f"{g['variants']['default']['iou'][name]:.3f}"
        )
        for name in (*CLASSES[1:], CLASSES[0])
    },
    "mean IoU": _of("default", "mean_iou", ".3f"),
    "tones in the subject": _of("default", "mean_iou_of_tones_in_subject", ".3f"),
    "tones in the subject, with Mask": _of("with_mask", "mean_iou_of_tones_in_subject", ".3f"),
    "mean of the shots": lambda g: f"{g['mean_of_shots']:.3f}",
    "10th-percentile shot, worst": lambda g: (
        f"{g['tenth_percentile_shot']:.3f}, {g['worst_shot']:.3f}"
    ),
    "worst look, loss": _worst_look,
    "boundary F at 2 px": _of("default", "boundary_f", ".3f"),
    "boundary F, enlarged bilinearly": _of("bilinear", "boundary_f", ".3f"),
    "MAD in thousandths in the band, best blurred": _blurred,
    "core leakage": _of("default", "leaking_share", ".2%"),
    "dtSSD in hundredths, smoothing off / on": _smoothed("dtssd", 100, 1),
    "mean IoU, smoothing off / on": _smoothed("mean_iou", 1, 4),
    "lag in frames, smoothing on": lambda g: (
        f"{g['variants']['smoothing_on']['lag']['frames']:.2f}"
    ),
    "locked-off of 255, smoothing off / on": _locked_off,
    "control: luminance thresholds": lambda g: f"{g['thresholds']['whole_frame']:.3f}",
    "control: first frame frozen": _of("frozen_first_frame", "mean_iou", ".3f"),
}


def _read(path: Path) -> Figures:
    figures: Figures = json.loads(path.read_text("utf-8"))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "report", type=Path, nargs="*", help="what `score tone --out` wrote, on this machine"
    )
    parser.add_argument("--models", type=Path, required=True, help="the folder of manifest.toml")
    parser.add_argument("--name", default="tone_fast", help="the model's name in the manifest")
    parser.add_argument(
        "--also", type=Path, nargs="*", default=[], help="reports that have other networks"
    )
    args = parser.parse_args()
    if not args.report and not args.also:
        parser.error("give a report, or --also")
    target = args.models / "scores" / f"{args.name}_node.json"
    sha256 = sha256_of(args.models / f"{args.name}.onnx")
    beside = [_read(path) for path in args.also]
    try:
        if not args.report:
            scores = with_others(_read(target), sha256, beside)
        else:
            report = together([_read(path) for path in args.report])
            scores = kept(report, sha256, machine_kind(), beside)
            if target.exists():
                scores = with_earlier(scores, _read(target))
    except (KeyError, ValueError) as error:
        named = ", ".join(map(str, args.report)) or target
        raise SystemExit(f"{named}: {error}") from error
    part = target.with_suffix(".part")
    part.write_text(json.dumps(scores, indent=1) + "\n", "utf-8")
    part.replace(target)
    print(table(scores))


if __name__ == "__main__":
    main()
