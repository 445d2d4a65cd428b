"""`gitorch host run --once`: one job, from its lease until it is handed in, then the end of its agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute
from gitorch.app.query.lookup import load_runs, unsettled_runs
from gitorch.app.reconciler.loop import loop
from gitorch.app.sessions.teardown import tear_down
from gitorch.model.commands import EndSession
from gitorch.model.values import Value
from gitorch.model.work.session import SessionPhase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.app.services import Services
    from gitorch.model.ids import JobId, RunId, SessionId
    from gitorch.model.work.job import JobPhase
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

ROUNDS_MAX = 3
"""Rounds of ticks without a job before this host gives up: another host may be faster at the first."""


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
    result = loop(services, None, stay=True, stopping=worker.is_done, say=say, places=worker.places)
    for error in result.errors:
        raise error
    return tuple(worker.finish())


class _Worker:
    """What this host has taken since it began."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.rounds = 0
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

    def is_done(self) -> bool:
        """Whether the job is handed in, or none was found in some rounds."""
        self.rounds += 1
        taken = self.taken()
        if not taken:
            return self.rounds >= ROUNDS_MAX

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
