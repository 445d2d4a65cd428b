"""`gitorch host run --once`: one job, from its lease until it is handed in, then the end of its agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute
from gitorch.app.query.lookup import load_runs, unsettled_runs
from gitorch.app.reconciler.loop import loop
from gitorch.app.sessions.teardown import tear_down
from gitorch.model.commands import EndSession
from gitorch.model.values import Value
from gitorch.model.work.job import ACTIVE, JobPhase
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import SessionPhase
from gitorch.rules.reconciling.readying import is_target_check_owed
from gitorch.rules.views.why import NEXT_TICK, why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.app.reconciler.tick import TickResult
    from gitorch.app.services import Services
    from gitorch.model.ids import JobId, RunId, SessionId
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

ROUNDS_MAX = 3
"""Ticks of a run without a job before this host gives up: another host may be faster at the first."""

PATIENCE_MS = 3_000
"""How long a host goes on that could tick no run at all."""


SHOWN = ACTIVE | {JobPhase.QUEUED}
"""Phases of a job that say why a host has nothing to take."""


class TakenJob(Value):
    """A job that this host worked on."""

    run: RunId
    job: JobId
    phase: JobPhase
    is_asked_about: bool
    """Whether people are asked about it."""


def take_one_job(services: Services, say: Callable[[str], None]) -> tuple[TakenJob, ...]:
    """Take a job, and drive its run until the job is handed in and tested; the result is empty where there was none.

    Raises Busy where another loop runs in this clone, and the error that kept the ledger from being read or written.
    """
    worker = _Worker(services)
    result = loop(services, None, stay=True, show=worker.see, stopping=worker.is_done, say=say, places=worker.places)
    for error in result.errors:
        raise error
    return tuple(worker.finish())


def why_none(services: Services) -> tuple[str, ...]:
    """Why this host took no job, a sentence each.

    It may not write; or how each job stands that is queued or at work, and who leads its run.
    """
    host, known = services.host.host, services.ledger.state(None).board.hosts
    if known and host not in known:
        return (
            f"{host} is not a host of this ledger: on a host that is, type the command that `gitorch host join` prints here",
        )

    reasons: list[str] = []
    for run in load_runs(services, unsettled_runs(services)):
        shown = [job for job in run.jobs.values() if job.phase in SHOWN]
        for job in shown:
            reason = why(run, job).replace(NEXT_TICK, "needs a host that can start its agent (gitorch doctor)")
            reasons.append(f"{job.spec.id} of {run.id}: {reason}")
        if run.host not in {"", host}:
            reasons.append(f"{run.id} is led by {run.host}, which runs the tests of {run.target}, reports and merges")
    return tuple(reasons)


class _Worker:
    """What this host has taken since it began."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.began = services.clock.now()
        self.rounds: dict[RunId, int] = {}
        self.before: set[tuple[RunId, SessionId]] = set()
        for run, session in self.mine():
            self.before.add((run.id, session.id))

    def mine(self) -> Iterator[tuple[Run, Session]]:
        """The sessions of this host in runs that are not settled."""
        for run in load_runs(self.services, unsettled_runs(self.services)):
            for session in run.sessions.values():
                if session.host == self.services.host.host:
                    yield run, session

    def taken(self) -> list[tuple[Run, Session]]:
        """The sessions that were opened since this host began."""
        found: list[tuple[Run, Session]] = []
        for run, session in self.mine():
            if (run.id, session.id) not in self.before:
                found.append((run, session))
        return found

    def places(self) -> int:
        """How many more agents may be started here."""
        jobs: set[tuple[RunId, JobId]] = set()
        for run, session in self.taken():
            jobs.add((run.id, session.job))
        return 1 - len(jobs)

    def see(self, result: TickResult) -> None:
        """Count the ticks of each run, from anew while this host has the target's tests to run: no job is given out before."""
        run = result.run
        is_preparing = run.phase is RunPhase.RUNNING and is_target_check_owed(run) and not run.faults
        if result.observed.leads and is_preparing:
            self.rounds[run.id] = 0
        else:
            self.rounds[run.id] = self.rounds.get(run.id, 0) + 1

    def is_done(self) -> bool:
        """Whether the job is handed in, or none was found in some rounds. It is asked more often than runs are ticked."""
        taken = self.taken()
        if not taken and not self.rounds:
            return self.services.clock.now() - self.began >= PATIENCE_MS

        if not taken:
            return 0 not in self.rounds.values() and max(self.rounds.values()) >= ROUNDS_MAX

        for run, session in taken:
            if not _is_finished(run, session):
                return False
        return True

    def finish(self) -> Iterator[TakenJob]:
        """End the agents, and tell what became of their jobs."""
        for run, session in self.taken():
            if session.phase is not SessionPhase.ENDED:
                _end(self.services, run, session.id)
            job = run.jobs[session.job]
            yield TakenJob(run.id, session.job, job.phase, bool(run.open_questions(session.job)))


def _is_finished(run: Run, session: Session) -> bool:
    """Whether nothing of this session's job is left to do here."""
    job = run.jobs[session.job]
    if run.open_questions(session.job) or run.phase.is_over:
        return True

    if job.is_leased_to(session.id) or job.session != session.id:
        return session.phase is SessionPhase.ENDED

    untested = [waiting.spec.id for waiting, _ in run.untested_handoffs()]
    return session.job not in untested


def _end(services: Services, run: Run, session: SessionId) -> None:
    """End an agent whose machine may go away; what comes next for its job goes to a new one."""
    tear_down(services, run, session)
    execute(services, run.id, services.host, EndSession(session, "stopped"))
