"""The text of an approval, which the principal signs when the repository asks for a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import CommitId, Digest, RunId

NAMESPACE = "gitorch-approval"
"""The signature namespace. A signature made for anything else, such as a commit or a login, does not count as an approval."""

TEXT_FILE, SIGNATURE_FILE = "approval.txt", "approval.sig"
"""The files of a signed approval's record: the text that was signed, and its signature."""


def approval_text(
    ledger: str, run: RunId, report: Digest, target: str, target_commit: CommitId, commits: Sequence[CommitId]
) -> str:
    """Everything that an approval binds to, one line each.

    The ledger's id is part of it, so that an approval from another repository does not fit.
    """
    lines = [
        "gitorch approval/1",
        f"ledger: {ledger}",
        f"run: {run}",
        f"report: {report}",
        f"target: {target} at {target_commit}",
    ]
    lines += [f"branch: {commit}" for commit in commits]

    return "\n".join(lines) + "\n"
