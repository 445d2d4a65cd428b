"""Small files of our own in the git directory: built aside, renamed into place, so that no reader sees half of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ASIDE = "~"
"""How the name of a file ends that is built aside; a writer that was killed leaves it."""


def replace(path: Path, text: str) -> None:
    """Give the file this text in one step. Not synced: what is written here can be lost and made again."""
    aside = path.with_name(f"{path.name}.{os.getpid()}{ASIDE}")
    try:
        aside.write_text(text, encoding="utf-8")
    except FileNotFoundError:
        aside.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8")
    aside.rename(path)
