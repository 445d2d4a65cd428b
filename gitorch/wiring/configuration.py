"""Finding and reading the configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.config import Config
from gitorch.model.values import replace
from gitorch.wiring.config_path import config_path

if TYPE_CHECKING:
    from pathlib import Path


def load_config(root: Path, home: Path) -> Config:
    """The configuration with every default filled in. Raises Malformed with all its defects."""
    path = config_path(root, home)
    if path is None:
        return Config()
    from gitorch.text.config_file import parse_config

    name = path.name if path.parent == root else str(path)
    return replace(parse_config(name, path.read_bytes()), path=name)
