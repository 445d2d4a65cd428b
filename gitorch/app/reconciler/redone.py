"""How many lines of earlier runs a merge takes away or replaces, which is asked of git's blame."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitorch.app.reconciler.merged_work import forge_merges
from gitorch.rules.guards.ensure import run_there
from gitorch.rules.views.redone import Range, merged_paths, merged_ranges, redone_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, JobId, RunId
    from gitorch.model.work.report import Redone
    from gitorch.model.work.run import Run

FILES_MAX = 100
"""Files that are looked at, the first ones by path: blame reads the whole history of each."""


def redone(services: Services, target: CommitId, merged: CommitId) -> tuple[Redone, ...]:
    """The lines of merged runs that `merged` takes away from the target, by run and epic, oldest run first.

    Only in files that such a run changed, at most `FILES_MAX`. Raises Unavailable.
    """
    changes = {change.old_path: change for change in services.git.file_changes(target, merged)}
    runs: list[RunId] = []
    shared: set[str] = set()
    for run, paths in services.ledger.summaries("merged-paths", merged_paths).items():
        both = changes.keys() & set(paths)
        shared |= both
        if both:
            runs.append(run)

    files = [changes[path] for path in sorted(shared)[:FILES_MAX]]
    lost = Counter(services.git.lost_lines(target, merged, files))
    found: list[Redone] = []
    for run in runs:
        found += _of_run(services, run_there(services.ledger.state(run)), lost)
    return tuple(found)


def _of_run(services: Services, run: Run, lost: Counter[CommitId]) -> Iterator[Redone]:
    """The lines that each epic of a run wrote, without those that wrote none.

    Takes its commits out of `lost`, so that each commit counts once, also where a later epic was built on an earlier one.
    """
    lines: Counter[JobId] = Counter()
    for work in (*merged_ranges(run), *_at_forge(services, run)):
        for commit in services.git.commits_since(work.base, work.head):
            lines[work.job] += lost.pop(commit, 0)

    for job, count in (+lines).items():
        yield redone_of(run, job, count)


def _at_forge(services: Services, run: Run) -> Iterator[Range]:
    """The commits that a forge made of each epic's work, by squashing or rebasing it.

    None for a run that gitorch merged itself.
    """
    for merge in forge_merges(services, run):
        yield Range(merge.job, merge.before, merge.merge)
