"""Whether an agent is present and what it is doing, in one word each (P41)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.observed import AgentState
from gitorch.model.view import SessionRow
from gitorch.model.work.job import JobPhase
from gitorch.model.work.session import SessionPhase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment, SessionId
    from gitorch.model.observed import SessionObservation
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

ASKED_ABOUT = {"stuck:": "stuck", "failed:": "failed", "blocked:": "blocked", "stopped:": "stopped"}
"""The word for an agent about which a human is asked, by the beginning of the question's trigger."""


def agent_words(run: Run, observations: Mapping[SessionId, SessionObservation] | None) -> dict[SessionId, str]:
    """What the agent of each living session is doing, by session. `observations` is None when nobody could look."""
    return {session.id: agent_word(run, session, observations) for session in _living(run)}


def _living(run: Run) -> list[Session]:
    """The sessions that have not ended, oldest first."""
    return [session for session in run.sessions.values() if session.phase is not SessionPhase.ENDED]


def agent_word(run: Run, session: Session, observations: Mapping[SessionId, SessionObservation] | None) -> str:
    """The activity of a session's agent in one word.

    While a question about the session is open, the word says what for; otherwise it is the state that the terminal shows.
    `observations` is None when nobody could look; the state is `unknown` then.
    """
    if session.holder:
        return "by hand"

    asked = _asked_word(run, session)
    if asked:
        return asked

    if observations is None:
        return str(AgentState.UNKNOWN)

    return _observed_word(session, observations.get(session.id))


def _observed_word(session: Session, observation: SessionObservation | None) -> str:
    """The state that a terminal shows: `starting` before the agent was there, `exited` after it.

    An agent that was seen alive and is not found any more is `unknown`: it starts no longer.
    """
    if observation is None or not _has_begun(observation):
        if session.phase is SessionPhase.STARTING:
            return str(AgentState.STARTING)

        return str(AgentState.UNKNOWN)

    if not observation.present:
        return str(AgentState.EXITED)

    return observation.word


def _asked_word(run: Run, session: Session) -> str:
    """`stuck`, `blocked` or `stopped` while a human is asked about this session; empty otherwise."""
    for question in run.open_questions(session.job):
        if question.session not in {None, session.id}:
            continue

        for trigger, word in ASKED_ABOUT.items():
            if question.trigger.startswith(trigger):
                return word

    return ""


def _has_begun(observation: SessionObservation) -> bool:
    """Whether the agent was ever there."""
    return observation.present or observation.started


def presence(
    run: Run, session: Session, observations: Mapping[SessionId, SessionObservation] | None, now: Moment
) -> str:
    """`alive`, `stale`, `dead`, or `unknown` when nobody could look.

    A session is stale when its agent has been silent for longer than its lane allows, or when its lease
    ran out. People have no terminal here, so their sessions are never `dead` or `unknown` before they
    end.
    """
    if session.phase is SessionPhase.ENDED:
        return "dead"

    if not session.holder:
        absent = _absence(observations, session)
        if absent:
            return absent

    if _lease_expired(run, session, now) or _is_silent(run, session, observations, now):
        return "stale"

    return "alive"


def _absence(observations: Mapping[SessionId, SessionObservation] | None, session: Session) -> str:
    """`unknown` or `dead` when the agent was not seen; empty when it is there."""
    observation = _observation(observations, session)
    if observation is None or not _has_begun(observation):
        return "unknown"

    if not observation.present or observation.state is AgentState.EXITED:
        return "dead"

    return ""


def _observation(
    observations: Mapping[SessionId, SessionObservation] | None, session: Session
) -> SessionObservation | None:
    """The observation of a session; None when nobody could look, or when there was nothing to see."""
    if observations is None:
        return None

    return observations.get(session.id)


def _is_silent(
    run: Run, session: Session, observations: Mapping[SessionId, SessionObservation] | None, now: Moment
) -> bool:
    """Whether an agent at work has shown nothing new for longer than its lane allows. People may be silent."""
    observation = _observation(observations, session)
    if session.holder or observation is None:
        return False

    return _is_quiet(run, session, now, observation)


def _is_quiet(run: Run, session: Session, now: Moment, observation: SessionObservation) -> bool:
    """Whether a running agent has shown nothing new for longer than its lane allows."""
    if run.jobs[session.job].phase is not JobPhase.RUNNING:
        return False

    quiet_ms = now - (observation.changed_at or observation.started_at or now)
    return quiet_ms > run.limits_of(session.lane).silence_seconds * 1000


def _lease_expired(run: Run, session: Session, now: Moment) -> bool:
    """Whether this session holds a lease that has run out."""
    lease = run.jobs[session.job].lease
    if lease is None or lease.session != session.id:
        return False

    return lease.until < now


def session_rows(
    run: Run, observations: Mapping[SessionId, SessionObservation] | None, now: Moment
) -> tuple[SessionRow, ...]:
    """A row for each living session, oldest first."""
    return tuple(_session_row(run, session, observations, now) for session in _living(run))


def _session_row(
    run: Run, session: Session, observations: Mapping[SessionId, SessionObservation] | None, now: Moment
) -> SessionRow:
    """The row of one session."""
    observation = _observation(observations, session)
    channel = ""
    if observation is not None:
        channel = observation.channel

    return SessionRow(
        id=session.id,
        run=run.id,
        job=session.job,
        runtime=session.runtime,
        presence=presence(run, session, observations, now),
        agent=agent_word(run, session, observations),
        phase=str(run.jobs[session.job].phase),
        since=session.started_at,
        channel=channel,
        skipped=silent_channels(session, observation),
    )


def silent_channels(session: Session, observation: SessionObservation | None) -> Mapping[str, str]:
    """The control channels to an agent that do not answer, with the reasons.

    One look may be too short to tell a silent channel from a slow one, so those count that the ledger names and that are not in use.
    """
    if observation is None:
        return session.silent_channels

    silent = {name: reason for name, reason in session.silent_channels.items() if name != observation.channel}
    return {**silent, **observation.skipped}
