"""What the node does by default, where training and export have to do the same. Pure Python."""

from __future__ import annotations

# Long side in pixels of the picture that the network is shown; how far small frames are enlarged.
WORKING_SIZE = 640
MOST_ENLARGED = 2.0
