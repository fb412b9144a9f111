"""Rotocel in Nuke, also without a window: `import rotocel_roto` works wherever this folder is a plug-in path.

In ~/.nuke/init.py: nuke.pluginAddPath("<where it is>/Rotocel.ofx.bundle/Contents/Resources/nuke")
"""

import rotocel_roto  # noqa: F401
