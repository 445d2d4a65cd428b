"""Bases, merge reports and the merge itself: built in memory, tested, then one move of one ref."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from gitorch.app.people.signing import require_signature
from gitorch.app.query.outside import changes_since_report, outside_changes
from gitorch.app.query.target import merge_at_remote, shared_remote, target_head
from gitorch.app.reconciler.pushing import commit_ahead
from gitorch.app.reconciler.redone import redone
from gitorch.errors import Failed
from gitorch.model import commands
from gitorch.model.commands import MergeFacts
from gitorch.model.ids import Digest
from gitorch.model.observed import CheckPhase
from gitorch.model.path_text import quoted, shell_word
from gitorch.model.plans.preparation import NOT_SET_UP
from gitorch.model.values import replace
from gitorch.model.work.question import base_trigger
from gitorch.model.work.report import BranchFacts, Trial
from gitorch.rules.guards.ensure import run_there
from gitorch.rules.review.outside import withdrawing
from gitorch.rules.views.merge_message import merge_message
from gitorch.rules.views.merge_report import epic_report_text, report_text, sha256
from gitorch.rules.views.report_data import report_json
from gitorch.rules.views.weakened_tests import weakened_tests

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.ids import CommitId, JobId, Moment
    from gitorch.model.work.job import JobState
    from gitorch.model.work.report import Report
    from gitorch.model.work.review import Check
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import VerifiedRun
    from gitorch.ports.git import MoveResult

DEPENDENCY_OPTIONS = ("retry", "stop_epic", "stop_run")


def build_base(
    services: Services,
    run: Run,
    effect: effects.BuildBase,
) -> tuple[Command, ...]:
    """Merge the cleared commits that a job depends on. A conflict between them is put to a human."""
    commit = effect.parents[0]
    for parent in effect.parents[1:]:
        if services.git.contains(parent, commit):
            continue

        merge = services.git.try_merge(commit, parent)
        if merge.conflicts:
            return (_dependency_conflict(effect, commit, parent, merge.conflicts),)

        message = f"Merge the dependencies of {effect.job}"
        commit = services.git.commit_merge(merge.tree, (commit, parent), message, _latest_handoff(run))
    return (commands.RecordBase(effect.job, commit, effect.parents),)


def _dependency_conflict(
    effect: effects.BuildBase,
    ours: CommitId,
    theirs: CommitId,
    paths: tuple[str, ...],
) -> commands.Escalate:
    return commands.Escalate(
        trigger=base_trigger(effect.job, effect.parents),
        happened=f"The dependencies of {effect.job} do not merge: {', '.join(map(quoted, paths))}.",
        tried=f"{ours[:12]} and {theirs[:12]} were merged in memory.",
        evidence="\n".join(paths),
        decision=f"Mend one of the branches and retry, stop {effect.job}, or stop the run?",
        options=DEPENDENCY_OPTIONS,
        job=effect.job,
    )


def _latest_handoff(run: Run) -> Moment:
    """A date for merge commits that is the same at every try, so that a second try makes the same commits."""
    dates = [job.handoff.at for job in run.jobs.values() if job.handoff is not None]
    return max(dates, default=run.prepared_at)


def make_report(
    services: Services,
    run: Run,
    effect: effects.MakeReport,
) -> tuple[Command, ...]:
    """Measure every branch, merge them in memory, test the merged tree; the report is issued once the tests have ended.

    Nothing is given while the tests run: a later tick makes the same merge again and finds their result.
    A target that is missing or behind its remote is put to a human instead.
    """
    target = target_head(services, run.target)
    if target is None:
        return (_no_target(run, effect),)

    merged, conflicts = _merge_all(services, run, run.merge_jobs, target)
    combined: Check | None = None
    if merged is not None and run.settings.test_command:
        combined = _combined_check(services, run, merged)
        if combined is None:
            return ()

    remote_commit = commit_ahead(services, run, target)
    if remote_commit is not None:
        return (_target_behind(run, effect, target, remote_commit),)

    facts = _merge_facts(services, run, target, merged, conflicts, combined)
    text = report_text(run, facts)
    return (commands.IssueReport(effect.checkpoint, Digest(sha256(text)), facts, text, report_json(run, facts)),)


def _merge_facts(
    services: Services,
    run: Run,
    target: CommitId,
    merged: CommitId | None,
    conflicts: tuple[str, ...],
    combined: Check | None,
) -> MergeFacts:
    """Everything that the report states about a merge; `merged` is the commit made in memory, None without one."""
    branches: list[BranchFacts] = []
    for job in run.merge_jobs:
        branches.append(_branch_facts(services, run, job, target, job.cleared or run.target_commit))
    facts = MergeFacts(
        target_commit=target,
        branches=tuple(branches),
        merged_commit=merged,
        merged_tree="",
        conflicts=conflicts,
        shared_paths=_shared_paths(tuple(branches)),
        combined=combined,
        trials=_trials(services, tuple(branches)),
        changed_settings=services.git.changed_settings(),
        outside=outside_changes(services, run),
    )
    if merged is None:
        return facts
    return replace(facts, merged_tree=services.git.tree(merged), redone=redone(services, target, merged))


def _shared_paths(branches: tuple[BranchFacts, ...]) -> tuple[str, ...]:
    """The paths that more than one branch changes."""
    counted = Counter(path for branch in branches for path in branch.paths)
    return tuple(sorted(path for path, branches_with in counted.items() if branches_with > 1))


def _trials(services: Services, branches: tuple[BranchFacts, ...]) -> tuple[Trial, ...]:
    """A trial merge of each pair of branches that share files, unless one contains the other."""
    trials: list[Trial] = []
    for first, second in combinations(branches, 2):
        paths = tuple(sorted(set(first.paths) & set(second.paths)))
        ours, theirs = first.commit, second.commit
        if not paths or services.git.contains(ours, theirs) or services.git.contains(theirs, ours):
            continue

        trials.append(Trial((first.job, second.job), paths, services.git.try_merge(ours, theirs).conflicts))
    return tuple(trials)


def make_epic_report(
    services: Services,
    run: Run,
    effect: effects.MakeEpicReport,
) -> tuple[Command, ...]:
    """Measure one epic's branch against its base."""
    job = run.jobs[effect.job]
    commit = run.reportable_commit(job)
    if commit is None:
        return ()

    target = target_head(services, run.target) or run.target_commit
    facts = _branch_facts(services, run, job, target, commit)
    return (commands.RecordEpicReport(effect.job, commit, epic_report_text(run, job, facts)),)


def _no_target(run: Run, effect: effects.MakeReport) -> commands.Escalate:
    return commands.Escalate(
        trigger=f"target:{run.target}",
        happened=f"The merge target {run.target} does not exist any more.",
        tried="gitorch never creates it.",
        evidence=f"it was at {run.target_commit} when the run was prepared",
        decision=f"Bring {run.target} back and retry, or stop the run?",
        options=("retry", "stop_run"),
        job=effect.checkpoint,
    )


def _target_behind(
    run: Run,
    effect: effects.MakeReport,
    target: CommitId,
    remote_commit: CommitId,
) -> commands.Escalate:
    remote = run.settings.push_remote
    pull = f"git switch {shell_word(run.target)} && git pull --no-rebase --ff {shell_word(remote)} {shell_word(run.target)}"
    return commands.Escalate(
        trigger=f"behind:{remote}",
        happened=f"{run.target} lacks commits that {remote} has, so a merge could not be pushed.",
        tried="It was not changed: gitorch merges into what is there, and never pulls.",
        evidence=f"{run.target} is at {target} here and at {remote_commit} at {remote}",
        decision=f"Bring it up to date ({pull}) and retry, or stop?",
        options=("retry", "stop_run"),
        job=effect.checkpoint,
    )


def _branch_facts(
    services: Services,
    run: Run,
    job: JobState,
    target: CommitId,
    commit: CommitId,
) -> BranchFacts:
    base = job.base or target
    stat = services.git.stat(base, commit)
    changes = services.git.file_changes(base, commit)
    return BranchFacts(
        job=job.spec.id,
        branch=run.branch_of(job.spec.id),
        commit=commit,
        commits=stat.commits,
        files=len(changes),
        added=sum(change.added for change in changes),
        removed=sum(change.removed for change in changes),
        paths=stat.paths,
        against_target=services.git.try_merge(target, commit).conflicts,
        outdated=_outdated(services, run, job, commit),
        changes=changes,
        weakened=weakened_tests(services.git.patch(base, commit)),
    )


def _outdated(
    services: Services,
    run: Run,
    job: JobState,
    commit: CommitId,
) -> tuple[JobId, ...]:
    """The jobs that this one is built on and whose cleared commit is not part of its work."""
    outdated: list[JobId] = []
    for need in job.spec.needs:
        producer = run.producer(need)
        if producer.spec.id in outdated or not producer.cleared:
            continue

        if not services.git.contains(producer.cleared, commit):
            outdated.append(producer.spec.id)
    return tuple(outdated)


def _merge_all(
    services: Services,
    run: Run,
    jobs: tuple[JobState, ...],
    target: CommitId,
) -> tuple[CommitId | None, tuple[str, ...]]:
    """The target with one merge commit for each branch, dependencies first; None and the conflicts where they do not fit.

    None without conflicts where the target has everything already.
    """
    commit = target
    for job in jobs:
        theirs = job.cleared or run.target_commit
        if services.git.contains(theirs, commit):
            continue

        merge = services.git.try_merge(commit, theirs)
        if merge.conflicts:
            return None, tuple(f"{job.spec.id} conflicts in {quoted(path)}" for path in merge.conflicts)

        commit = services.git.commit_merge(merge.tree, (commit, theirs), merge_message(run, job), _latest_handoff(run))
    if commit == target:
        return None, ()

    return commit, ()


def _combined_check(
    services: Services,
    run: Run,
    merged: CommitId,
) -> Check | None:
    """The result of the test command on the merged tree; None while it runs."""
    observation = services.checks.observe(merged, run.settings.test_command)
    if observation.phase is CheckPhase.ABSENT:
        worktree = services.paths.check_worktree(run, merged)
        settings = run.settings
        services.checks.start(merged, settings.test_command, settings.test_wait_seconds, worktree, settings.preparation)
    if observation.phase is not CheckPhase.FINISHED:
        return None

    if observation.check is not None and observation.check.outcome == NOT_SET_UP:
        _try_set_up_again(services, run, observation.check)
        return None
    return observation.check


def _try_set_up_again(
    services: Services,
    run: Run,
    check: Check,
) -> None:
    """Set up the checkout of the merge once more where a person asked for it. Raises Failed otherwise, as often as it is looked at."""
    for fault in run.faults.values():
        if fault.step.name.startswith("make-report:") and fault.failed_at is None:
            services.checks.forget(check.commit, check.command)
            return
    raise Failed(
        f"the checkout for the tests of the merge could not be set up\n{check.tail}",
        "gitorch config get worktrees.setup",
    )


def merge_branches(
    services: Services,
    run: Run,
    effect: effects.MergeBranches,
) -> tuple[Command, ...]:
    """Move the target to the approved commit by compare-and-swap. A merge that was made but not recorded is recorded.

    Report and approval are those of git's objects. Raises Corrupt where they do not hold, or where the approval has no valid
    signature although it needs one; then nothing is moved.
    """
    verified = services.ledger.verified(run.id)
    require_signature(services, verified)
    run = run_there(verified.state)
    report = run.approved_report
    if report is None or report.merged_commit is None:
        return ()

    reason = _reason_to_void(services, verified, report, report.merged_commit)
    if reason:
        return (commands.VoidReport(reason),)

    remote = shared_remote(services)
    if remote:
        return (merge_at_remote(services, remote, report, report.merged_commit),)

    done = commands.RecordMerge(report.target_commit, report.merged_commit, report.merged_tree)
    # Also where the branch is at that commit already: a process that moved it may have been killed before it updated the checkout.
    result = services.git.move(report.target, report.merged_commit, report.target_commit)
    if result.moved:
        return (done,)

    if result.refused:
        return (_refused(effect, report, result),)

    now = services.git.resolve(report.target)
    if now is None:
        return (commands.VoidReport(f"{report.target} does not exist any more"),)

    if services.git.contains(report.merged_commit, now):
        return (done,)

    return (commands.VoidReport(f"{report.target} moved to {now[:12]}"),)


def _reason_to_void(services: Services, verified: VerifiedRun, report: Report, merged: CommitId) -> str:
    """Why an approved report cannot be merged any more; empty where it can."""
    changed = withdrawing(changes_since_report(services, verified))
    if changed:
        return changed

    now = services.git.resolve(report.target)
    if now is not None and services.git.contains(merged, now):
        return ""  # it is merged: what others pushed on top of it is no reason against it

    run = run_there(verified.state)
    remote_commit = commit_ahead(services, run, merged)
    if remote_commit is not None:
        return f"{run.settings.push_remote} has {report.target} at {remote_commit[:12]} by now"

    return ""


def _refused(
    effect: effects.MergeBranches,
    report: Report,
    result: MoveResult,
) -> commands.Escalate:
    decision = "Clear what refuses it and retry with the same approval, or stop the run?"
    if result.command:
        decision = f"Clear that ({result.command}) and retry with the same approval, or stop the run?"
    return commands.Escalate(
        trigger=f"move:{report.target}",
        happened=f"{report.target} could not be moved to the approved commit: {result.refused.splitlines()[0]}",
        tried=f"git was asked to move it from {report.target_commit[:12]}; nothing was changed.",
        evidence=result.refused,
        decision=decision,
        options=("retry", "stop_run"),
        job=effect.job,
    )
