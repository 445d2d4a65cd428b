"""Changing a run's frozen values: one job, one session, one question at a time, along the tables of moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt
from gitorch.model.ids import PromptId
from gitorch.model.job import JobPhase
from gitorch.model.question import Answer
from gitorch.model.session import Prompt, SessionPhase
from gitorch.model.values import replace
from gitorch.model.workflow import JobKind
from gitorch.rules.phases import JOB_MOVES, RUN_MOVES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.ids import JobId, Moment, QuestionId, SessionId
    from gitorch.model.job import JobState
    from gitorch.model.question import Question
    from gitorch.model.record import Record
    from gitorch.model.run import Run, RunPhase
    from gitorch.model.session import PromptKind

WITHDRAWN = "withdrawn"
"""The answer that closes a question whose reason is gone; no person can give it."""


def with_job(run: Run, job: JobId, **changes: Any) -> Run:
    """The run with these fields of one job changed."""
    return replace(run, jobs={**run.jobs, job: replace(run.jobs[job], **changes)})


def with_session(run: Run, session: SessionId, **changes: Any) -> Run:
    """The run with these fields of one session changed."""
    return replace(run, sessions={**run.sessions, session: replace(run.sessions[session], **changes)})


def with_question(run: Run, question: QuestionId, **changes: Any) -> Run:
    """The run with these fields of one question changed."""
    return replace(run, questions={**run.questions, question: replace(run.questions[question], **changes)})


def withdraw(run: Run, record: Record, questions: Iterable[Question], option: str = WITHDRAWN) -> Run:
    """The run with these questions closed by what the record says, so that nobody is asked about them any more."""
    for question in questions:
        run = with_question(run, question.id, answer=Answer(option, "", record.actor.name, record.at))
    return run


def move_job(run: Run, job: JobId, phase: JobPhase, **changes: Any) -> Run:
    """The run with a job moved to another phase. Raises Corrupt where the table has no such move."""
    now = run.jobs[job].phase
    if phase is not now and phase not in JOB_MOVES[now]:
        legal = ", ".join(sorted(JOB_MOVES[now])) or "nothing"
        message = f"job {job} is {now} and cannot become {phase}; from {now} it may become {legal}"
        raise Corrupt(message)
    return with_job(run, job, phase=phase, **changes)


def move_run(run: Run, phase: RunPhase, **changes: Any) -> Run:
    """The run moved to another phase. Raises Corrupt where the table has no such move."""
    if phase not in RUN_MOVES[run.phase]:
        legal = ", ".join(sorted(RUN_MOVES[run.phase])) or "nothing"
        message = f"run {run.id} is {run.phase} and cannot become {phase}; from {run.phase} it may become {legal}"
        raise Corrupt(message)
    return replace(run, phase=phase, **changes)


def put_down(run: Run, job: JobState, how: str) -> Run:
    """A session that was taken by hand ends with its lease; there is nothing in the world to stop."""
    session = run.sessions.get(job.lease.session) if job.lease is not None else None
    if session is None or not session.holder or session.phase is SessionPhase.ENDED:
        return run
    return with_session(run, session.id, phase=SessionPhase.ENDED, ended=how)


def add_prompt(run: Run, session: SessionId, kind: PromptKind, about: str = "") -> Run:
    """Owe a new text to a session, unless it is over, or somebody works by hand and asks for what there is to read."""
    if run.sessions[session].phase is SessionPhase.ENDED or run.sessions[session].holder:
        return run
    prompt = Prompt(PromptId(f"p{run.prompts + 1}"), kind, about)
    prompts = (*run.sessions[session].prompts, prompt)
    return replace(with_session(run, session, prompts=prompts), prompts=run.prompts + 1)


def promote(run: Run, at: Moment) -> Run:
    """Queue every blocked job whose needs are met; a checkpoint goes straight to the human."""
    for job, state in run.jobs.items():
        if state.phase is JobPhase.BLOCKED and run.needs_are_met(job):
            waits = state.spec.kind is JobKind.CHECKPOINT
            run = move_job(run, job, JobPhase.WAITING_HUMAN if waits else JobPhase.QUEUED, ready_at=at)
    return run


def demote(run: Run) -> Run:
    """Block again what was waiting its turn on work that was taken back: checkpoints, merges, jobs not yet begun."""
    for job, state in run.jobs.items():
        waiting = state.phase is JobPhase.QUEUED and state.attempt == 1 and state.fence == 0
        asked = state.spec.kind is JobKind.CHECKPOINT and state.phase in {JobPhase.WAITING_HUMAN, JobPhase.COMPLETED}
        if (waiting or asked) and not run.needs_are_met(job):
            run = move_job(run, job, JobPhase.BLOCKED)
    return run
