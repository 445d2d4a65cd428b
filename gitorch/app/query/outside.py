"""What changed in the repository outside the work branches while a run was at work: it compares with the snapshot of the run's start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import load_runs, run_lines
from gitorch.app.query.pushed import without_pushed
from gitorch.app.query.settings import is_of_another_host
from gitorch.app.query.target import shared_remote
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
    from gitorch.model.record import Record
    from gitorch.model.work.report import Merged
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import VerifiedRun


def outside_changes(services: Services, run: Run) -> tuple[OutsideChange, ...]:
    """What changed since the run began and gitorch did not change itself, sorted by name; nothing without a snapshot of this clone.

    gitorch moves refs of its own, pushes branches whose commits the ledger names, and merges other runs into the target.
    Raises Corrupt where the snapshot was damaged, Unavailable where git does not answer.
    """
    if run.repository is None or is_of_another_host(services, run):
        return ()

    before = parse_json(services.ledger.file(run.id, run.repository))
    after = services.git.repository_snapshot()
    changes = compare(before, after, {line.id for line in run_lines(services)})
    if not changes:
        return ()

    return _foreign(services, run, without_pushed(services, changes), _other_runs(services, run))


def _foreign(
    services: Services, run: Run, changes: list[OutsideChange], others: list[Run]
) -> tuple[OutsideChange, ...]:
    """Those of the changes that neither this run nor another one made."""
    moved = _refs_of_merges(services, run, others)
    merges = _merges_into(run.target, others)
    foreign: list[OutsideChange] = []
    for change in changes:
        if _is_moved_target(run, change):
            foreign += _moved_target(services, run, change, merges)
        elif (change.name, change.after) not in moved:
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
    digests: list[str] = []
    for record in verified.records:
        if isinstance(record.event, ReportIssued):
            digests = _lists_with(services, record)
    if not digests:
        return None

    values = parse_json(services.ledger.file(run.id, digests[0]))
    return tuple(OutsideChange(one["name"], one["before"], one["after"]) for one in values["outside"])


def _lists_with(services: Services, record: Record) -> list[str]:
    """The digest of the data that the record of a report names, which hold its list of changes; none from another host.

    A host that shares its ledger sees the refs and settings of its own clone, and no others.
    """
    if services.ledger.is_shared and record.actor.host != services.host.host:
        return []

    return [ref.sha256 for ref in record.files if ref.name == "report.json"]


def _other_runs(services: Services, run: Run) -> list[Run]:
    """All runs but this one: what they merged was reviewed, approved and made by gitorch."""
    others = []
    for line in run_lines(services):
        if line.id != run.id:
            others.append(line.id)
    return load_runs(services, others)


def _merges_into(target: str, runs: Sequence[Run]) -> list[Merged]:
    """The merges of these runs into one target, in the same order.

    What they brought to another branch passed no review for this target.
    """
    merges: list[Merged] = []
    for run in runs:
        if run.merged is not None and run.target == target:
            merges.append(run.merged)
    return merges


def _refs_of_merges(services: Services, run: Run, others: Sequence[Run]) -> set[tuple[str, str]]:
    """The refs that merges of other runs moved, each with the commit that it came to, here and at the remote of the push.

    Hosts that share a ledger push to its remote, the others to the one that the settings of a run name. `HEAD` of a remote
    follows where the target is its main branch.
    """
    here, shared = run.settings.push_remote, shared_remote(services)
    moved: set[tuple[str, str]] = set()
    for other in others:
        if other.merged is None:
            continue

        target, new = other.merged.target, other.merged.new
        moved.add((f"refs/heads/{target}", new))
        for remote in (here, shared, other.settings.push_remote):
            moved.add((f"refs/remotes/{remote}/{target}", new))
            moved.add((f"refs/remotes/{remote}/HEAD", new))
    return moved


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
