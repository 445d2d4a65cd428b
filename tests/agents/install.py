"""Installs the vendors' programs into the project's cache, or says why one cannot be.

Nothing is installed anywhere else. A program that is there already is left as it is; delete its folder to get the newest.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from programs import Program

INSTALL_SECONDS = 900
TELLING = re.compile(r"error: |no matching|not found|failed", re.IGNORECASE)
"""Where npm and pip come to the point."""


def install(program: Program) -> str:
    """Install one program unless it is there; why it could not be, or nothing."""
    if program.installed:
        return ""
    program.folder.mkdir(parents=True, exist_ok=True)
    try:
        for words in commands(program):
            done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
            if done.returncode != 0:
                return f"`{' '.join(words)}` ended with {done.returncode}: {reason(done.stderr or done.stdout)}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if program.installed else f"{program.package} brought no `{program.name}`"


def commands(program: Program) -> list[list[str]]:
    """What installs a program: npm for all but the one that is written in Python.

    Without `@latest`, npm takes an older version of a package whose newest one names a newer Node, although it runs with this one.
    """
    if program.name != "aider":
        newest = f"{program.package}@latest"
        return [["npm", "install", "--no-audit", "--no-fund", "--prefix", str(program.folder), newest]]
    return [
        [sys.executable, "-m", "venv", str(program.folder)],
        [str(program.bin / "pip"), "install", "--quiet", program.package],
    ]


def reason(text: str) -> str:
    """The line that says why: the first that speaks of an error, else the last that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if TELLING.search(line)]
    return next(iter(telling or reversed(lines)), "it said nothing")
