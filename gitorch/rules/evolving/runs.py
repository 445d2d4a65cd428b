"""The run itself: prepared, confirmed, under way, over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.job import ENDED, JobPhase, JobState
from gitorch.model.run import Run, RunPhase
from gitorch.model.values import replace
from gitorch.model.workflow import JobKind, Settings
from gitorch.rules.transitions import move_job, move_run, promote, put_down, withdraw

if TYPE_CHECKING:
    from gitorch.model.events import (
        RunCanceled,
        RunCompleted,
        RunConfirmed,
        RunFailed,
        RunPaused,
        RunPrepared,
        RunResumed,
        RunStarted,
    )
    from gitorch.model.record import Record
    from gitorch.model.workflow import Cycle, JobSpec


def prepared(record: Record, event: RunPrepared) -> Run:
    """The first state of a run; nothing is queued before it is confirmed and started."""
    if record.run is None:
        message = "a run was prepared without an id"
        raise Corrupt(message)
    jobs = {job: JobState(spec=spec) for job, spec in event.workflow.jobs.items()}
    return Run(
        id=record.run,
        title=event.title,
        phase=RunPhase.PREPARED,
        workflow=event.workflow,
        settings=Settings(),
        target=event.target,
        target_commit=event.target_commit,
        plan=event.plan,
        plan_digest=event.plan_digest,
        prepared_at=record.at,
        prepared_by=record.actor.name,
        jobs=jobs,
    )


def confirmed(run: Run, _: Record, event: RunConfirmed) -> Run:
    """The answers count from here on."""
    jobs = {
        job: replace(state, rounds_allowed=_rounds(run, state.spec, event.settings)) for job, state in run.jobs.items()
    }
    return move_run(run, RunPhase.READY, settings=event.settings, jobs=jobs, git_settings=event.git_settings)


def _rounds(run: Run, spec: JobSpec, settings: Settings) -> int:
    """The last attempt before a human is asked: one more than the cycle leads back, within the job's own attempts."""
    synthesis = spec.kind is JobKind.PHASE_SYNTHESIS
    judged = synthesis or any(state.spec.subject == spec.id for state in run.jobs.values())
    ends = (
        c for c in run.workflow.cycles if spec.id == (c.review if synthesis else c.back_to) and _is_own(run, spec, c)
    )
    rounds = max((c.rounds for c in ends), default=0) + 1 if judged else settings.rounds_max
    return min(rounds, spec.attempts_max) if spec.attempts_max else rounds


def _is_own(run: Run, spec: JobSpec, cycle: Cycle) -> bool:
    """Whether a cycle is of this job's own gate: that of a later synthesis allows its rounds when it comes to them."""
    return cycle.review == spec.id or run.jobs[cycle.review].spec.subject == spec.id


def started(run: Run, record: Record, _: RunStarted) -> Run:
    """What needs nothing is queued."""
    return promote(move_run(run, RunPhase.RUNNING, started_at=record.at), record.at)


def paused(run: Run, _: Record, event: RunPaused) -> Run:
    """Nothing new begins."""
    return move_run(run, RunPhase.PAUSED, reason=event.reason)


def resumed(run: Run, _: Record, __: RunResumed) -> Run:
    """The run goes on where it was."""
    return move_run(run, RunPhase.RUNNING, reason="")


def canceled(run: Run, record: Record, event: RunCanceled) -> Run:
    """Every job that is not over is canceled; branches stay."""
    return _cut_short(run, record, RunPhase.CANCELED, event.reason)


def failed(run: Run, record: Record, event: RunFailed) -> Run:
    """The run is over without its result."""
    return _cut_short(run, record, RunPhase.FAILED, event.reason)


def _cut_short(run: Run, record: Record, phase: RunPhase, reason: str) -> Run:
    for job, state in run.jobs.items():
        if state.phase not in ENDED:
            run = move_job(put_down(run, state, "stopped"), job, JobPhase.CANCELED, lease=None)
    return withdraw(move_run(run, phase, ended_at=record.at, reason=reason), record, run.open_questions())


def completed(run: Run, record: Record, _: RunCompleted) -> Run:
    """Everything is done. Raises Corrupt while a job is not over."""
    left = [job for job, state in run.jobs.items() if state.phase not in ENDED]
    if left:
        message = f"run {run.id} is said to be completed while {', '.join(left)} is not over"
        raise Corrupt(message)
    return withdraw(move_run(run, RunPhase.COMPLETED, ended_at=record.at), record, run.open_questions())
