"""The run itself: prepared, confirmed, under way, over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.plans.workflow import JobKind, Settings
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase, JobState
from gitorch.model.work.run import Run, RunPhase
from gitorch.rules.evolving import BY_ALL_BUT_AGENTS, BY_ANYBODY, BY_HOST, BY_PRINCIPAL, Evolution
from gitorch.rules.evolving.transitions import end_claim, move_job, move_run, promote, withdraw
from gitorch.rules.messages.mail import first_line

if TYPE_CHECKING:
    from gitorch.model.ids import RunId
    from gitorch.model.plans.workflow import Cycle, JobSpec
    from gitorch.model.record import Record
    from gitorch.rules.evolving import Evolutions


def prepared(run: RunId, record: Record, event: events.RunPrepared) -> Run:
    """Create a run; nothing is queued before the run is confirmed and started."""
    return Run(
        id=run,
        title=event.title,
        phase=RunPhase.PREPARED,
        workflow=event.workflow,
        settings=Settings(),
        target=event.target,
        target_commit=event.target_commit,
        plan=event.plan,
        plan_digest=event.plan_digest,
        prepared_at=record.at,
        host=record.actor.host,
        jobs={job: JobState(spec=spec) for job, spec in event.workflow.jobs.items()},
    )


def confirmed(run: Run, _: Record, event: events.RunConfirmed) -> Run:
    """Apply the settings, and give each job its rounds."""
    jobs: dict[str, JobState] = {}
    for job, state in run.jobs.items():
        jobs[job] = replace(state, rounds_allowed=_rounds(run, state.spec, event.settings))

    return move_run(
        run,
        RunPhase.READY,
        settings=event.settings,
        jobs=jobs,
        git_settings=event.git_settings,
        repository=event.repository,
    )


def settings_taken(run: Run, record: Record, event: events.SettingsTaken) -> Run:
    """Keep the settings of one more host. Raises Corrupt if it took them before."""
    host = record.actor.host
    if host in run.settings_taken:
        message = f"host {host} took its git settings twice"
        raise Corrupt(message)

    return replace(run, settings_taken={**run.settings_taken, host: event.git_settings})


def _rounds(run: Run, spec: JobSpec, settings: Settings) -> int:
    """The number of attempts before a human is asked, by the job's cycle or the run's settings, within the job's own limit."""
    rounds = settings.rounds_max
    if _is_judged(run, spec):
        rounds = _cycle_rounds(run, spec)

    if spec.attempts_max:
        return min(rounds, spec.attempts_max)

    return rounds


def _cycle_rounds(run: Run, spec: JobSpec) -> int:
    """One attempt more than the job's cycle leads back."""
    own = [cycle.rounds for cycle in run.workflow.cycles if _returns_own_work(run, spec, cycle)]
    return max(own, default=0) + 1


def _is_judged(run: Run, spec: JobSpec) -> bool:
    """Whether a verdict opens the job's gate: its reviews', or its own when it is the synthesis of a phase."""
    if spec.kind is JobKind.PHASE_SYNTHESIS:
        return True

    for state in run.jobs.values():
        if state.spec.subject == spec.id:
            return True

    return False


def _returns_own_work(run: Run, spec: JobSpec, cycle: Cycle) -> bool:
    """Whether a cycle belongs to this job's gate. The cycle of a later synthesis allows its rounds when it comes to them."""
    if spec.kind is JobKind.PHASE_SYNTHESIS:
        return cycle.review == spec.id

    return cycle.back_to == spec.id and run.jobs[cycle.review].spec.subject == spec.id


def started(run: Run, record: Record, _: events.RunStarted) -> Run:
    """Queue the jobs that need nothing."""
    return promote(move_run(run, RunPhase.RUNNING, started_at=record.at), record.at)


def paused(run: Run, _: Record, event: events.RunPaused) -> Run:
    """Pause the run: nothing new begins."""
    return move_run(run, RunPhase.PAUSED, reason=event.reason)


def resumed(run: Run, _: Record, __: events.RunResumed) -> Run:
    """Resume the run in the state in which it was paused."""
    return move_run(run, RunPhase.RUNNING, reason="")


def canceled(run: Run, record: Record, event: events.RunCanceled) -> Run:
    """Cancel the run and every job that is not over; branches stay."""
    return _cut_short(run, record, RunPhase.CANCELED, event.reason)


def failed(run: Run, record: Record, event: events.RunFailed) -> Run:
    """End the run without its result."""
    return _cut_short(run, record, RunPhase.FAILED, event.reason)


def _cut_short(run: Run, record: Record, phase: RunPhase, reason: str) -> Run:
    """End the run early: cancel every job that is not over, end the claims, and withdraw the open questions."""
    for job, state in run.jobs.items():
        if not state.phase.is_over:
            run = end_claim(run, state, "stopped")
            run = move_job(run, job, JobPhase.CANCELED, lease=None, trouble=first_line(reason))

    run = move_run(run, phase, reason=reason, faults={})
    return withdraw(run, record, run.open_questions(), reason=f"the run is {phase}")


def completed(run: Run, record: Record, _: events.RunCompleted) -> Run:
    """Complete the run. Raises Corrupt if a job is not over."""
    left = []
    for job, state in run.jobs.items():
        if not state.phase.is_over:
            left.append(job)

    if left:
        message = f"run {run.id} was completed while {', '.join(left)} was not over"
        raise Corrupt(message)

    run = move_run(run, RunPhase.COMPLETED, faults={})
    return withdraw(run, record, run.open_questions(), reason="the run is completed")


EVENTS: Evolutions = {
    events.RunConfirmed: Evolution(confirmed, BY_PRINCIPAL),
    events.SettingsTaken: Evolution(settings_taken, BY_HOST),
    events.RunStarted: Evolution(started, BY_HOST),
    events.RunPaused: Evolution(paused, BY_ALL_BUT_AGENTS),
    events.RunResumed: Evolution(resumed, BY_ALL_BUT_AGENTS),
    events.RunCanceled: Evolution(canceled, BY_PRINCIPAL),
    events.RunFailed: Evolution(failed, BY_ANYBODY),
    events.RunCompleted: Evolution(completed, BY_ANYBODY),
}
