"""Commits that gitorch makes of what an agent left in its worktree, where the agent itself may not write to the repository.

A draft is a commit that no branch has yet, built with an index of its own: until it is adopted, nothing in the worktree has
changed, so that a report which is refused leaves the agent's work exactly as it was.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Failed
from gitorch.model.ids import CommitId
from gitorch.world.git.runner import OWN_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import Moment
    from gitorch.world.git.runner import GitRunner

AUTHOR = re.compile(r"(?P<name>.*) <(?P<email>[^<>]*)>")


def draft(git: GitRunner, message: str, author: str, at: Moment) -> CommitId | None:
    """A commit of everything that stands in the worktree; its head where nothing differs from that. None on no branch."""
    head = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.status != 0 or git.ask("symbolic-ref", "--quiet", "HEAD").status != 0:
        return None
    parent = CommitId(head.out.strip())
    with _own_index(git) as index:
        env = {"GIT_INDEX_FILE": str(index)}
        git.tell("add", "--all", "--", ".", env=env)
        git.tell("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", "--", OWN_FOLDER, env=env)
        tree = git.tell("write-tree", env=env).strip()
    if tree == git.tell("rev-parse", f"{parent}^{{tree}}").strip():
        return parent
    return _commit(git, tree, parent, message, author, at)


@contextlib.contextmanager
def _own_index(git: GitRunner) -> Iterator[Path]:
    """A copy of the worktree's index, so that unchanged files need not be read again; the real one is not touched."""
    words = [word for name in ("index", "gitorch-draft") for word in ("--git-path", name)]
    real, own = (Path(line) for line in git.tell("rev-parse", "--path-format=absolute", *words).splitlines())
    try:
        if real.is_file():
            shutil.copy2(real, own)  # with its time: a younger index hides edits that are as old as the old one
        yield own
    finally:
        own.unlink(missing_ok=True)


def _commit(git: GitRunner, tree: str, parent: CommitId, message: str, author: str, at: Moment) -> CommitId:
    found = AUTHOR.fullmatch(author)
    name, email = (found["name"], found["email"]) if found is not None else (author, "unknown@gitorch.invalid")
    date = f"@{at // 1000} +0000"
    who = {"AUTHOR_NAME": name, "AUTHOR_EMAIL": email, "COMMITTER_NAME": "gitorch"}
    who |= {"COMMITTER_EMAIL": "gitorch@localhost", "AUTHOR_DATE": date, "COMMITTER_DATE": date}
    env = {f"GIT_{key}": value for key, value in who.items()}
    fixed = ("-c", "i18n.commitEncoding=utf-8", "-c", "commit.gpgSign=false")
    text = message.replace("\0", " ").encode("utf-8", "replace")
    return CommitId(git.tell(*fixed, "commit-tree", tree, "-p", parent, "-F", "-", given=text, env=env).strip())


def adopt(git: GitRunner, drafted: CommitId) -> None:
    """Make a draft the head of the worktree's branch, by compare-and-swap; the files stay as they are.

    Raises Failed where the branch has moved since. A draft that is the head already leaves only the index to be put right.
    """
    ref = git.tell("symbolic-ref", "HEAD").strip()
    head = git.tell("rev-parse", "--verify", "HEAD^{commit}").strip()
    if head != drafted:
        parent = git.tell("rev-parse", "--verify", f"{drafted}^1").strip()
        done = git.ask("update-ref", "-m", "gitorch: commit what was reported", ref, drafted, parent)
        if done.status != 0:
            raise Failed(f"{ref} moved while its work was being committed: {done.err}", hint="gitorch handoff DONE")
    git.tell("reset", "--quiet")
