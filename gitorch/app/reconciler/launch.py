"""Launching a single agent: ticking its run until it is alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.reconciler.tick import tick
from gitorch.app.reconciler.turn import turn
from gitorch.app.sessions.sessions import find_agent
from gitorch.model.work.session import SessionPhase

if TYPE_CHECKING:
    from gitorch.app.reconciler.tick import TickResult
    from gitorch.app.services import Services
    from gitorch.model.ids import JobId
    from gitorch.model.work.run import Run

LOOK_SECONDS = 0.1
"""The time between two ticks while the agent starts."""


def launch_agent(services: Services, name: str, run_name: str | None) -> tuple[Run, bool]:
    """Tick the run of an agent until it is alive, a human is asked about it, or only people can go on with the run.

    Gives the run after the last tick, and whether the agent is alive.

    Raises Busy where `gitorch up` runs, which launches it.
    Raises NotFound for an unknown agent, Usage where several runs have it.
    """
    run, job = find_agent(services, name, run_name)
    with turn(services):
        while True:
            ticked = tick(services, run.id)
            run = ticked.run
            alive = _is_alive(run, job)
            if alive or _is_asked_about(run, job) or _is_at_rest(ticked):
                return run, alive

            services.clock.sleep(LOOK_SECONDS)


def _is_alive(run: Run, job: JobId) -> bool:
    """Whether the session of a job was seen to work; one that only started is not alive yet."""
    session = run.jobs[job].session
    if session is None:
        return False

    return run.sessions[session].phase is SessionPhase.ALIVE


def _is_at_rest(ticked: TickResult) -> bool:
    """Whether no tick goes on by itself: the run is over, is paused, or waits for people at another job."""
    return ticked.waiting or ticked.run.phase.is_over


def _is_asked_about(run: Run, job: JobId) -> bool:
    """Whether an open question is about this job, so that no tick launches it before the answer."""
    return bool(run.open_questions(job))
