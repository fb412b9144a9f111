"""How long sets take and what they hold, told without rendering anything."""

from __future__ import annotations

from set_plan import KEYS, SetShot

# Seconds of one thread that a megasample takes, and that a megapixel of sub-pixels costs on top of
# its samples (denoising, files): of the picture, and of a white layer. Measured on
# one thread of a busy two-core machine; an idle one takes about half of it.
PICTURE, PICTURE_FIXED = 3.5, 5.5
WHITE, WHITE_FIXED = 3.0, 2.7


def renders(plan: SetShot) -> float:
    """How often a frame's picture is rendered: once per group of lights that is kept apart."""
    if plan.motion == KEYS:
        return 1 + 2 / plan.frames
    return 3 if plan.layers else 2 if plan.gobo else 1


def seconds_per_frame(plan: SetShot) -> float:
    """Expected seconds of one thread; of a still shot only one frame is rendered."""
    fine = 4 * plan.width * plan.height / 1e6
    picture = renders(plan) * (plan.beauty * PICTURE + PICTURE_FIXED)
    whole = fine * (picture + 2 * (plan.white * WHITE + WHITE_FIXED))
    return whole / plan.frames if plan.still else whole


def listing(shots: list[SetShot]) -> str:
    """A line for each shot, and the sum."""
    lines = []
    for plan in shots:
        about = f"{plan.theme}, {plan.light}, {plan.background}, {plan.layout}, {plan.motion}"
        size = f"{plan.width}x{plan.height} of {plan.frame_width}x{plan.frame_height}"
        minutes = plan.frames * seconds_per_frame(plan) / 60
        lines.append(
            f"{plan.name:14} {plan.split:9} {plan.frames:3} frames {size:22} {minutes:6.1f} min  "
            f"{about}"
        )
    frames = sum(plan.frames for plan in shots)
    minutes = sum(plan.frames * seconds_per_frame(plan) for plan in shots) / 60
    lines.append(f"{len(shots)} shots, {frames} frames, about {minutes:.0f} min of one thread")
    return "\n".join(lines)
