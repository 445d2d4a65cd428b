"""Who wrote the lines that a change takes away: git's own blame, of exactly those lines."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from gitorch.model.ids import CommitId
from gitorch.model.work.report import HowChanged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.model.work.report import FileChange
    from gitorch.world.git.runner import GitRunner

_HUNK = re.compile(r"^@@ -(\d+(?:,[1-9]\d*)?) ", re.MULTILINE)
"""Of a patch without context: `5,3` for three old lines from line 5, `5` for one; a hunk that only adds lines does not match."""

_BLOCK = re.compile(r"^([0-9a-f]{40}|[0-9a-f]{64}) \d+ \d+ (\d+)$", re.MULTILINE)
"""Of `git blame --incremental`: a commit, two line numbers, and how many lines."""

_RANGES = 100
"""Ranges of one call, so that a command line does not become too long."""

_DIFF = ("diff", "--unified=0", "--no-color", "--diff-algorithm=default")
_BLAME = ("blame", "--incremental", "--no-textconv", "--ignore-revs-file=")
"""Without the user's list of commits to ignore, so that the same commits always give the same answer."""


def lost_lines(git: GitRunner, base: CommitId, head: CommitId, changes: Sequence[FileChange]) -> Mapping[CommitId, int]:
    """How many lines of `base` each commit wrote that these changes of `head` take away or replace.

    A file costs one `git diff` and one `git blame`, which reads the history of that file. Binary files have no lines.
    Raises Unavailable when git cannot read one of the commits.
    """
    counts: Counter[CommitId] = Counter()
    for change in changes:
        if change.removed:
            ranges = _ranges(git, base, head, change)
            for start in range(0, len(ranges), _RANGES):
                some = ranges[start : start + _RANGES]
                given = git.output(*_BLAME, *some, base, "--", change.old_path)
                for commit, lines in _BLOCK.findall(given):
                    counts[CommitId(commit)] += int(lines)
    return counts


def _ranges(git: GitRunner, base: CommitId, head: CommitId, change: FileChange) -> list[str]:
    """The lines of the old file that a change takes away, as options of blame."""
    if change.how is HowChanged.DELETED:
        return [f"-L1,+{change.removed}"]

    patch = git.output(*_DIFF, f"{base}:{change.old_path}", f"{head}:{change.path}", "--")
    ranges = []
    for hunk in _HUNK.findall(patch):
        first, lines = f"{hunk},1".split(",")[:2]
        ranges.append(f"-L{first},+{lines}")
    return ranges
