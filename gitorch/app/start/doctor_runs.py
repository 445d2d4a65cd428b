"""The part of `gitorch doctor` about runs that are not settled: faults, lost worktrees, channels that do not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import load_runs, unsettled_runs
from gitorch.app.query.runs import observe_sessions
from gitorch.app.start.health import HealthCheck
from gitorch.errors import GitorchError
from gitorch.model.counts import counted
from gitorch.model.work.question import fault_trigger
from gitorch.model.work.session import SessionPhase
from gitorch.rules.views.presence import silent_channels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.app.services import Services
    from gitorch.model.observed import SessionObservation
    from gitorch.model.work.fault import Fault
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


def examine_runs(services: Services) -> Iterator[HealthCheck]:
    """What keeps failing in runs that are not settled, and what their agents at work lack, each with a command that helps."""
    try:
        if not services.ledger.exists():
            return
        for run in load_runs(services, unsettled_runs(services)):
            for fault in run.faults.values():
                yield HealthCheck(f"run {run.id}", False, fault.sentence, _where_it_is_asked(run, fault))
            yield from _lost_worktrees(services, run)
            yield from _heard_of_agents(services, run)
    except GitorchError as error:
        yield HealthCheck("runs", False, error.message, error.hint or "gitorch verify")


def _lost_worktrees(services: Services, run: Run) -> Iterator[HealthCheck]:
    """Agents at work whose worktree was deleted under them: they see an empty folder, and nothing that they write is kept."""
    for session in run.living_sessions:
        path = services.paths.worktree(run, session.id)
        if session.phase is SessionPhase.ALIVE and run.jobs[session.job].is_leased_to(session.id) and not path.exists():
            text = f"the worktree of {session.job} is gone: {path}; its agent ({session.id}) still works in it"
            fix = f"gitorch session restart {session.job} --run {run.id}"
            yield HealthCheck(f"run {run.id}", False, text, fix)


def _heard_of_agents(services: Services, run: Run) -> Iterator[HealthCheck]:
    """What agents at work tell badly: hook events that are none, and control channels that do not answer."""
    observations = observe_sessions(services, run) or {}
    for session in run.living_sessions:
        seen = observations.get(session.id)
        if seen is not None:
            for text in _passed_over(session, seen):
                yield HealthCheck(f"run {run.id}", None, text, f"gitorch peek {session.job} --run {run.id}")

        for channel, reason in silent_channels(session, seen).items():
            text = f"the channel {channel} to the agent of {session.job} ({session.id}) does not answer: {reason}"
            yield HealthCheck(f"run {run.id}", None, text, f"gitorch session restart {session.job} --run {run.id}")


def _passed_over(session: Session, seen: SessionObservation) -> Iterator[str]:
    """What lines of a session's files say nothing, as sentences."""
    whose = f"of {session.job} ({session.id})"
    if seen.broken_hooks:
        yield f"passed over {counted(seen.broken_hooks, 'line')} in the hook events {whose} that no hook wrote"
    if seen.broken_lines:
        yield f"passed over {counted(seen.broken_lines, 'line')} in the transcript {whose} that its program did not write"


def _where_it_is_asked(run: Run, fault: Fault) -> str:
    """The command that shows the question about a fault, or the run while nobody is asked yet."""
    for question in run.open_questions():
        if question.trigger == fault_trigger(fault.step.name):
            return f"gitorch show {question.id} --run {run.id}"
    return f"gitorch status {run.id}"
