"""A run as people look at it: rows, what each job waits for, and the commands that help now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.job import ENDED, JobPhase
from gitorch.model.message import PRINCIPAL
from gitorch.model.question import CLEANUP_OPTIONS, CLEANUP_TEXT, HOLDING, Question, QuestionKind
from gitorch.model.run import OVER, RunPhase
from gitorch.model.session import SessionPhase
from gitorch.model.view import InboxRow, JobRow, MessageRow, RunView
from gitorch.model.workflow import REVIEWING, JobKind
from gitorch.rules import escalations
from gitorch.rules.granting import ACTIVE, active, base_of, may_be_granted, queue, worktree_taken_by
from gitorch.rules.views.mail import is_plan, unread
from gitorch.rules.workflows.tracked import left_to_close

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gitorch.model.board import RunLine
    from gitorch.model.ids import JobId, RunId, SessionId
    from gitorch.model.job import JobState
    from gitorch.model.message import Message
    from gitorch.model.report import Merged
    from gitorch.model.run import Run


ASKED = frozenset({JobPhase.SUBMITTED, JobPhase.WAITING_HUMAN})
"""Phases in which every open question of a job keeps it; elsewhere only those that hold work back."""


def run_view(run: Run, agents: Mapping[SessionId, str] | None = None) -> RunView:
    """The whole run. `agents` are the states of living sessions, where they were looked at."""
    batches = batches_of(run)
    return RunView(
        id=run.id,
        title=run.title,
        phase=str(run.phase),
        target=run.target,
        summary=_summary(run),
        jobs=tuple(_row(run, job, batches, agents or {}) for job in _in_order(run, batches)),
        inbox=inbox(run),
        messages=message_rows(unread(run.messages, PRINCIPAL), run.id),
        next_commands=next_commands(run),
        started_at=run.started_at,
        records=run.records,
        notes=tuple(overlap_notes(run)),
    )


def batches_of(run: Run) -> Mapping[JobId, int]:
    """In which wave each job can begin at the earliest, counted from 1; reviews belong to their subject's wave."""
    found: dict[JobId, int] = {}

    def wave(job: JobId) -> int:
        if job not in found:
            spec = run.jobs[job].spec
            if spec.subject is not None:
                found[job] = wave(spec.subject)
            else:
                found[job] = 1 + max((wave(need) for need in spec.needs), default=0)
        return found[job]

    for job in run.jobs:
        wave(job)
    return found


def _in_order(run: Run, batches: Mapping[JobId, int]) -> tuple[JobState, ...]:
    place = {job: n for n, job in enumerate(run.jobs)}
    return tuple(sorted(run.jobs.values(), key=lambda j: (batches[j.spec.id], place[j.spec.id])))


def _row(run: Run, job: JobState, batches: Mapping[JobId, int], agents: Mapping[SessionId, str]) -> JobRow:
    session = run.sessions.get(job.session) if job.session is not None else None
    there = session is not None and session.phase is not SessionPhase.ENDED
    return JobRow(
        id=job.spec.id,
        title=job.spec.title,
        kind=str(job.spec.kind),
        phase=str(job.phase),
        batch=batches[job.spec.id],
        attempt=job.attempt,
        rounds_allowed=run.rounds_of(job),
        session=job.session if there else None,
        runtime=session.runtime if session is not None else "",
        agent=agents.get(session.id, str(session.phase)) if session is not None and there else "",
        since=job.lease.granted_at if job.lease is not None else job.ready_at,
        why=why(run, job),
    )


def why(run: Run, job: JobState) -> str:
    """In one line, what this job waits for, or how it ended."""
    waits_for = [q for q in run.open_questions(job.spec.id) if job.phase in ASKED or q.kind in HOLDING]
    if waits_for and job.phase not in ENDED - {JobPhase.FAILED}:
        first = waits_for[0]
        return f"{first.id} waits for you: {_first_line(first.happened or first.text)}"
    return WHY[job.phase](run, job)


def _why_blocked(run: Run, job: JobState) -> str:
    subject = run.jobs[job.spec.subject] if job.spec.subject is not None else None
    if subject is not None and subject.phase is JobPhase.SUBMITTED:
        return _why_review_waits(run, job, subject)
    missing = [need for need in job.spec.needs if not run.need_is_done(need)]
    if job.spec.kind is JobKind.CHECKPOINT:
        missing = [need for need in missing if run.jobs[need].phase not in ENDED] or missing
    return f"waits for {', '.join(missing)}" if missing else "waits for its turn"


def _why_review_waits(run: Run, job: JobState, subject: JobState) -> str:
    if not run.check_is_settled(subject):
        return f"waits for the tests of {subject.spec.id}"
    if subject.check_failed:
        return f"the tests of {subject.spec.id} failed"
    accepted = {v.review for v in subject.round_verdicts}
    earlier = [r.spec.id for r in run.reviews_of(subject.spec.id) if r.spec.stage < job.spec.stage]
    return f"waits for {', '.join(e for e in earlier if e not in accepted) or 'its turn'}"


def _why_queued(run: Run, job: JobState) -> str:
    if run.phase is not RunPhase.RUNNING:
        return f"the run is {run.phase}"
    if job.spec.kind is JobKind.MERGE:
        return "is merged with the next tick of gitorch up"
    if base_of(run, job) is None:
        return "waits for its base to be merged from what it depends on"
    if not may_be_granted(run, job) and active(run) >= run.settings.max_agents:
        return f"waits for a free place: {active(run)} of {run.settings.max_agents} agents are at work"
    if (other := worktree_taken_by(run, job)) is not None:
        return f"waits for the worktree that lane {job.spec.lane} shares, in which {other} is unfinished"
    if run.settings.manual:
        return f"can be claimed: gitorch claim {job.spec.id}"
    return "is given to an agent with the next tick of gitorch up"


def _why_claimed(run: Run, job: JobState) -> str:
    told = "is being started" if job.attempt == 1 else "gets the findings"
    return f"session {job.session} {told}{_late(run, job)}"


def _late(run: Run, job: JobState) -> str:
    kept = run.late_handoffs_of(job)
    return (
        f"; {kept[-1].id} of session {kept[-1].session} came late and is kept: gitorch recover {run.id}" if kept else ""
    )


def _why_running(run: Run, job: JobState) -> str:
    if run.is_claimed_manually(job):
        return f"{run.sessions[job.session].holder if job.session else 'somebody'} is at work (lease {job.fence})"
    again = f", round {job.attempt} of {run.rounds_of(job)}" if job.attempt > 1 else ""
    return f"session {job.session} is at work{again}{_late(run, job)}"


def _why_submitted(run: Run, job: JobState) -> str:
    if run.needs_check(job) and not run.check_is_settled(job):
        return "its tests are run on a clean checkout"
    judged = {v.review for v in job.round_verdicts}
    missing = [r.spec.id for r in run.reviews_of(job.spec.id) if r.spec.id not in judged]
    return f"waits at its gate for {', '.join(missing)}" if missing else "is at its gate"


def _why_waiting(run: Run, job: JobState) -> str:
    if run.merge_behind(job.spec.id) is not None:
        return "the merge report is being made"
    return "is put to you with the next tick of gitorch up"


def _why_completed(run: Run, job: JobState) -> str:
    if job.spec.kind is JobKind.MERGE and run.push_is_owed:
        asked = next((q.id for q in run.open_questions(job.spec.id)), "")
        return f"merged, and {f'{asked} waits for you' if asked else f'is pushed to {run.settings.push_remote} next'}"
    if job.verdict is not None:
        doubt = f"; {job.verdict.doubted} rejected what it rested on" if job.verdict.doubted else ""
        return f"{job.verdict.choice} on {job.verdict.commit[:12]}{doubt}"
    if job.cleared is not None:
        waived = ", with findings waived" if any(x.waived and x.round == job.attempt for x in job.findings) else ""
        return f"cleared at {job.cleared[:12]} in round {job.attempt}{waived}"
    return "done"


def _why_stale(_: Run, job: JobState) -> str:
    return f"its lease ran out in attempt {job.attempt}; its worktree is kept"


def _why_over(run: Run, job: JobState) -> str:
    return f"{job.phase}; gitorch log {run.id} says why"


def _why_skipped(run: Run, job: JobState) -> str:
    lost = [n for n in job.spec.needs if run.jobs[n].phase in {JobPhase.FAILED, JobPhase.SKIPPED, JobPhase.CANCELED}]
    return f"skipped, because {lost[0]} {WAS[run.jobs[lost[0]].phase]}" if lost else "skipped, because it is not needed"


WAS = {JobPhase.FAILED: "failed", JobPhase.SKIPPED: "was skipped", JobPhase.CANCELED: "was canceled"}


WHY: Mapping[JobPhase, Callable[[Run, JobState], str]] = {
    JobPhase.BLOCKED: _why_blocked,
    JobPhase.QUEUED: _why_queued,
    JobPhase.CLAIMED: _why_claimed,
    JobPhase.RUNNING: _why_running,
    JobPhase.SUBMITTED: _why_submitted,
    JobPhase.WAITING_HUMAN: _why_waiting,
    JobPhase.STALE: _why_stale,
    JobPhase.COMPLETED: _why_completed,
    JobPhase.FAILED: _why_over,
    JobPhase.CANCELED: _why_over,
    JobPhase.SKIPPED: _why_skipped,
}


def overlap_notes(run: Run) -> Iterator[str]:
    """Pairs of branches that change the same files, while there is no merge report that says it better."""
    if run.report is not None or run.phase in OVER:
        return
    for key in run.overlaps:
        first, second, *conflict = key.split(" ")
        if conflict:
            yield f"{first} and {second} change the same lines: they do not merge as they are"
        elif f"{key} conflict" not in run.overlaps:
            yield f"{first} and {second} change the same files; they merge as they are"


def inbox(run: Run) -> tuple[InboxRow, ...]:
    """Everything a human owes in this run, oldest first."""
    return tuple(_inbox_row(run.id, q) for q in run.open_questions())


def cleanup_row(line: RunLine) -> InboxRow | None:
    """What a run that is over asks about its remains, without a look into it; None where it does not."""
    if line.cleanup is None or line.cleanup_asked_at is None:
        return None
    kind = QuestionKind.CLEANUP
    question = Question(line.cleanup, kind, line.cleanup_asked_at, CLEANUP_TEXT, options=CLEANUP_OPTIONS)
    return _inbox_row(line.id, question)


def _inbox_row(run: RunId, question: Question) -> InboxRow:
    if question.kind is QuestionKind.APPROVAL:
        command = f"gitorch approve {run}"
    elif question.options:
        command = f"gitorch answer {question.id} {question.options[0]}"
    else:
        command = f'gitorch answer {question.id} "…"'
    return InboxRow(
        id=question.id,
        run=run,
        kind=str(question.kind),
        job=question.job,
        text=f"{question.happened.rstrip('.')}. {question.text}" if question.happened else question.text,
        options=question.options,
        asked_at=question.asked_at,
        command=command,
        escalation=escalations.kind_of(question),
        severity=escalations.severity_of(question),
    )


def message_rows(messages: Iterable[Message], run: RunId | None) -> tuple[MessageRow, ...]:
    """Messages with what their reader may type; a plan that is ready with what checks and starts it."""
    return tuple(_message_row(message, run) for message in messages)


def _message_row(message: Message, run: RunId | None) -> MessageRow:
    ready = is_plan(message)
    commands = (f"gitorch show {message.id}", f"gitorch reply {message.id} TEXT")
    if ready:
        from shlex import quote  # noqa: PLC0415  # a millisecond that `status` does not pay

        commands = (f"gitorch check {quote(message.plan)}", f"gitorch start {quote(message.plan)}")
    return MessageRow(
        id=message.id,
        run=run,
        sender=message.sender,
        to=message.to,
        at=message.at,
        text=message.text,
        answers=message.answers,
        plan=message.plan if ready else "",
        commands=commands,
    )


def next_commands(run: Run) -> tuple[str, ...]:
    """What to type next, most useful first; each works when pasted."""
    if run.phase is RunPhase.PREPARED:
        return (f"gitorch cancel {run.id}",)
    if run.phase is RunPhase.PAUSED:
        return (f"gitorch resume {run.id}",)
    waiting = tuple(dict.fromkeys(row.command for row in inbox(run)))
    if run.phase in OVER:
        left = left_to_close(run)
        closing = (f"bd close {' '.join(left)}",) if left else ()
        return (*waiting, *closing) or (f"gitorch log {run.id}",)
    if run.settings.manual:
        return _next_by_hand(run, waiting)
    return (*waiting, "gitorch up")


def _next_by_hand(run: Run, waiting: tuple[str, ...]) -> tuple[str, ...]:
    """What is in hand comes first, then what waits for a human, then what can be claimed."""
    reports = tuple(
        _report_command(job) for job in run.jobs.values() if job.phase in ACTIVE and run.is_claimed_manually(job)
    )
    claims = tuple(f"gitorch claim {job.spec.id}" for job in queue(run))
    stale = ("gitorch recover",) if any(job.phase is JobPhase.STALE for job in run.jobs.values()) else ()
    return (*reports, *waiting, *stale, *claims) or (f"gitorch up {run.id}",)


def _report_command(job: JobState) -> str:
    name = job.spec.id
    if job.spec.kind in REVIEWING:
        return f'gitorch verdict accept --job {name} --summary "…"'
    replies = "".join(f" --reply {x.number}=fixed:HEAD" for x in job.findings if x.open and x.round == job.attempt - 1)
    return f'gitorch handoff DONE --job {name} --summary "…"{replies}'


def _summary(run: Run) -> str:
    work = [j for j in run.jobs.values() if j.spec.kind not in REVIEWING | {JobKind.CHECKPOINT, JobKind.MERGE}]
    cleared = sum(1 for j in work if j.phase is JobPhase.COMPLETED)
    waiting = len(run.open_questions())
    at_work = active(run)
    parts = [f"{cleared} of {len(work)} done"]
    if at_work:
        parts.append(f"{at_work} at work")
    if waiting:
        parts.append(f"{waiting} waiting for you")
    if run.merged is not None:
        parts.append(f"merged to {run.target} at {run.merged.new[:12]}{_at_the_remote(run, run.merged)}")
    elif run.phase in OVER:
        parts.append(run.reason or str(run.phase))
    return ", ".join(parts)


def _at_the_remote(run: Run, merged: Merged) -> str:
    """What became of the push, where one is configured."""
    remote = run.settings.push_remote
    said = {
        "": "not yet pushed to",
        "pushed": "pushed to",
        "left": "not pushed to",
        "back": "being taken back: not pushed to",
    }
    return f", {said[merged.push]} {remote}" if remote else ""


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
