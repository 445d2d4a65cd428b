"""The remote over which the configuration file shares the ledger: every verb asks, so that nothing large is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.wiring.config_path import config_path

if TYPE_CHECKING:
    from pathlib import Path


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
