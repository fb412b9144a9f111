"""When shapes of a Roto node are to be seen, and how to change that within a range of frames.

A shape is hidden by its lifetime, by an opacity of 0, or by the eye in Nuke's list of shapes. The
eye is the artist's and stays as it is.
"""

import rotocel_shapes

# Values of `ltt`: until a frame, on one frame, from a frame on, from one frame to another.
UNTIL, SINGLE, SINCE, RANGE = 1, 2, 3, 4
ENDLESS = float("inf")
# Less cannot be seen.
LEAST_OPACITY = 1e-4


def lifetime(attributes, frame):
    """First and last frame on which the shape lives."""
    kind, begin, end = (attributes.getValue(frame, name) for name in ("ltt", "ltn", "ltm"))
    return {
        UNTIL: (-ENDLESS, end),
        SINGLE: (begin, begin),
        SINCE: (begin, ENDLESS),
        RANGE: (begin, end),
    }.get(int(kind), (-ENDLESS, ENDLESS))


def opacity(attributes, frame, lives):
    """What is seen of the shape at a frame, but for the eye."""
    return attributes.getValue(frame, "opc") if lives[0] <= frame <= lives[1] else 0.0


def wanted(data, frame):
    """Whether the shape is to be seen at a frame of the shot."""
    return any(first <= frame <= last and seen for first, last, seen in data["stretches"])


def overwrite(attributes, data, first, last):
    """Shows and hides a shape as in `data` on the frames `first` to `last`, and on no other.

    Nothing is touched where it is so already. Returns whether the eye hides what should be seen.
    """
    frames = range(first, last + 1)
    lives = lifetime(attributes, first)
    before = [opacity(attributes, frame, lives) for frame in frames]
    after = [wanted(data, frame) for frame in frames]
    if [value > LEAST_OPACITY for value in before] != after:
        keep_outside(attributes, first, last, lives)
        curve = attributes.getCurve("opc")
        for frame, value, seen in zip(frames, before, after):
            shown = value if value > LEAST_OPACITY else rotocel_shapes.style_at(data, frame, 2)
            curve.addKey(frame, shown if seen else 0.0)
        live_through(attributes, first, last, lives)
    return any(after) and not attributes.getValue(first, "vis")


def keep_outside(attributes, first, last, lives):
    """Keys of the opacity next to the range, so that keys within it change nothing outside.

    Two at each end, so that the smooth way between keys leads nowhere else on whole frames.
    """
    curve = attributes.getCurve("opc")
    edges = {first - 2, first - 1, last + 1, last + 2}
    # Frames between the shape's life and the range will be part of its life.
    if lives[1] < first - 1:
        edges |= {lives[1] + step for step in (-1, 0, 1, 2)}
    if lives[0] > last + 1:
        edges |= {lives[0] + step for step in (-2, -1, 0, 1)}
    for frame, value in [(frame, opacity(attributes, frame, lives)) for frame in sorted(edges)]:
        curve.addKey(frame, value)


def live_through(attributes, first, last, lives):
    """Makes the shape live in the range, too."""
    if lives[0] <= first and last <= lives[1]:
        return
    begin, end = min(lives[0], first), max(lives[1], last)
    if begin == -ENDLESS:
        attributes.set("ltt", UNTIL)
    elif end == ENDLESS:
        attributes.set("ltt", SINCE)
    else:
        attributes.set("ltt", RANGE)
    if begin > -ENDLESS:
        attributes.set("ltn", begin)
    if end < ENDLESS:
        attributes.set("ltm", end)
