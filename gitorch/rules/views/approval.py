"""What an approval says, word for word: the text that the principal signs where the repository asks for a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import CommitId, Digest, RunId

NAMESPACE = "gitorch-approval"
"""What a signature is for, so that one made for anything else, a commit or a login, counts for nothing here."""


def approval_text(
    ledger: str, run: RunId, report: Digest, target: str, target_commit: CommitId, commits: Sequence[CommitId]
) -> str:
    """Everything that an approval binds to. It names its ledger, so that no other repository's approval fits."""
    lines = ["gitorch approval/1", f"ledger: {ledger}", f"run: {run}", f"report: {report}"]
    lines += [f"target: {target} at {target_commit}", *(f"branch: {commit}" for commit in commits)]
    return "\n".join(lines) + "\n"
