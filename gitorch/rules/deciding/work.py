"""Handoffs, checks and verdicts: what an agent may say of its work, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import events
from gitorch.model.artifact import EscalationKind
from gitorch.model.ids import QuestionId
from gitorch.model.job import JobPhase
from gitorch.model.observed import overlap_key
from gitorch.model.question import QuestionKind
from gitorch.model.review import Disposition, ReportStatus, Severity
from gitorch.model.workflow import REVIEWING
from gitorch.rules import ensure
from gitorch.rules.deciding import late
from gitorch.rules.granting import not_independent
from gitorch.rules.review.gates import may_judge, next_question
from gitorch.rules.review.ledgers import contradicts, owed
from gitorch.rules.review.replies import all_answered, restated_with_evidence
from gitorch.rules.scope.matching import outside

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.board import State
    from gitorch.model.commands import Order, WorkFacts
    from gitorch.model.events import Event
    from gitorch.model.ids import CommitId
    from gitorch.model.job import JobState, Lease
    from gitorch.model.review import Reply
    from gitorch.model.run import Run
    from gitorch.model.session import Session

CONCERN_OPTIONS = ("accept", "follow_up", "push_back")
DEFERRED_OPTIONS = ("defer", "waive", "fix")
BLOCKED_OPTIONS = ("cleared", "stop_epic", "stop_run")
HAZARDS_SAID = 5
"""Of what is wrong with the changes themselves: the rest is said when these are mended."""


def submit_handoff(state: State, order: Order, command: commands.SubmitHandoff) -> tuple[Event, ...]:
    """An agent's report. What is wrong with it is said, so that the agent can put it right."""
    run = ensure.run_under_way(ensure.run_there(state))
    session = ensure.acts_as(order.actor, ensure.session_of(run, command.token))
    job = ensure.own_job(run, session, command.job)
    ensure.fence_stands(job, command.fence)
    if late.ran_out(session, job, order.at):
        return late.keep_report(run, session, job, command, order.at)
    lease = ensure.lease_held(run, session, ensure.working(job))
    unfinished = (command.facts.head or run.target_commit, command.replies)
    commit, replies = finished_work(job, command) if command.status in late.FINISHED else unfinished
    _said_what_is_needed(command)
    _documents_there(run, job, command)
    handed = events.HandoffSubmitted(
        job=job.spec.id,
        session=session.id,
        fence=lease.fence,
        attempt=job.attempt,
        status=command.status,
        commit=commit,
        commits=command.facts.commits,
        concerns=command.concerns,
        questions=command.questions,
        blocker=command.blocker,
        clears=command.clears,
        tests_claimed=command.tests_claimed,
        replies=replies,
        text=command.summary,
    )
    return (handed, *asked(run, session, job, command))


def finished_work(job: JobState, command: commands.SubmitHandoff) -> tuple[CommitId, tuple[Reply, ...]]:
    """The commit handed in, and the answers to its findings. Raises Refused with everything that keeps it from being one."""
    name, facts = job.spec.id, command.facts
    if job.spec.kind in REVIEWING:
        message = f"{name} is a review and ends with a verdict"
        raise Refused(message, "gitorch verdict accept --commit COMMIT --nonce NONCE")
    wrong = _wrong_with_worktree(job, facts)
    if wrong or facts.head is None:
        message = f"the report on {name} is refused: {'; '.join(wrong)}"
        raise Refused(message, "git status")
    return facts.head, all_answered(job, command)


def _wrong_with_worktree(job: JobState, facts: WorkFacts) -> list[str]:
    wrong: list[str] = []
    if facts.uncommitted:
        wrong.append(f"uncommitted changes in {_some(facts.uncommitted)}; commit or remove them")
    if facts.head is None or facts.commits == 0:
        nothing = "nothing in the worktree differs from the job's base; do the work first"
        wrong.append(nothing if facts.by_host else "there are no commits since the job's base; commit the work first")
    stray = outside(facts.changed, job.spec.scope)
    if stray:
        allowed = ", ".join(job.spec.scope.allowed) or "everything"
        wrong.append(f"{_some(stray)} lies outside the write scope ({allowed}); take those changes back")
    wrong += facts.hazards[:HAZARDS_SAID]
    if facts.missing:
        wrong.append(f"expected files are missing: {_some(facts.missing)}")
    return wrong


def _some(paths: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more


def _documents_there(run: Run, job: JobState, command: commands.SubmitHandoff) -> None:
    """A ledger of what reviews found, or a synthesis of it, is what such a job is for."""
    if command.status in late.FINISHED and (kind := owed(run, job)):
        message = f"{job.spec.id} is not done without its {kind}"
        raise Refused(message, f"gitorch publish PATH --kind {kind}")


def _said_what_is_needed(command: commands.SubmitHandoff) -> None:
    status = command.status
    if status is ReportStatus.DONE and command.concerns:
        message = "DONE carries no concerns; with concerns the report is DONE_WITH_CONCERNS"
        raise Refused(message, "gitorch handoff DONE_WITH_CONCERNS --concern TEXT")
    if status is ReportStatus.DONE_WITH_CONCERNS and not any(c.strip() for c in command.concerns):
        message = "DONE_WITH_CONCERNS needs at least one concern"
        raise Refused(message, "gitorch handoff DONE_WITH_CONCERNS --concern TEXT")
    if status is ReportStatus.NEEDS_CONTEXT and not any(q.strip() for q in command.questions):
        message = "NEEDS_CONTEXT needs at least one question"
        raise Refused(message, "gitorch handoff NEEDS_CONTEXT --question TEXT")
    if status is ReportStatus.BLOCKED and not (command.blocker.strip() and command.clears.strip()):
        message = "BLOCKED needs the blocker and what would clear it"
        raise Refused(message, "gitorch handoff BLOCKED --blocker TEXT --clears TEXT")


def asked(run: Run, session: Session, job: JobState, command: commands.SubmitHandoff) -> tuple[Event, ...]:
    """The questions that a report leaves for people, numbered one after the other."""
    first = len(run.questions) + 1
    ids = (_question_id(n) for n in range(first, first + 1000))
    name, by = job.spec.id, session.id
    found: list[Event] = []
    if command.status is ReportStatus.NEEDS_CONTEXT:
        kind = QuestionKind.CONTEXT
        found += [events.QuestionAsked(next(ids), kind, name, by, (), 0, text) for text in command.questions]
    concerned = (QuestionKind.CONCERN, name, by, CONCERN_OPTIONS)
    found += [events.QuestionAsked(next(ids), *concerned, n, text) for n, text in enumerate(command.concerns, 1)]
    for reply in command.replies:
        if reply.disposition is Disposition.DEFERRED:
            text = f"{name} wants to put off finding {_described(job, reply.number)}: {reply.evidence}"
            kind = QuestionKind.DEFERRED
            found.append(events.QuestionAsked(next(ids), kind, name, by, DEFERRED_OPTIONS, reply.number, text))
    if command.status is ReportStatus.BLOCKED:
        number = next(ids)
        sort = (command.blocker_kind, command.blocker_severity)
        found.append(_blocked(number, session, job, command))
        if sort != (EscalationKind.AI_SELF_DECLARED, Severity.BLOCKING):
            found.append(events.BlockerSorted(number, name, *sort))
    return tuple(found)


def _described(job: JobState, number: int) -> str:
    """`#4 (minor, c.py:1): a long name`, so that whoever is asked need not look it up."""
    found = next((x.finding for x in job.findings if x.number == number), None)
    if found is None:
        return f"#{number}"
    place = f"{found.path}:{found.line}" if found.line else found.path
    return f"#{number} ({', '.join(part for part in (found.severity, place) if part)}) “{found.title}”"


def _question_id(number: int) -> QuestionId:
    return QuestionId(f"q{number}")


def _blocked(
    question: QuestionId, session: Session, job: JobState, command: commands.SubmitHandoff
) -> events.Escalated:
    return events.Escalated(
        question=question,
        trigger=f"blocked:{job.spec.id}:{job.attempt}",
        job=job.spec.id,
        session=session.id,
        happened=f"{job.spec.id} is blocked: {command.blocker}",
        tried=command.summary or "the agent did not say",
        options=BLOCKED_OPTIONS,
        evidence=f"what would clear it: {command.clears}",
        text=f"Is the blocker of {job.spec.id} cleared, should it be stopped, or should the run stop?",
    )


def record_check(state: State, order: Order, command: commands.RecordCheck) -> tuple[Event, ...]:
    """The result for exactly the commit handed in, once."""
    ensure.host(order.actor, "test results")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if job.handoff is None or not run.needs_check(job) or run.check_is_settled(job):
        return ()
    if command.check.commit != job.handoff.commit:
        return ()
    return (events.CheckRecorded(command.job, job.attempt, command.check),)


def give_verdict(state: State, order: Order, command: commands.GiveVerdict) -> tuple[Event, ...]:
    """A verdict counts only for the commit, the round and the nonce of the reviewer's own brief."""
    run = ensure.run_under_way(ensure.run_there(state))
    session = ensure.acts_as(order.actor, ensure.session_of(run, command.token))
    review = ensure.reviewing(session, ensure.own_job(run, session, command.job))
    ensure.fence_stands(review, command.fence)
    if late.ran_out(session, review, order.at):
        return late.keep_verdict(run, session, review, command, order.at)
    lease = ensure.lease_held(run, session, ensure.working(review))
    if not_independent(run, review, session.runtime, session.holder):
        raise Refused(not_independent(run, review, session.runtime, session.holder), f"gitorch why {review.spec.id}")
    subject = _judged(run, review, command, lease)
    contradiction = may_judge(command.verdict, command.findings)
    if contradiction:
        message = f"the verdict on {subject.spec.id} contradicts itself: {contradiction}"
        raise Refused(message, "gitorch verdict --help")
    restated_with_evidence(subject, command)
    if contradiction := contradicts(run, session.id, subject.spec.id, command.verdict):
        raise Refused(contradiction, "gitorch verdict needs_revision --finding 'important|PATH:LINE|TITLE'")
    event = events.VerdictGiven(
        job=review.spec.id,
        subject=subject.spec.id,
        session=session.id,
        fence=lease.fence,
        round=subject.attempt,
        commit=command.commit,
        verdict=command.verdict,
        findings=command.findings,
        text=command.text,
    )
    if command.verdict == "reject" and not review.spec.advisory:
        return (event, *rejected(run, subject, session, command.text))
    return (event,)


def _judged(run: Run, review: JobState, command: commands.GiveVerdict, lease: Lease) -> JobState:
    subject = verdict_stands(run, review, command.commit)
    if command.nonce != lease.nonce:
        message = f"this verdict does not carry the nonce of the brief for round {subject.attempt} of {review.spec.id}"
        raise Refused(message, "gitorch brief")
    return subject


def verdict_stands(run: Run, review: JobState, judged: CommitId) -> JobState:
    """The job that a verdict is about. Raises Refused where it names another commit than the one handed in."""
    subject = ensure.job_there(run, review.spec.subject or review.spec.id)
    commit = run.judged_commit(review)
    ready = subject is review or subject.phase is JobPhase.SUBMITTED
    if not ready or commit is None or judged != commit:
        now = "nothing" if commit is None else commit[:12]
        message = f"this verdict names {judged[:12]}, but what {subject.spec.id} handed in is {now}"
        raise Refused(message, "gitorch brief")
    return subject


def rejected(run: Run, subject: JobState, session: Session, text: str) -> tuple[Event, ...]:
    """The job fails; the run with it, or a human is asked, by the run's own policy."""
    reason = f"{session.job} rejected it: {text.splitlines()[0] if text else 'no reason given'}"
    failed = events.JobFailed(subject.spec.id, reason)
    if run.settings.reject_fails_run:
        return (failed, events.RunFailed(reason))
    asked = events.Escalated(
        question=next_question(run),
        trigger=f"rejected:{subject.spec.id}:{subject.attempt}",
        job=subject.spec.id,
        session=session.id,
        happened=f"{subject.spec.id} was rejected in round {subject.attempt}.",
        tried="A reviewer judged the work; reject is not a request for a revision.",
        options=("one_more_round", "leave_failed", "stop_run"),
        evidence=reason,
        text=f"Should {subject.spec.id} get one more round, stay failed, or should the run stop?",
    )
    return (failed, asked)


def void(state: State, order: Order, command: commands.VoidWork) -> tuple[Event, ...]:
    """Commits after the handoff void what was judged, and any merge report that names it."""
    ensure.host(order.actor, "what it saw of a branch")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if job.handoff is None or job.phase not in {JobPhase.SUBMITTED, JobPhase.COMPLETED} or run.merged is not None:
        return ()
    if command.found == job.handoff.commit or job.demands:
        return ()
    voided = events.WorkVoided(command.job, job.handoff.commit, command.found)
    if run.report is not None:
        return (events.ReportVoided(run.report.digest, f"{command.job} moved to {command.found[:12]}"), voided)
    return (voided,)


def note_overlap(state: State, order: Order, command: commands.NoteOverlap) -> tuple[Event, ...]:
    """Said once for the same jobs and paths."""
    ensure.host(order.actor, "overlaps")
    run = ensure.run_there(state)
    if overlap_key(command.jobs, command.conflict) in run.overlaps:
        return ()
    return (events.OverlapNoted(command.jobs, command.paths, command.conflict),)
