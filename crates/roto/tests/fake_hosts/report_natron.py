"""Runs a script of ours in a Natron that is not there, and prints what it built as JSON.

Arguments: script, first frame, last frame.
"""

import json
import runpy
import sys

from fake_natron import App

script, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
app = App()
runpy.run_path(script, {"app": app})
(node,) = app.nodes
shapes = [bezier.told(range(first, last + 1)) for bezier in node.context.beziers]
json.dump({"kind": node.kind, "label": node.label, "shapes": shapes}, sys.stdout)
