"""Ports and a name that belong to one worktree, so that servers and databases of several agents do not meet.

The ports lie below those that the kernel gives to outgoing connections. A range is kept for as long as its worktree exists.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.world.files import holding, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "ports.json"
FIRST_PORT = 20_000
PORTS_EACH = 10
LOCK_SECONDS = 10.0
RANGES = 1_200
NAME_CHARACTERS = 40
"""With the digest the name is short enough for a label of a host name, and for a database."""


def worktree_variables(home: Path, worktree: Path) -> dict[str, str]:
    """The variables that tell programs in a worktree which ports and which name are theirs alone.

    `home` is the folder of gitorch in the common git directory, which remembers the ranges.
    """
    first = FIRST_PORT + PORTS_EACH * _range_of(home, worktree)
    return {
        "GITORCH_NAME": unique_name(worktree),
        "GITORCH_PORT": str(first),
        "GITORCH_PORTS": f"{first}-{first + PORTS_EACH - 1}",
    }


def unique_name(worktree: Path) -> str:
    """A name that no other worktree has, of lower-case letters, digits and hyphens: `auth-7f3a-api-5b1c9e`."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{worktree.parent.name}-{worktree.name}".lower()).strip("-")
    return f"{words[:NAME_CHARACTERS].strip('-')}-{_digest(worktree)[:6]}"


def _digest(worktree: Path) -> str:
    return hashlib.sha256(os.fsencode(worktree)).hexdigest()


def _range_of(home: Path, worktree: Path) -> int:
    """The number of the range of this worktree: the one that it has, otherwise the first free one from where its name points."""
    path = home / FILE
    with holding(home / f"{FILE}.lock", LOCK_SECONDS):
        taken = _living_ranges(read_json(path) or {})
        known = taken.get(str(worktree))
        if known is not None:
            return known

        number = _free_range(int(_digest(worktree), 16) % RANGES, set(taken.values()))
        write_json(path, {**taken, str(worktree): number})
        return number


def _living_ranges(values: Mapping[str, object]) -> dict[str, int]:
    """The ranges of worktrees that exist; another value in the file is forgotten."""
    found: dict[str, int] = {}
    for worktree, number in values.items():
        if type(number) is int and 0 <= number < RANGES and Path(worktree).exists():
            found[worktree] = number
    return found


def _free_range(begin: int, taken: set[int]) -> int:
    """The first range that no worktree of this repository has and no program listens in; else the one to begin with."""
    for step in range(RANGES):
        number = (begin + step) % RANGES
        if number not in taken and _is_free(number):
            return number
    return begin


def _is_free(number: int) -> bool:
    """Whether nothing listens on a port of the range."""
    first = FIRST_PORT + PORTS_EACH * number
    for port in range(first, first + PORTS_EACH):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
