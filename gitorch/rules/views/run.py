"""A run as people see it: one row for each job, a summary, the inbox and the next commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.approval import Grade, grade_of
from gitorch.model.plans.workflow import REVIEWING, JobKind
from gitorch.model.view import ApprovalRow, JobRow, RunView
from gitorch.model.work.job import JobPhase
from gitorch.model.work.message import PRINCIPAL
from gitorch.model.work.question import QuestionKind
from gitorch.rules.guards.granting import active
from gitorch.rules.messages.mail import unread
from gitorch.rules.usage.budgets import near_budgets
from gitorch.rules.usage.shares import model_at, reviews_by_author, shares, usage_of, usage_words
from gitorch.rules.views.inbox import inbox, message_rows
from gitorch.rules.views.next_commands import next_commands
from gitorch.rules.views.why import why

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.model.ids import JobId, SessionId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

NOT_WORK = REVIEWING | {JobKind.CHECKPOINT, JobKind.MERGE}
"""Kinds of jobs that the summary does not count."""

PUSHES = {
    "": "not yet pushed to",
    "pushed": "pushed to",
    "left": "not pushed to",
    "back": "being taken back: not pushed to",
}
"""The state of a merge's push, in words."""


def run_view(
    run: Run, agents: Mapping[SessionId, str] | None = None, caller: str = "", *, leads: bool = True
) -> RunView:
    """The whole run as people see it, its jobs in the order of their batches.

    `agents` are the words for living sessions; None when nobody looked at them. `caller` is the name under which the caller
    holds manual claims; empty: the next commands are those of all holders. `leads` says whether the caller's host leads the run.
    """
    batches = batches_of(run)
    ordered = sorted(run.jobs.values(), key=lambda job: batches[job.spec.id])

    return RunView(
        id=run.id,
        title=run.title,
        phase=str(run.phase),
        target=run.target,
        summary=run_summary(run),
        jobs=tuple(_row(run, job, batches[job.spec.id], agents or {}) for job in ordered),
        inbox=inbox(run),
        messages=message_rows(unread(run.messages, PRINCIPAL), run.id),
        next_commands=next_commands(run, caller, leads=leads),
        started_at=run.started_at,
        records=run.records,
        notes=(*_overlap_notes(run), *_model_notes(run), *_budget_notes(run)),
        destination=run.destination,
        approval=approval_row(run),
        used=usage_words(usage_of(run)),
        usage=shares(run),
    )


def approval_row(run: Run) -> ApprovalRow | None:
    """The approval of the run's merge report; None without one."""
    approval = run.approval
    if approval is None:
        return None

    grade = grade_of(approval.proof) or Grade.UNATTENDED
    return ApprovalRow(approval.by, approval.at, str(grade), approval.sentence)


def batches_of(run: Run) -> Mapping[JobId, int]:
    """The earliest batch in which each job can begin, counted from 1.

    A review belongs to its subject's batch.
    """
    batches: dict[JobId, int] = {}
    for job in run.jobs:
        _place(run, job, batches)

    return batches


def _place(run: Run, job: JobId, batches: dict[JobId, int]) -> int:
    """Put a job, and first everything that it needs, into `batches`."""
    if job in batches:
        return batches[job]

    spec = run.jobs[job].spec
    if spec.subject is not None:
        batches[job] = _place(run, spec.subject, batches)
        return batches[job]

    last = 0
    for need in spec.needs:
        last = max(last, _place(run, need, batches))

    batches[job] = last + 1
    return batches[job]


def _row(run: Run, job: JobState, batch: int, agents: Mapping[SessionId, str]) -> JobRow:
    """The row of one job."""
    living = run.living_session(job)
    return JobRow(
        id=job.spec.id,
        title=job.spec.title,
        kind=str(job.spec.kind),
        phase=str(job.phase),
        batch=batch,
        attempt=job.attempt,
        rounds_allowed=run.rounds_of(job),
        session=living.id if living is not None else None,
        runtime=_runtime(run, job),
        agent=_agent(living, agents),
        since=job.lease.granted_at if job.lease is not None else job.ready_at,
        why=why(run, job),
        subject=job.spec.subject,
        model=model_at(run, job),
        used=usage_words(usage_of(run, job.spec.id)),
    )


def _runtime(run: Run, job: JobState) -> str:
    """The runtime of the job's last session, also when that session has ended; empty before the first one."""
    if job.session is None or job.session not in run.sessions:
        return ""

    return run.sessions[job.session].runtime


def _agent(living: Session | None, agents: Mapping[SessionId, str]) -> str:
    """What the agent of a living session is doing; the session's phase when nobody looked, empty without a session."""
    if living is None:
        return ""

    return agents.get(living.id, str(living.phase))


def _overlap_notes(run: Run) -> Iterator[str]:
    """Pairs of branches that change the same files, one line for each pair.

    None once there is a merge report, which says more.
    """
    if run.report is not None or run.phase.is_over:
        return

    for overlap in run.overlaps:
        first, second, *conflict = overlap.split(" ")
        if conflict:
            yield f"{first} and {second} change the same lines: their branches conflict"
        elif f"{overlap} conflict" not in run.overlaps:
            yield f"{first} and {second} change the same files; their branches merge without conflicts"


def _model_notes(run: Run) -> Iterator[str]:
    """Reviews by the model that wrote the work, one line for each piece of work; none once there is a merge report, which says so."""
    if run.report is not None or run.phase.is_over:
        return

    for job in run.jobs.values():
        reviews = tuple(dict.fromkeys(reviews_by_author(run, job)))
        if reviews:
            yield f"the model that wrote {job.spec.id} also judged it: {', '.join(reviews)}"


def _budget_notes(run: Run) -> Iterator[str]:
    """Budgets that are used up, or nearly so."""
    if run.phase.is_over:
        return

    for use in near_budgets(run):
        yield use.words


def run_summary(run: Run) -> str:
    """How far the run is, in one line: work done, agents, questions, and the merge or the reason for the end."""
    parts = [_progress(run)]
    at_work = active(run)
    if at_work:
        parts.append(f"{at_work} at work")

    parts += _waiting(run)

    if run.merged is not None:
        parts.append(f"merged to {run.target} at {run.merged.new[:12]}")
        parts += _push_state(run, run.merged.push)
        parts += _left_on_branches(run)
    elif run.phase.is_over:
        parts.append(run.reason or str(run.phase))
        parts += _results(run)

    return ", ".join(parts)


def _results(run: Run) -> list[str]:
    """Where the results of a run lie that merges nothing; empty for any other run, and for one without results."""
    branches = run.result_branches
    if run.workflow.merges or not branches:
        return []

    return [f"nothing is merged: the results are on {', '.join(branches)}"]


def _left_on_branches(run: Run) -> list[str]:
    """Where work lies that begins after the merge; empty without such work."""
    branches = branches_after_merge(run)
    if not branches:
        return []

    return [f"work after the merge is not merged: it stays on {', '.join(branches)}"]


def branches_after_merge(run: Run) -> tuple[str, ...]:
    """The branches of work that needs the merge, in the order of the workflow; nothing ever merges them.

    They are named before that work begins, too. Work that was skipped or canceled has none.
    """
    branches: list[str] = []
    for name, job in run.jobs.items():
        if job.phase in {JobPhase.SKIPPED, JobPhase.CANCELED} or job.spec.kind in NOT_WORK:
            continue

        if JobKind.MERGE in _kinds_before(run, name):
            branches.append(run.branch_of(name))

    return tuple(branches)


def _kinds_before(run: Run, name: JobId) -> set[JobKind]:
    """The kinds of all jobs that a job needs, directly or through others; empty for a job that needs none."""
    from gitorch.rules.workflows.graph import ancestors, needs_of  # noqa: PLC0415  only a run that is merged pays for it

    before = ancestors(needs_of(run.workflow), name)
    kinds = set()
    for need in before:
        kinds.add(run.jobs[need].spec.kind)

    return kinds


def _waiting(run: Run) -> list[str]:
    """How many questions wait for the principal; empty without one. Only the cleanup may be open after the end."""
    questions = run.open_questions()
    if not questions:
        return []

    if all(question.kind is QuestionKind.CLEANUP for question in questions):
        return ["only the cleanup waits for you"]

    return [f"{len(questions)} waiting for you"]


def _progress(run: Run) -> str:
    """How many of the jobs that do work are done, and how many failed."""
    work, done, failed = 0, 0, 0
    for job in run.jobs.values():
        if job.spec.kind in NOT_WORK:
            continue

        work += 1
        if job.phase is JobPhase.COMPLETED:
            done += 1
        elif job.phase is JobPhase.FAILED:
            failed += 1

    line = f"{done} of {work} done"
    if failed:
        line += f", {failed} failed"

    return line


def _push_state(run: Run, push: str) -> list[str]:
    """The state of the push; empty when the run pushes nowhere."""
    remote = run.settings.push_remote
    if not remote:
        return []

    return [f"{PUSHES[push]} {remote}"]
