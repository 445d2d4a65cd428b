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


def shared_remote(root: Path, home: Path) -> str:
    """The remote over which hosts share the ledger; empty without one. Most files need no parser to tell.

    Raises Malformed for a file in which it cannot be found and that is no configuration.
    """
    path = config_path(root, home)
    if path is None:
        return ""
    from gitorch.text.config_remote import remote_of

    remote = remote_of(path.read_bytes())
    if remote is None:
        return load_config(root, home).ledger_remote
    return remote
