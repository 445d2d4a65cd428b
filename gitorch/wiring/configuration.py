"""Finding and reading the configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.config import Config
from gitorch.model.values import replace

if TYPE_CHECKING:
    from pathlib import Path

CONFIG_NAME = "gitorch.yaml"


def config_path(root: Path, home: Path) -> Path | None:
    """The repository's own configuration file, otherwise the one in the git directory; None without either."""
    for path in (root / CONFIG_NAME, home / CONFIG_NAME):
        if path.is_file():
            return path
    return None


def load_config(root: Path, home: Path) -> Config:
    """The configuration with every default filled in. Raises Malformed with all its defects."""
    path = config_path(root, home)
    if path is None:
        return Config()
    from gitorch.text.config_file import parse_config

    name = path.name if path.parent == root else str(path)
    return replace(parse_config(name, path.read_bytes()), path=name)
