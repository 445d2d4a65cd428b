"""Lines of earlier runs that a merge takes away or replaces, by the epics that wrote them (C13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitorch.model.work.report import Redone
from gitorch.rules.usage.shares import model_at
from gitorch.rules.views.stats import runtime_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId, JobId
    from gitorch.model.work.run import Run


class Range(NamedTuple):
    """The commits between which the work of an epic lies."""

    job: JobId
    base: CommitId
    """The last commit before it."""
    head: CommitId
    """Its own last commit."""
    paths: tuple[str, ...] = ()
    """What it changed."""


def merged_ranges(run: Run) -> Iterator[Range]:
    """The work of each epic that a run brought to its target, in the order of the merge; none before it is merged."""
    if run.merged is not None and run.report is not None:
        for branch in run.report.branches:
            yield Range(branch.job, run.report.target_commit, branch.commit, branch.paths)


def merged_paths(run: Run) -> list[str]:
    """The paths that a run changed in its target, sorted; none before it is merged."""
    return sorted({path for work in merged_ranges(run) for path in work.paths})


def redone_of(run: Run, job: JobId, lines: int) -> Redone:
    """So many lines of an epic of a merged run, with who wrote them."""
    state = run.jobs[job]
    return Redone(run.id, job, state.spec.lane, runtime_of(run, state), model_at(run, state), lines)


def redone_from(data: object) -> Iterator[Redone]:
    """The lines in the data of a merge report (`report.json`). A report that an older gitorch made has none."""
    if isinstance(data, dict):
        for one in data.get("redone", ()):
            yield Redone(**one)
