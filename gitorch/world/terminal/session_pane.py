"""The pane of a session, and the name by which its processes are known: what every verb about a session asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.work.session import SessionKey
    from gitorch.world.terminal.session_files import LaunchRecord
    from gitorch.world.terminal.tmux import Listing, Pane

SESSION_VARIABLE = "GITORCH_SESSION_KEY"
"""In the environment of each process of a session; its value is that of `owner_of`."""

FOLDER_MADE = "tmux-folder-made"
"""A file that is there while the folder of tmux's sockets exists only because of us."""


def pane_of(listing: Listing, key: SessionKey, record: LaunchRecord | None) -> Pane | None:
    """The session's own pane, even where somebody split its window; None where the session has none."""
    wanted = _recorded_pane(listing, record)
    for pane in listing.panes:
        if pane.session != key.name:
            continue

        if not wanted or pane.id == wanted:
            return pane

    return None


def _recorded_pane(listing: Listing, record: LaunchRecord | None) -> str:
    """The pane that the record names on this server; empty where it names none."""
    if record is not None and record.server == listing.server:
        return record.pane

    return ""


def owner_of(server: str, key: SessionKey) -> str:
    """The value of GITORCH_SESSION_KEY for a session on the tmux server with this socket name."""
    return f"{server}/{key.name}"
