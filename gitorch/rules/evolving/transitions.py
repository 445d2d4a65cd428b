"""Changes of a run, one job, session or question at a time, along the tables of moves; and the guards that events share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt
from gitorch.model.ids import PromptId
from gitorch.model.plans.workflow import JobKind
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import WITHDRAWN, Answer
from gitorch.model.work.session import Prompt, SessionPhase
from gitorch.rules.evolving.job_needs import needs_are_met
from gitorch.rules.evolving.phases import JOB_MOVES, RUN_MOVES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.ids import JobId, Moment, QuestionId, SessionId
    from gitorch.model.record import Record
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run, RunPhase
    from gitorch.model.work.session import PromptKind


def with_job(run: Run, job: JobId, **changes: Any) -> Run:
    """The run with these fields of one job changed."""
    return replace(run, jobs={**run.jobs, job: replace(run.jobs[job], **changes)})


def with_session(run: Run, session: SessionId, **changes: Any) -> Run:
    """The run with these fields of one session changed."""
    return replace(run, sessions={**run.sessions, session: replace(run.sessions[session], **changes)})


def with_question(run: Run, question: QuestionId, **changes: Any) -> Run:
    """The run with these fields of one question changed."""
    return replace(run, questions={**run.questions, question: replace(run.questions[question], **changes)})


def withdraw(
    run: Run, record: Record, questions: Iterable[Question], option: str = WITHDRAWN, *, reason: str = ""
) -> Run:
    """The run with these questions closed by the record, with this option as their answer and what settled them as its text."""
    for question in questions:
        run = with_question(run, question.id, answer=Answer(option, reason, record.actor.name, record.at))

    return run


def move_job(run: Run, job: JobId, phase: JobPhase, **changes: Any) -> Run:
    """The run with a job moved to another phase and these other fields changed; a job may stay in its phase.

    Raises Corrupt for a move that the table does not have.
    """
    now = run.jobs[job].phase
    if phase is not now and phase not in JOB_MOVES[now]:
        legal = ", ".join(sorted(JOB_MOVES[now])) or "nothing"
        message = f"job {job} is {now} and cannot become {phase}; from {now} it may become {legal}"
        raise Corrupt(message)

    return with_job(run, job, phase=phase, **changes)


def move_run(run: Run, phase: RunPhase, **changes: Any) -> Run:
    """The run moved to another phase and with these other fields changed.

    Raises Corrupt for a move that the table does not have.
    """
    if phase not in RUN_MOVES[run.phase]:
        legal = ", ".join(sorted(RUN_MOVES[run.phase])) or "nothing"
        message = f"run {run.id} is {run.phase} and cannot become {phase}; from {run.phase} it may become {legal}"
        raise Corrupt(message)

    return replace(run, phase=phase, **changes)


def end_claim(run: Run, job: JobState, how: str) -> Run:
    """End the session of a manual claim together with its lease.

    A session of gitorch's own, and one that has ended, is left as it is.
    """
    if job.lease is None:
        return run

    session = run.sessions.get(job.lease.session)
    if session is None or not session.is_manual:
        return run

    if session.phase is SessionPhase.ENDED:
        return run

    return with_session(run, session.id, phase=SessionPhase.ENDED, ended=how)


def add_prompt(run: Run, session: SessionId, kind: PromptKind, about: str = "") -> Run:
    """Owe a new prompt to a session, unless it has ended or is a manual claim, whose holder reads by its own commands."""
    state = run.sessions[session]
    if state.phase is SessionPhase.ENDED or state.is_manual:
        return run

    number = run.prompts + 1
    prompt = Prompt(PromptId(f"p{number}"), kind, about)
    return replace(with_session(run, session, prompts=(*state.prompts, prompt)), prompts=number)


def promote(run: Run, at: Moment) -> Run:
    """Queue every blocked job whose needs are met; a checkpoint waits for the principal at once."""
    for job in tuple(run.jobs_in(JobPhase.BLOCKED)):
        if not needs_are_met(run, job.spec.id):
            continue

        phase = JobPhase.QUEUED
        if job.spec.kind is JobKind.CHECKPOINT:
            phase = JobPhase.WAITING_HUMAN

        run = move_job(run, job.spec.id, phase, ready_at=at)

    return run


def demote(run: Run) -> Run:
    """Block again what had waited its turn on work that was taken back: checkpoints, merges, jobs not yet begun."""
    for job, state in run.jobs.items():
        if _waits_its_turn(state) and not needs_are_met(run, job):
            run = move_job(run, job, JobPhase.BLOCKED)

    return run


def _waits_its_turn(job: JobState) -> bool:
    """Whether a job was never given out, or is a checkpoint that was asked about."""
    if job.phase is JobPhase.QUEUED:
        return job.attempt == 1 and job.fence == 0

    if job.spec.kind is not JobKind.CHECKPOINT:
        return False

    return job.phase in {JobPhase.WAITING_HUMAN, JobPhase.COMPLETED}


def ensure_leased(run: Run, job: JobId, session: SessionId, fence: int) -> JobState:
    """The job.

    Raises Corrupt unless this session holds its lease by this number.
    """
    state = run.jobs[job]
    if not _holds_lease(state, session, fence):
        message = f"{session} acted on {job} with lease {fence}, which is not current"
        raise Corrupt(message)

    return state


def _holds_lease(job: JobState, session: SessionId, fence: int) -> bool:
    """Whether this session holds the job's lease by this number."""
    if job.lease is None:
        return False

    return job.lease.session == session and job.lease.fence == fence


def ensure_own_session(run: Run, record: Record, session: SessionId) -> None:
    """Raises Corrupt unless the actor is the agent of this session, or the holder of its manual claim."""
    state = run.sessions[session]
    actor = record.actor.holder
    if state.is_manual:
        own = actor == state.holder
        owner = state.holder
    else:
        own = record.actor.session == session
        owner = "its own agent"

    if not own:
        message = f"{actor} acted for session {session}, which belongs to {owner}"
        raise Corrupt(message)
