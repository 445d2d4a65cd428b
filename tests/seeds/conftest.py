"""The tests of whole runs stand on the fakes, the rules' player and the simulated world of the kills."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / name) for name in ("", "rules", "kills", "e2e"))]
