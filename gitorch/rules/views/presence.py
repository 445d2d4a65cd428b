"""Whether an agent is there, and what it is doing, in one word each: what people are shown (P41)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.job import JobPhase
from gitorch.model.observed import AgentState
from gitorch.model.session import SessionPhase
from gitorch.model.view import SessionRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment, SessionId
    from gitorch.model.observed import SessionObservation
    from gitorch.model.run import Run
    from gitorch.model.session import Session

ASKED_ABOUT = {"stuck:": "stuck", "blocked:": "blocked", "stopped:": "stopped"}
"""What an agent is while a human is asked about it, by how the question was raised."""


def agent_words(run: Run, sights: Mapping[SessionId, SessionObservation] | None) -> dict[SessionId, str]:
    """What each session that is not over is doing: the state its terminal shows, or `stuck` or `blocked` while that is asked."""
    living = (s for s in run.sessions.values() if s.phase is not SessionPhase.ENDED)
    return {session.id: agent_word(run, session, sights) for session in living}


def agent_word(run: Run, session: Session, sights: Mapping[SessionId, SessionObservation] | None) -> str:
    """Of one session."""
    if session.holder:
        return "by hand"
    for question in run.open_questions(session.job):
        for trigger, word in ASKED_ABOUT.items():
            if question.trigger.startswith(trigger) and question.session in {None, session.id}:
                return word
    if sights is None:
        return str(AgentState.UNKNOWN)
    observation = sights.get(session.id)
    if observation is None or not (observation.present or observation.started):
        return str(AgentState.STARTING)
    return observation.word if observation.present else str(AgentState.EXITED)


def presence(run: Run, session: Session, sights: Mapping[SessionId, SessionObservation] | None, now: Moment) -> str:
    """`alive`; `stale` when nothing new was seen for as long as an agent may be silent; `dead`; `unknown` when nobody can say."""
    if session.phase is SessionPhase.ENDED:
        return "dead"
    if session.holder:
        return "stale" if _lease_ran_out(run, session, now) else "alive"
    observation = None if sights is None else sights.get(session.id)
    if observation is None or not (observation.present or observation.started):
        return "unknown"
    if not observation.present or observation.state is AgentState.EXITED:
        return "dead"
    quiet = now - (observation.changed_at or observation.started_at or now)
    working = run.jobs[session.job].phase is JobPhase.RUNNING
    silent = working and quiet > run.limits_of(session.lane).silence_seconds * 1000
    return "stale" if silent or _lease_ran_out(run, session, now) else "alive"


def _lease_ran_out(run: Run, session: Session, now: Moment) -> bool:
    lease = run.jobs[session.job].lease
    return lease is not None and lease.session == session.id and lease.until < now


def session_rows(
    run: Run, sights: Mapping[SessionId, SessionObservation] | None, now: Moment
) -> tuple[SessionRow, ...]:
    """Every session that is not over, oldest first; jobs of agents that were not begun yet are no sessions."""
    living = (s for s in run.sessions.values() if s.phase is not SessionPhase.ENDED)
    return tuple(
        SessionRow(
            id=session.id,
            run=run.id,
            job=session.job,
            runtime=session.runtime,
            presence=presence(run, session, sights, now),
            agent=agent_word(run, session, sights),
            phase=str(run.jobs[session.job].phase),
            since=session.started_at,
        )
        for session in living
    )
