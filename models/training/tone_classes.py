"""The five tone classes: their numbers in label files, and flat colors to look at them.

Labels are named here once. Every other module takes numbers and order from this file, because a
swapped pair of classes is a mistake that no loss curve shows.
"""

from __future__ import annotations

CLASSES: tuple[str, ...] = (
    "background",
    "highlight",
    "material",
    "diffuse_shadow",
    "cast_shadow",
)

# In label files: nothing is known of this pixel, and nothing is asked.
UNKNOWN = 255

BACKGROUND, HIGHLIGHT, MATERIAL, DIFFUSE_SHADOW, CAST_SHADOW = range(5)

# Flat display colors for contact sheets, in class order.
PALETTE: tuple[tuple[int, int, int], ...] = (
    (20, 90, 50),
    (255, 255, 255),
    (175, 175, 175),
    (80, 90, 200),
    (200, 70, 40),
)
