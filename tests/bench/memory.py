"""How much memory a process has held at most. Linux counts the memory of whoever started it in `ru_maxrss`, too."""

from __future__ import annotations

import re
from pathlib import Path


def peak_mebibytes(process: int | str = "self") -> float:
    """The most memory that a living process has held since its program began, in MiB. Needs `/proc`."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
