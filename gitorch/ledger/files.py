"""Small files of our own in the git directory, replaced in one step, so that no reader sees half of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEMPORARY_SUFFIX = "~"
"""How the temporary name of a file ends. A writer that was killed leaves such a file behind."""


def replace(path: Path, text: str) -> None:
    """Give the file this text in one step. Not synced: these files can be lost and made again."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        temporary.write_text(text, encoding="utf-8")
    except FileNotFoundError:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")

    temporary.rename(path)
