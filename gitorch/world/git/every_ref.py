"""All refs of a repository with their commits: a report compares them with those of the run's start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.path_text import without_surrogates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.world.git.runner import GitRunner


def every_ref(git: GitRunner) -> Mapping[str, str]:
    """The commit or tag of every ref by its full name, sorted; read from git's files where these can say it. Raises Unavailable."""
    known = None
    if git.directories.git_dir == git.common:  # a linked worktree has refs of its own
        known = git.refs.every()
    if known is not None:
        return known

    found = {}
    listed = git.output("for-each-ref", "--format=%(objectname) %(refname)")
    for line in without_surrogates(listed).split("\n")[:-1]:
        commit, ref = line.split(" ", 1)
        found[ref] = commit
    return found
