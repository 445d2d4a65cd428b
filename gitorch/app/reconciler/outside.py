"""What changed in the repository outside the work branches while a run was at work: a snapshot at its start, a comparison at its report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import load_runs, run_lines
from gitorch.model.ids import CommitId
from gitorch.model.values import replace
from gitorch.rules.outside import compare, is_own, printable

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.report import Merged, OutsideChange
    from gitorch.model.run import Run

SNAPSHOT_FILE = "repository.json"
"""The name of the snapshot among the files of the run's `run-confirmed` record."""


def take_snapshot(services: Services) -> str:
    """The refs, settings and hooks of the repository as JSON, one line each."""
    return json.dumps(services.git.repository_snapshot(), indent=0, sort_keys=True) + "\n"


def outside_changes(services: Services, run: Run) -> tuple[OutsideChange, ...]:
    """What changed since the run began and gitorch did not change itself, sorted by name; nothing without a snapshot."""
    if run.repository is None:
        return ()
    before = json.loads(services.ledger.file(run.id, run.repository))
    lines = run_lines(services)
    known = frozenset(line.id for line in lines)
    differences = [
        change for change in compare(before, services.git.repository_snapshot()) if not is_own(change.name, known)
    ]
    if not differences:
        return ()
    merges = _merges_of_others(services, run)
    found = []
    for change in differences:
        described = _described(services, run, change, merges)
        if described is not None:
            found.append(described)
    return tuple(found)


def _merges_of_others(services: Services, run: Run) -> tuple[Merged, ...]:
    """The merges of other runs into the target of this one: reviewed, approved and made by gitorch."""
    ids = [line.id for line in run_lines(services) if line.id != run.id and line.target == run.target]
    return tuple(other.merged for other in load_runs(services, ids) if other.merged is not None)


def _described(services: Services, run: Run, change: OutsideChange, merges: tuple[Merged, ...]) -> OutsideChange | None:
    """The change with the commits that the target got; None where gitorch alone made it, merging another run."""
    if change.name == f"refs/heads/{run.target}":
        return _change_of_target(services, run, change, merges)
    is_pushed_target = change.name == f"refs/remotes/{run.settings.push_remote}/{run.target}"
    if is_pushed_target and any(change.after == merge.new for merge in merges):
        return None
    return change


def _change_of_target(
    services: Services, run: Run, change: OutsideChange, merges: tuple[Merged, ...]
) -> OutsideChange | None:
    before, after = CommitId(change.before), CommitId(change.after)
    if not before or not after:
        return change
    merged: set[CommitId] = set()
    for merge in merges:
        merged.update(services.git.commits_since(merge.old, merge.new))
    foreign = [commit for commit in services.git.commits_since(before, after) if commit not in merged]
    rewritten = not services.git.has(before) or not services.git.contains(before, after)
    if not foreign and not rewritten:
        return None
    reviewed = _cleared_commits(services, run)
    unseen = [commit for commit in foreign if commit not in reviewed]
    described = tuple(printable(line) for line in services.git.describe(unseen))
    return replace(change, commits=described, rewritten=rewritten)


def _cleared_commits(services: Services, run: Run) -> set[CommitId]:
    """The commits that passed the gates of this run, which an agent may have put on the target too."""
    commits: set[CommitId] = set()
    for job in run.merge_jobs:
        if job.cleared is not None:
            commits.update(services.git.commits_since(job.base or run.target_commit, job.cleared))
    return commits
