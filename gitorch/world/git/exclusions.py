"""Paths that git ignores in every worktree of a repository, without a change of a tracked file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.world.files import append_line
from gitorch.world.git.runner import split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitorch.world.git.runner import GitRunner


def exclude(common: Path, line: str) -> None:
    """Add a line to the exclusions of the repository with this common git directory, unless they have it."""
    path = common / "info" / "exclude"
    excluded = b""
    if path.exists():
        excluded = path.read_bytes()

    if line in excluded.decode("utf-8", "replace").splitlines():
        return

    separator = b""
    if excluded and not excluded.endswith(b"\n"):  # the user's last line must stay a line of its own
        separator = b"\n"
    append_line(path, separator + line.encode("utf-8", "surrogateescape"))


def exclude_links(git: GitRunner, links: Sequence[str]) -> None:
    """Exclude links that worktrees have to these paths of a checkout, as far as git ignores the paths there.

    A pattern such as `data/` ignores the folder in the checkout, and not the link to it in a worktree.
    Raises Unavailable when git does not answer.
    """
    paths = "\0".join(link.strip("/") for link in links)
    ignored = git.run("check-ignore", "-z", "--stdin", given=paths.encode("utf-8", "surrogateescape"))
    for path in split(ignored.out):
        exclude(git.common, line_for(path))


def line_for(path: str) -> str:
    """The line that excludes exactly this path from the root of a worktree, whether a file, a folder or a link is there."""
    literal = re.sub(r"([\\*?\[\]\s])", r"\\\1", path.strip("/"))
    return f"/{literal}"
