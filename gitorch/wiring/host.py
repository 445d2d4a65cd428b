"""The name and the key of this host, which `gitorch host join` leaves in the clone's git directory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.ledger import files

if TYPE_CHECKING:
    from pathlib import Path


def host_name(home: Path) -> str:
    """The name that `gitorch host join` gave this clone, else the machine's."""
    try:
        return files.read(home / "host").partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        return os.uname().nodename


def host_key(home: Path) -> str:
    """The path of the key with which this host signs; empty before `gitorch host join`."""
    path = home / "host-key"
    if path.is_file():
        return str(path)
    return ""
