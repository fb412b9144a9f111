"""Rotocel in Nuke, also without a window: makes `rotocel_roto` known.

In ~/.nuke/init.py: nuke.pluginAddPath("<where it is>/Rotocel.ofx.bundle/Contents/Resources/nuke")
"""

import rotocel_roto  # noqa: F401
