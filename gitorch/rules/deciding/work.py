"""Handoffs, checks and verdicts: when an agent may report or judge, and what its report must contain."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import commands, events
from gitorch.model.observed import overlap_key
from gitorch.model.path_text import quoted
from gitorch.model.plans.workflow import REVIEWING
from gitorch.model.work.job import JobPhase
from gitorch.model.work.review import Choice, ReportStatus
from gitorch.rules.deciding import late
from gitorch.rules.deciding.report_questions import questions_of
from gitorch.rules.guards import ensure
from gitorch.rules.guards.granting import not_independent
from gitorch.rules.review.gates import next_question, verdict_contradiction
from gitorch.rules.review.ledgers import missing_document, verdict_fault
from gitorch.rules.review.replies import proven_replies, require_evidence
from gitorch.rules.scope.matching import outside
from gitorch.rules.usage.counting import model_of

if TYPE_CHECKING:
    from gitorch.model.commands import Order, WorkFacts
    from gitorch.model.events import Event
    from gitorch.model.ids import CommitId
    from gitorch.model.work.board import State
    from gitorch.model.work.job import JobState, Lease
    from gitorch.model.work.review import Reply
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.rules.deciding import Decisions

DETACHED = "(detached)"
"""What git names in place of a branch where HEAD is a commit."""

HAZARDS_MAX = 5
"""Hazards of a change that one refusal lists; the next refusal lists the rest."""


def submit_handoff(state: State, order: Order, command: commands.SubmitHandoff) -> tuple[Event, ...]:
    """An agent's report. Raises Refused with everything that the agent must correct first."""
    run = ensure.run_under_way(ensure.run_there(state))
    session = ensure.acts_as(order.actor, ensure.session_of(run, command.token))
    job = ensure.own_job(run, session, command.job)
    ensure.fence_stands(job, command.fence)
    if late.ran_out(session, job, order.at):
        return late.keep_report(run, session, job, command, order.at)

    lease = ensure.lease_held(run, session, ensure.working(job))
    commit = command.facts.head or run.target_commit
    replies = command.replies
    if command.status in late.FINISHED:
        commit, replies = finished_work(job, command)

    _ensure_complete(command)
    _ensure_documents(run, job, command)
    submitted = events.HandoffSubmitted(
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
        model=model_of(run, session),
    )
    return (submitted, *questions_of(run, session, job, command))


def finished_work(job: JobState, command: commands.SubmitHandoff) -> tuple[CommitId, tuple[Reply, ...]]:
    """The commit of finished work, and the replies to its findings. Raises Refused with everything that is wrong."""
    name, facts = job.spec.id, command.facts
    if job.spec.kind in REVIEWING:
        message = f"{name} is a review and ends with a verdict"
        raise Refused(message, "gitorch verdict accept --commit COMMIT --nonce NONCE")

    if facts.mend:
        message = f"the report on {name} is refused: its worktree has {_checked_out(facts)} checked out, not {name}'s own branch"
        raise Refused(message, facts.mend)

    wrong = _wrong_with_worktree(job, facts)
    if wrong or facts.head is None:
        message = f"the report on {name} is refused: {'; '.join(wrong)}"
        raise Refused(message, _look(facts))

    return facts.head, proven_replies(job, command)


def _wrong_with_worktree(job: JobState, facts: WorkFacts) -> list[str]:
    """The reasons why the worktree cannot be handed in, as clauses; empty if it can."""
    wrong: list[str] = []
    if facts.uncommitted:
        wrong.append(f"uncommitted changes in {_some(facts.uncommitted)}; commit or remove them")

    if facts.head is None or facts.commits == 0:
        wrong.append(_nothing_done(facts))

    stray = outside(facts.changed, job.spec.scope)
    if stray:
        allowed = ", ".join(job.spec.scope.allowed) or "everything"
        wrong.append(f"changes outside the write scope (allowed: {allowed}): {_some(stray)}; take them back")

    wrong += facts.hazards[:HAZARDS_MAX]
    if facts.missing:
        wrong.append(f"expected files are missing: {_some(facts.missing)}")

    return wrong


def _checked_out(facts: WorkFacts) -> str:
    """What the worktree has checked out, as the object of a sentence."""
    if facts.branch == DETACHED:
        return "a commit without a branch"

    return f"the branch {facts.branch}"


def _look(facts: WorkFacts) -> str:
    """The command that shows the worktree, also to an agent that works in another folder."""
    if not facts.worktree or facts.commits:
        return "git status"

    return f"git -C {shlex.quote(facts.worktree)} status"


def _nothing_done(facts: WorkFacts) -> str:
    """The clause about an empty handoff; an agent whose work gitorch commits cannot commit itself."""
    if facts.by_host:
        return "nothing in the worktree differs from the job's base; do the work first"

    return "there are no commits since the job's base; commit the work first"


def _some(paths: tuple[str, ...], most: int = 5) -> str:
    """The first paths, and how many more there are."""
    listed = ", ".join(map(quoted, paths[:most]))
    if len(paths) <= most:
        return listed

    return f"{listed} and {len(paths) - most} more"


def _ensure_documents(run: Run, job: JobState, command: commands.SubmitHandoff) -> None:
    """Raises Refused if the purpose of the job is a document, such as a findings ledger, that is not published yet."""
    if command.status not in late.FINISHED:
        return

    kind = missing_document(run, job)
    if kind:
        message = f"{job.spec.id} is not done without its {kind}"
        raise Refused(message, f"gitorch publish PATH --kind {kind}")


def _ensure_complete(command: commands.SubmitHandoff) -> None:
    """Raises Refused, with the command that gives them, if the report lacks parts that its status requires."""
    match command.status:
        case ReportStatus.DONE:
            if command.concerns:
                message = "DONE carries no concerns; with concerns the report is DONE_WITH_CONCERNS"
                raise Refused(message, "gitorch handoff DONE_WITH_CONCERNS --concern TEXT")

        case ReportStatus.DONE_WITH_CONCERNS:
            if _is_blank(*command.concerns):
                message = "DONE_WITH_CONCERNS needs at least one concern"
                raise Refused(message, "gitorch handoff DONE_WITH_CONCERNS --concern TEXT")

        case ReportStatus.NEEDS_CONTEXT:
            if _is_blank(*command.questions):
                message = "NEEDS_CONTEXT needs at least one question"
                raise Refused(message, "gitorch handoff NEEDS_CONTEXT --question TEXT")

        case ReportStatus.BLOCKED:
            if _is_blank(command.blocker) or _is_blank(command.clears):
                message = "BLOCKED needs the blocker and what would clear it"
                raise Refused(message, "gitorch handoff BLOCKED --blocker TEXT --clears TEXT")


def _is_blank(*texts: str) -> bool:
    """Whether none of these texts has anything but white space in it; true without texts."""
    return not "".join(texts).strip()


def record_check(state: State, order: Order, command: commands.RecordCheck) -> tuple[Event, ...]:
    """The test result of exactly the commit that was handed in. It is recorded once."""
    ensure.host(order.actor, "test results")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if job.handoff is None or not run.needs_check(job) or run.check_is_settled(job):
        return ()

    if command.check.commit != job.handoff.commit:
        return ()

    return (events.CheckRecorded(command.job, job.attempt, command.check),)


def give_verdict(state: State, order: Order, command: commands.GiveVerdict) -> tuple[Event, ...]:
    """Give a verdict. It counts only for the commit, the round and the nonce of the reviewer's brief."""
    run = ensure.run_under_way(ensure.run_there(state))
    session = ensure.acts_as(order.actor, ensure.session_of(run, command.token))
    review = ensure.reviewing(session, ensure.own_job(run, session, command.job))
    ensure.fence_stands(review, command.fence)
    if late.ran_out(session, review, order.at):
        return late.keep_verdict(run, session, review, command, order.at)

    lease = ensure.lease_held(run, session, ensure.working(review))
    barred = not_independent(run, review, session.runtime, session.holder)
    if barred:
        raise Refused(barred, f"gitorch why {review.spec.id}")

    subject = _judged(run, review, command, lease)
    _ensure_consistent(run, session, subject, command)
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
        model=model_of(run, session),
    )
    if command.verdict is Choice.REJECT and not review.spec.advisory:
        return (event, *rejected(run, subject, session, command.text))

    return (event,)


def _ensure_consistent(run: Run, session: Session, subject: JobState, command: commands.GiveVerdict) -> None:
    """Raises Refused if the verdict contradicts its own findings, or the session's published artifacts."""
    contradiction = verdict_contradiction(command.verdict, command.findings)
    if contradiction:
        message = f"the verdict on {subject.spec.id} contradicts itself: {contradiction}"
        raise Refused(message, "gitorch verdict --help")

    require_evidence(subject, command)
    contradiction = verdict_fault(run, session.id, subject.spec.id, command.verdict)
    if contradiction:
        raise Refused(contradiction, "gitorch verdict needs_revision --finding 'important|PATH:LINE|TITLE'")


def _judged(run: Run, review: JobState, command: commands.GiveVerdict, lease: Lease) -> JobState:
    """The job that a verdict is about. Raises Refused if the commit or the nonce is that of another brief."""
    subject = subject_at(run, review, command.commit)
    if command.nonce != lease.nonce:
        message = f"this verdict does not carry the nonce of the brief for round {subject.attempt} of {review.spec.id}"
        raise Refused(message, "gitorch brief")

    return subject


def subject_at(run: Run, review: JobState, judged: CommitId) -> JobState:
    """The subject of a review. Raises Refused unless the judged commit is the one that was handed in."""
    subject = ensure.job_there(run, review.spec.subject or review.spec.id)
    commit = run.judged_commit(review)
    ready = subject is review or subject.phase is JobPhase.SUBMITTED
    if ready and judged == commit:
        return subject

    now = _short(commit)

    message = f"this verdict names {judged[:12]}, but what {subject.spec.id} handed in is {now}"
    raise Refused(message, "gitorch brief")


def _short(commit: CommitId | None) -> str:
    """The submitted commit as messages name it."""
    if commit is not None:
        return commit[:12]
    return "nothing"


def rejected(run: Run, subject: JobState, session: Session, text: str) -> tuple[Event, ...]:
    """Fail the rejected job. By the run's policy the run fails with it, or a human is asked."""
    stated = "no reason given"
    if text:
        stated = text.splitlines()[0]

    reason = f"{session.job} rejected it: {stated}"
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
    """Void the judged work, and any merge report that names it, because of commits after the handoff."""
    ensure.host(order.actor, "what it observed of a branch")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    handoff = job.handoff_that_counts
    if handoff is None or run.merged is not None:
        return ()

    if command.found == handoff.commit:
        return ()

    voided = events.WorkVoided(command.job, handoff.commit, command.found)
    if run.report is None:
        return (voided,)

    reason = f"{command.job} moved to {command.found[:12]}"
    return (events.ReportVoided(run.report.digest, reason), voided)


def note_overlap(state: State, order: Order, command: commands.NoteOverlap) -> tuple[Event, ...]:
    """An overlap. It is recorded once for each pair, and once more when the pair comes to conflict."""
    ensure.host(order.actor, "overlaps")
    run = ensure.run_there(state)
    if overlap_key(command.jobs, command.conflict) in run.overlaps:
        return ()

    return (events.OverlapNoted(command.jobs, command.paths, command.conflict),)


DECISIONS: Decisions = {
    commands.SubmitHandoff: submit_handoff,
    commands.RecordCheck: record_check,
    commands.GiveVerdict: give_verdict,
    commands.VoidWork: void,
    commands.NoteOverlap: note_overlap,
}
