"""Tests of the training code that need neither a renderer nor torch."""

import sys
from pathlib import Path

# The scripts are run as files and import each other by plain names.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
