"""Commits that gitorch makes of an agent's uncommitted work, for an agent that may not write to the repository itself.

A draft is a commit on no branch, built with a separate index. Until it is adopted the worktree does not change, so a
handoff that is refused leaves the agent's work exactly as it was.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from gitorch.errors import Failed
from gitorch.model.ids import CommitId
from gitorch.model.path_text import bytes_of
from gitorch.world.git.runner import OWN_FOLDER, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitorch.model.ids import Moment
    from gitorch.world.git.runner import GitRunner

AUTHOR = r"(?P<name>.*) <(?P<email>[^<>]*)>"


def draft(git: GitRunner, message: str, author: str, at: Moment) -> CommitId | None:
    """A commit of all files in the worktree on top of its head; the head itself when nothing differs from it.

    None when the worktree is on no branch, or its branch has no commit. `author` is a name with an address, `Ann <a@b.c>`.
    """
    head = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.status != 0 or not git.succeeds("symbolic-ref", "--quiet", "HEAD"):
        return None
    parent = CommitId(head.out.strip())
    with _separate_index(git) as index:
        env = {"GIT_INDEX_FILE": str(index)}
        _add_all(git, env)
        git.output("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", "--", OWN_FOLDER, env=env)
        tree = git.output("write-tree", env=env).strip()
    if tree == git.output("rev-parse", f"{parent}^{{tree}}").strip():
        return parent
    return _commit(git, tree, parent, message, author, at)


def _add_all(git: GitRunner, env: Mapping[str, str]) -> None:
    """Bring the index up to date with all files. `git add --all` would run `git status` in each submodule."""
    listing = ("ls-files", "-z", "--modified", "--deleted", "--others", "--exclude-standard")
    paths = dict.fromkeys(path.removesuffix("/") for path in split(git.output(*listing, env=env)))
    given = b"".join(bytes_of(path) + b"\0" for path in paths)
    git.output("update-index", "--add", "--remove", "--replace", "-z", "--stdin", given=given, env=env)


@contextlib.contextmanager
def _separate_index(git: GitRunner) -> Iterator[Path]:
    """A copy of the worktree's index, so that git need not read unchanged files again; the index itself is not touched."""
    import shutil  # noqa: PLC0415  2 ms that other verbs do not pay

    index, copy = git.directories.git_dir / "index", git.directories.git_dir / "gitorch-draft"
    try:
        if index.is_file():
            # With its time: git takes files that are older than the index for unchanged, and would miss edits.
            shutil.copy2(index, copy)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _commit(git: GitRunner, tree: str, parent: CommitId, message: str, author: str, at: Moment) -> CommitId:
    """Write the commit object: the author as given, gitorch as committer, both at the same time."""
    name, email = author, "unknown@gitorch.invalid"
    if match := re.fullmatch(AUTHOR, author):
        name, email = match["name"], match["email"]
    date = f"@{at // 1000} +0000"
    env = {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": "gitorch",
        "GIT_COMMITTER_EMAIL": "gitorch@localhost",
        "GIT_COMMITTER_DATE": date,
    }
    text = message.replace("\0", " ").encode("utf-8", "replace")
    commit = git.output("commit-tree", tree, "-p", parent, "-F", "-", given=text, env=env)
    return CommitId(commit.strip())


def adopt(git: GitRunner, draft_commit: CommitId) -> None:
    """Make a draft the head of the worktree's branch by compare-and-swap, and reset the index; files stay as they are.

    Harmless when it is the head already. Raises Failed when the branch has moved since the draft was made.
    """
    ref = git.output("symbolic-ref", "HEAD").strip()
    head = git.output("rev-parse", "--verify", "HEAD^{commit}").strip()
    if head != draft_commit:
        parent = git.output("rev-parse", "--verify", f"{draft_commit}^1").strip()
        result = git.run("update-ref", "-m", "gitorch: commit what was reported", ref, draft_commit, parent)
        if result.status != 0:
            message = f"{ref} moved while gitorch committed the work in its worktree: {result.err}"
            raise Failed(message, hint="gitorch handoff DONE")
    git.output("reset", "--quiet")
