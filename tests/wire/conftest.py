"""Lets the tests of this folder import what they share: simulation.py and broken.py are no test modules."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
