"""The newest commit of a ledger that this clone has seen at a remote, and the error where the remote does not have it any more.

It lies beside the branch, in `ledgers/` of gitorch's folder: forgetting it hides a ledger that was forced back, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.ids import CommitId

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services


def require_kept(services: Services, remote: str, there: CommitId | None) -> None:
    """Remember what a remote's ledger is at. Raises Corrupt where it lost records that this clone has seen there.

    `there` is the commit that the remote has now, and is part of this clone; None where it has no ledger.
    """
    seen = _seen(services, remote)
    if seen is not None and not _is_kept(services, seen, there):
        raise Corrupt(
            f"The ledger at {remote} was forced back: it is at {_named(there)}, and this clone has seen it at {seen[:12]}.",
            f"git log --oneline -n 5 {seen[:12]}",
            remote,
        )

    if there is not None:
        services.files.write(_place(services, remote), f"{there}\n".encode())


def _place(services: Services, remote: str) -> Path:
    """The file that remembers one remote."""
    return services.home / "ledgers" / remote.replace("/", "+")


def _seen(services: Services, remote: str) -> CommitId | None:
    """The commit that was seen last; None where none was, and for one that this clone does not have any more."""
    data = services.files.read(_place(services, remote))
    if data is None:
        return None

    commit = CommitId(data.decode("utf-8", "replace").strip())
    if not services.git.has(commit):
        return None

    return commit


def _is_kept(services: Services, seen: CommitId, there: CommitId | None) -> bool:
    """Whether what was seen is still part of the remote's ledger."""
    if there is None:
        return False

    return services.git.contains(seen, there)


def _named(commit: CommitId | None) -> str:
    """A commit for a message."""
    if commit is None:
        return "no commit at all"

    return commit[:12]
