"""The configuration file, and the remote that it shares the ledger over: every verb asks, so that nothing large is imported."""

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
        from gitorch.wiring.configuration import load_config

        return load_config(root, home).ledger_remote
    return remote
