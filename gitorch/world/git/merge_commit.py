"""Merge commits that gitorch makes, in the name of the user who runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.ids import CommitId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import Moment
    from gitorch.world.git.runner import GitRunner

NAME, EMAIL = "gitorch", "gitorch@localhost"
"""Who makes a merge where git knows no user."""


def merge_commit(git: GitRunner, tree: str, parents: Sequence[CommitId], message: str, at: Moment) -> CommitId:
    """A merge commit by the user that git knows: from the environment (`GIT_AUTHOR_NAME` and its like), or from its configuration.

    Where git knows no name or no address, `gitorch` stands there; git never guesses them from the login and the host.
    """
    arguments = ["commit-tree", tree]
    for parent in parents:
        arguments += ("-p", parent)
    arguments += ("-F", "-")
    text = message.encode("utf-8", "replace")
    date = f"@{at // 1000} +0000"
    env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    made = git.run(*arguments, given=text, env=env)
    if made.status == 0:
        return CommitId(made.out.strip())
    return CommitId(git.output(*arguments, given=text, env=env | _stand_ins(git)).strip())


def _stand_ins(git: GitRunner) -> dict[str, str]:
    """The variables that name `gitorch` where git knows no author or no committer."""
    env: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        if not git.succeeds("var", f"GIT_{role}_IDENT"):
            env |= {f"GIT_{role}_NAME": NAME, f"GIT_{role}_EMAIL": EMAIL}
    return env
