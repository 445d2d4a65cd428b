"""Taking an agent's commits out of its sandbox, as git fetches from a stranger: objects are checked, and only its own branch is taken."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gitorch.errors import Failed
from gitorch.model.ids import CommitId
from gitorch.world.sandbox import HEADS

if TYPE_CHECKING:
    from gitorch.world.git.runner import GitRunner
    from gitorch.world.sandbox import PrivateView

FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def import_commits(view: PrivateView, git: GitRunner) -> CommitId | None:
    """Bring the agent's branch up to what it committed in its view; the new commit, or None where there is none.

    The branch moves even when the agent rewrote its history; no other ref of the view is read.

    Raises Failed for a branch that holds no commit id, and for commits that git does not accept.
    Raises Busy when a lock of the repository stays taken.
    Raises Unavailable when git cannot be run.
    """
    if not view.branch:
        return None
    found = _branch_commit(view)
    if found is None:
        return None
    if found == _real_commit(view, git):
        return None

    branch = f"{HEADS}/{view.branch}"
    # Fetched under another name first: git refuses to fetch into a branch that a worktree has checked out.
    imported_ref = f"refs/gitorch/import/{view.branch}"
    options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    fetched = git.run(
        "-c",
        "transfer.fsckObjects=true",
        "fetch",
        *options,
        str(view.folder),
        f"+{branch}:{imported_ref}",
        env={"GIT_ALLOW_PROTOCOL": "file"},
    )
    if fetched.status != 0:
        raise Failed(f"the commits of {view.branch} cannot be taken from its sandbox: {fetched.err}", "gitorch doctor")

    imported = CommitId(git.output("rev-parse", "--verify", imported_ref).strip())
    git.output("update-ref", branch, imported)
    git.output("update-ref", "-d", imported_ref)
    return imported


def _branch_commit(view: PrivateView) -> CommitId | None:
    """The commit id in the private view's file of its branch; None if there is no such file.

    The agent can write this file. So a link or a pipe in its place is neither followed nor waited for: it raises Failed, as
    does any content but a commit id.
    """
    try:
        descriptor = os.open(view.branch_file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failed(f"the branch {view.branch} of a sandbox cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        text = file.read(200).strip().decode("ascii", "replace")

    if FULL_ID.fullmatch(text) is None:
        raise Failed(f"the branch {view.branch} of a sandbox holds no commit id: {text[:20]!r}")
    return CommitId(text)


def _real_commit(view: PrivateView, git: GitRunner) -> str:
    """The commit of the agent's branch in the repository itself; empty when it does not exist yet."""
    found = git.run("rev-parse", "--verify", "--quiet", f"{HEADS}/{view.branch}")
    if found.status != 0:
        return ""
    return found.out.strip()
