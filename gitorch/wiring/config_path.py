"""Where the configuration file is: every verb asks, so that nothing large is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CONFIG_NAME = "gitorch.yaml"


def config_path(root: Path, home: Path) -> Path | None:
    """The repository's own configuration file, otherwise the one in the git directory; None without either."""
    for path in (root / CONFIG_NAME, home / CONFIG_NAME):
        if path.is_file():
            return path
    return None
