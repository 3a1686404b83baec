"""What the scripts share: settings, data, training, measures, pictures.

A script imports `command_line` first, which is light, and the rest once the
arguments have been checked. The numbered modules are imported from `ROOT`.
"""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
