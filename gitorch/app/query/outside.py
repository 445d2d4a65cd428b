"""What changed in the repository outside the work branches while a run was at work: it compares with the snapshot of the run's start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import load_runs, run_lines
from gitorch.app.query.settings import is_of_another_host
from gitorch.model.events import ReportIssued
from gitorch.model.ids import CommitId
from gitorch.model.json_text import parse_json
from gitorch.model.values import replace
from gitorch.model.work.report import OutsideChange
from gitorch.rules.guards.ensure import run_there
from gitorch.rules.review.outside import compare, printable, since_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.app.services import Services
    from gitorch.model.work.report import Merged
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import VerifiedRun


def outside_changes(services: Services, run: Run) -> tuple[OutsideChange, ...]:
    """What changed since the run began and gitorch did not change itself, sorted by name; nothing without a snapshot of this clone.

    Raises Corrupt where the snapshot was damaged, Unavailable where git does not answer.
    """
    if run.repository is None or is_of_another_host(services, run):
        return ()

    before = parse_json(services.ledger.file(run.id, run.repository))
    after = services.git.repository_snapshot()
    changes = compare(before, after, {line.id for line in run_lines(services)})
    if not changes:
        return ()

    merges = _merges_of_others(services, run)
    return _foreign(services, run, changes, merges)


def _foreign(
    services: Services, run: Run, changes: list[OutsideChange], merges: list[Merged]
) -> tuple[OutsideChange, ...]:
    """Those of the changes that neither this run nor another one made."""
    foreign: list[OutsideChange] = []
    for change in changes:
        if _is_pushed_merge(run, change, merges):
            continue

        if _is_moved_target(run, change):
            foreign += _moved_target(services, run, change, merges)
        else:
            foreign.append(change)

    return tuple(foreign)


def changes_since_report(services: Services, verified: VerifiedRun) -> tuple[OutsideChange, ...]:
    """What differs now from what the newest report lists, each with its value then and now; nothing without a list.

    A report of another host lists what changed in that host's clone, and is compared there alone.
    Raises as `outside_changes`.
    """
    listed = _listed(services, verified)
    if listed is None:
        return ()

    return since_report(listed, outside_changes(services, run_there(verified.state)))


def _listed(services: Services, verified: VerifiedRun) -> tuple[OutsideChange, ...] | None:
    """The changes that the newest report lists; None where it has no such list of this clone."""
    run = run_there(verified.state)
    digests = []
    for record in verified.records:
        if not isinstance(record.event, ReportIssued):
            continue
        digests = [ref.sha256 for ref in record.files if ref.name == "report.json"]
        if services.ledger.is_shared and record.actor.host != services.host.host:
            digests = []
    if not digests:
        return None

    values = parse_json(services.ledger.file(run.id, digests[0]))
    return tuple(OutsideChange(one["name"], one["before"], one["after"]) for one in values["outside"])


def _merges_of_others(services: Services, run: Run) -> list[Merged]:
    """The merges of other runs into the target of this one: reviewed, approved and made by gitorch."""
    others = []
    for line in run_lines(services):
        if line.id != run.id and line.target == run.target:
            others.append(line.id)
    merges = []
    for other in load_runs(services, others):
        if other.merged is not None:
            merges.append(other.merged)

    return merges


def _is_pushed_merge(run: Run, change: OutsideChange, merges: Sequence[Merged]) -> bool:
    """Whether gitorch pushed another run's merge, and so moved the remote-tracking branch of the target."""
    if change.name != f"refs/remotes/{run.settings.push_remote}/{run.target}":
        return False

    return change.after in {merge.new for merge in merges}


def _is_moved_target(run: Run, change: OutsideChange) -> bool:
    """Whether the target existed at the start and exists now."""
    if change.name != f"refs/heads/{run.target}":
        return False

    return bool(change.before and change.after)


def _moved_target(
    services: Services, run: Run, change: OutsideChange, merges: Sequence[Merged]
) -> tuple[OutsideChange, ...]:
    """The move of the target with its commits that no review saw; nothing where only merges of gitorch moved it."""
    before, after = CommitId(change.before), CommitId(change.after)
    foreign = _without(services.git.commits_since(before, after), _merged_commits(services, merges))
    rewritten = _is_rewritten(services, before, after)
    if not foreign and not rewritten:
        return ()

    unseen = _without(foreign, _cleared_commits(services, run))
    described = tuple(map(printable, services.git.describe(unseen)))
    return (replace(change, commits=described, rewritten=rewritten),)


def _is_rewritten(services: Services, before: CommitId, after: CommitId) -> bool:
    """Whether a branch lost commits that it had. Git may have pruned them."""
    if not services.git.has(before):
        return True

    return not services.git.contains(before, after)


def _without(commits: Sequence[CommitId], known: set[CommitId]) -> list[CommitId]:
    """The commits that are not known, in the same order."""
    return [commit for commit in commits if commit not in known]


def _merged_commits(services: Services, merges: Sequence[Merged]) -> set[CommitId]:
    """The commits that these merges brought to the target."""
    commits: set[CommitId] = set()
    for merge in merges:
        commits.update(services.git.commits_since(merge.old, merge.new))

    return commits


def _cleared_commits(services: Services, run: Run) -> set[CommitId]:
    """The commits that passed the gates of this run, which an agent may have put on the target too."""
    commits: set[CommitId] = set()
    for job in run.merge_jobs:
        if job.cleared is not None:
            commits.update(services.git.commits_since(job.base or run.target_commit, job.cleared))

    return commits
