"""Ignored files of a checkout: those that a new worktree lacks, because no commit holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.world.git.runner import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.world.git.runner import GitRunner


def ignored_files(git: GitRunner, patterns: Sequence[str]) -> tuple[str, ...]:
    """The files that git ignores and these patterns match, which have the syntax of `.gitignore`; sorted.

    A file that matches a pattern and is tracked, or untracked without being ignored, is none of them.
    Raises Unavailable when git does not answer.
    """
    if not patterns:
        return ()

    excludes = [f"--exclude={pattern}" for pattern in patterns]
    matching = git.output("ls-files", "--others", "--ignored", "-z", *excludes)
    if not matching:
        return ()

    result = git.run("check-ignore", "-z", "--stdin", given=matching.encode("utf-8", "surrogateescape"))
    return tuple(sorted(split(result.out)))
