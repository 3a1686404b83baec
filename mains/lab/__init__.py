"""What the mains share: command line, data sets, training, figures.

A main imports `command_line` first, which is light, and the rest once the
arguments are known to be good. The numbered modules are found from here.
"""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
