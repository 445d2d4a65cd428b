"""Installs the vendors' programs, runs the tests with them, and says at the end what was seen: `make agents`.

    python tests/agents/run.py [PROGRAM…] [OPTION OF PYTEST…]

Fails when a test fails, and also when a program that was named could not be installed.
"""

from __future__ import annotations

import sys
from itertools import takewhile
from pathlib import Path

import pytest
from install import install
from programs import PROGRAMS
from seen import Seen

HERE = Path(__file__).parent


def main(words: list[str]) -> int:
    """The exit status: pytest's, or 1 where a program is missing."""
    names = list(takewhile(lambda word: not word.startswith("-"), words))
    named = names or list(PROGRAMS)
    strangers = [name for name in named if name not in PROGRAMS]
    if strangers:
        sys.stderr.write(f"there is no program {', '.join(strangers)}; there are {', '.join(PROGRAMS)}\n")
        return 2
    missing = {name: why for name in named if (why := install(PROGRAMS[name]))}
    seen = Seen(named, missing)
    status = int(pytest.main(["-m", "agents", str(HERE), *words[len(names) :]], plugins=[seen]))
    sys.stdout.write("\n".join(["", "The vendors' programs:", *seen.lines(), ""]))
    return status or int(bool(missing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
