"""Bases, merge reports and the merge itself: built in memory, tested, then one move of one ref."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from gitorch.app.people.signing import is_signed
from gitorch.app.reconciler.pushing import ahead
from gitorch.model import commands
from gitorch.model.commands import MergeFacts
from gitorch.model.ids import Digest
from gitorch.model.observed import CheckPhase
from gitorch.model.report import BranchFacts, Trial
from gitorch.rules.ensure import run_there
from gitorch.rules.views.merge_report import epic_report_text, merge_message, report_text, sha256
from gitorch.rules.views.report_data import report_json

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.ids import CommitId, Moment
    from gitorch.model.job import JobState
    from gitorch.model.report import Report
    from gitorch.model.review import Check
    from gitorch.model.run import Run

DEPENDENCY_OPTIONS = ("retry", "stop_epic", "stop_run")


def build_base(services: Services, run: Run, effect: effects.BuildBase) -> tuple[Command, ...]:
    """Merge the cleared commits that a job depends on; a conflict between them is for a human."""
    commit = effect.parents[0]
    for parent in effect.parents[1:]:
        if services.git.contains(parent, commit):
            continue
        tried = services.git.try_merge(commit, parent)
        if tried.conflicts:
            return (_dependency_conflict(effect, commit, parent, tried.conflicts),)
        message = f"Merge the dependencies of {effect.job}"
        commit = services.git.commit_merge(tried.tree, (commit, parent), message, _latest_handoff(run))
    return (commands.RecordBase(effect.job, commit, effect.parents),)


def _dependency_conflict(
    effect: effects.BuildBase, ours: CommitId, theirs: CommitId, paths: tuple[str, ...]
) -> commands.Escalate:
    return commands.Escalate(
        trigger=f"base:{effect.job}",
        happened=f"What {effect.job} depends on does not merge: {', '.join(paths)}.",
        tried=f"{ours[:12]} and {theirs[:12]} were merged in memory.",
        evidence="\n".join(paths),
        decision=f"Mend one of the branches and retry, stop {effect.job}, or stop the run?",
        options=DEPENDENCY_OPTIONS,
        job=effect.job,
    )


def _latest_handoff(run: Run) -> Moment:
    """A moment that a second try gives again, so that it makes the same commits."""
    return max((j.handoff.at for j in run.jobs.values() if j.handoff is not None), default=run.prepared_at)


def make_report(services: Services, run: Run, effect: effects.MakeReport) -> tuple[Command, ...]:
    """Measure every branch, merge them in memory, test the merged tree; the report is issued once that is known."""
    target = services.git.resolve(run.target)
    if target is None:
        return (_target_gone(run, effect),)
    jobs = run.merge_jobs
    branches = tuple(_branch_facts(services, run, job, target, job.cleared or run.target_commit) for job in jobs)
    merged, conflicts = _merge_all(services, run, jobs, target)
    combined = None
    if merged is not None and run.settings.test_command:
        combined = _combined_check(services, run, merged)
        if combined is None:
            return ()
    behind = ahead(services, run, target)
    if behind is not None:
        return (_target_behind(run, effect, target, behind),)
    shared = Counter(path for branch in branches for path in branch.paths)
    facts = MergeFacts(
        target_commit=target,
        branches=branches,
        merged_commit=merged,
        merged_tree=services.git.tree(merged) if merged is not None else "",
        conflicts=conflicts,
        shared_paths=tuple(sorted(path for path, times in shared.items() if times > 1)),
        combined=combined,
        trials=_trials(services, branches),
    )
    text = report_text(run, facts)
    return (commands.IssueReport(effect.checkpoint, Digest(sha256(text)), facts, text, report_json(run, facts)),)


def _trials(services: Services, branches: tuple[BranchFacts, ...]) -> tuple[Trial, ...]:
    """Every pair of branches that share files, merged with each other; one that holds the other has nothing to be tried."""
    trials = []
    for first, second in combinations(branches, 2):
        paths = tuple(sorted(set(first.paths) & set(second.paths)))
        ours, theirs = first.commit, second.commit
        if paths and not services.git.contains(ours, theirs) and not services.git.contains(theirs, ours):
            trials.append(Trial((first.job, second.job), paths, services.git.try_merge(ours, theirs).conflicts))
    return tuple(trials)


def make_epic_report(services: Services, run: Run, effect: effects.MakeEpicReport) -> tuple[Command, ...]:
    """Measure one epic's branch against what it was built on."""
    job = run.jobs[effect.job]
    commit, target = run.reportable_commit(job), services.git.resolve(run.target) or run.target_commit
    if commit is None:
        return ()
    facts = _branch_facts(services, run, job, target, commit)
    return (commands.RecordEpicReport(effect.job, commit, epic_report_text(run, job, facts)),)


def _target_gone(run: Run, effect: effects.MakeReport) -> commands.Escalate:
    return commands.Escalate(
        trigger=f"target:{run.target}",
        happened=f"The merge target {run.target} does not exist any more.",
        tried="gitorch never creates it.",
        evidence=f"it was at {run.target_commit} when the run was prepared",
        decision=f"Bring {run.target} back and retry, or stop the run?",
        options=("retry", "stop_run"),
        job=effect.checkpoint,
    )


def _target_behind(run: Run, effect: effects.MakeReport, target: CommitId, behind: CommitId) -> commands.Escalate:
    remote = run.settings.push_remote
    return commands.Escalate(
        trigger=f"behind:{remote}",
        happened=f"{run.target} lacks what {remote} has in it by now, so a merge could not be pushed.",
        tried="It was not changed: gitorch merges into what is there, and never pulls.",
        evidence=f"{run.target} is at {target} here and at {behind} at {remote}",
        decision=f"Bring it up to date (git switch {run.target} && git pull --ff-only {remote} {run.target}) and retry, or stop?",
        options=("retry", "stop_run"),
        job=effect.checkpoint,
    )


def _branch_facts(services: Services, run: Run, job: JobState, target: CommitId, commit: CommitId) -> BranchFacts:
    stat = services.git.stat(job.base or target, commit)
    needed = {need.spec.id: need.cleared for need in (run.producer(need) for need in job.spec.needs)}
    return BranchFacts(
        job=job.spec.id,
        branch=run.branch_of(job.spec.id),
        commit=commit,
        commits=stat.commits,
        files=stat.files,
        added=stat.added,
        removed=stat.removed,
        paths=stat.paths,
        against_target=services.git.try_merge(target, commit).conflicts,
        outdated=tuple(
            job for job, cleared in needed.items() if cleared and not services.git.contains(cleared, commit)
        ),
    )


def _merge_all(
    services: Services, run: Run, jobs: tuple[JobState, ...], target: CommitId
) -> tuple[CommitId | None, tuple[str, ...]]:
    """One merge commit a branch, dependencies first; None and the conflicts where they do not fit together."""
    commit = target
    for job in jobs:
        theirs = job.cleared or run.target_commit
        if services.git.contains(theirs, commit):
            continue
        tried = services.git.try_merge(commit, theirs)
        if tried.conflicts:
            return None, tuple(f"{job.spec.id} conflicts in {path}" for path in tried.conflicts)
        commit = services.git.commit_merge(tried.tree, (commit, theirs), merge_message(run, job), _latest_handoff(run))
    return (commit if commit != target else None), ()


def _combined_check(services: Services, run: Run, merged: CommitId) -> Check | None:
    """The result of the test command on the merged tree; None while it runs."""
    observation = services.checks.look(merged, run.settings.test_command)
    if observation.phase is CheckPhase.ABSENT:
        where = services.paths.check_worktree(run, merged)
        services.checks.start(merged, run.settings.test_command, run.settings.test_wait_seconds, where)
    return observation.check if observation.phase is CheckPhase.FINISHED else None


def merge_branches(services: Services, run: Run, effect: effects.MergeBranches) -> tuple[Command, ...]:
    """Move the target to the approved commit by compare-and-swap. A merge that was made but not recorded is recorded.

    Report and approval are those of git's objects. Raises Corrupt where they do not hold; then nothing is moved.
    """
    verified = services.ledger.verified(run.id)
    run = run_there(verified.state)
    report = run.report
    if run.approval is None or report is None or report.merged_commit is None:
        return ()
    done = commands.RecordMerge(report.target_commit, report.merged_commit, report.merged_tree)
    if not is_signed(services, verified):
        return (commands.VoidReport("its approval bears no signature of a key that the run began with"),)
    behind = ahead(services, run, report.merged_commit)
    if behind is not None:
        return (commands.VoidReport(f"{run.settings.push_remote} has {report.target} at {behind[:12]} by now"),)
    # Also where the branch is there already: who moved it may have been killed before its checkout came along.
    result = services.git.move(report.target, report.merged_commit, report.target_commit)
    if result.moved:
        return (done,)
    if result.refused:
        return (_refused(effect, report, result.refused),)
    now = services.git.resolve(report.target)
    if now is not None and services.git.contains(report.merged_commit, now):
        return (done,)
    return (commands.VoidReport(f"{report.target} {'is gone' if now is None else f'moved to {now[:12]}'}"),)


def _refused(effect: effects.MergeBranches, report: Report, said: str) -> commands.Escalate:
    return commands.Escalate(
        trigger=f"move:{report.target}",
        happened=f"{report.target} could not be moved to the approved commit: {said.splitlines()[0]}",
        tried=f"git update-ref was asked to move it from {report.target_commit[:12]}; nothing was changed.",
        evidence=said,
        decision="Clear what refuses it and retry with the same approval, or stop the run?",
        options=("retry", "stop_run"),
        job=effect.job,
    )
