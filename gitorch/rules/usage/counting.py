"""What sessions have used: each count of a model only grows, so that no token counts twice, however often it is read (C10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.observed import AgentState
from gitorch.model.work.usage import ModelUsage, Spent, by_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.model.commands import Command
    from gitorch.model.ids import JobId, Moment
    from gitorch.model.observed import SessionObservation
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

RECORD_MS = 300_000
"""How long growth waits for its record while an agent works: a turn may last for hours, and each record is a commit."""


def used(session: Session) -> tuple[ModelUsage, ...]:
    """What a session has used so far, for each model."""
    return by_model(spent.usage for spent in session.spent)


def growth(session: Session, models: Iterable[ModelUsage]) -> tuple[ModelUsage, ...]:
    """By how much these totals exceed what is recorded of the session; models without growth are left out."""
    recorded = {usage.model: usage for usage in used(session)}
    grown: list[ModelUsage] = []
    for usage in models:
        more = usage.beyond(recorded.get(usage.model, ModelUsage(usage.model)))
        if not more.is_nothing:
            grown.append(more)

    return tuple(grown)


def with_growth(session: Session, attempt: int, models: Iterable[ModelUsage]) -> tuple[Spent, ...]:
    """What the session has spent once these totals are recorded: growth goes to the attempt under way."""
    spent = {(one.attempt, one.usage.model): one for one in session.spent}
    for more in growth(session, models):
        before = spent.get((attempt, more.model), Spent(attempt, ModelUsage(more.model)))
        spent[attempt, more.model] = Spent(attempt, before.usage.plus(more))

    return tuple(spent.values())


def usage_commands(session: Session, seen: SessionObservation, now: Moment, *, urgent: bool) -> Iterator[Command]:
    """The record of what a session has used since the last one.

    The first growth is recorded at once, because it names the model; what is `urgent` too. Else it is recorded when the
    agent does not work, and now and then while it does.
    """
    from gitorch.model.commands import RecordUsage  # noqa: PLC0415  # 2 ms that verbs that read do not pay

    if not growth(session, seen.usage.models):
        return

    if urgent or _is_due(session, seen, now):
        yield RecordUsage(session.id, seen.usage)


def _is_due(session: Session, seen: SessionObservation, now: Moment) -> bool:
    """Whether growth is to be recorded now."""
    if session.usage_at is None or seen.state is not AgentState.WORKING:
        return True

    return now - session.usage_at >= RECORD_MS


def sessions_of(run: Run, epic: JobId) -> Iterator[Session]:
    """The sessions that worked on an epic or judged it."""
    for session in run.sessions.values():
        if epic_of(run, session.job) == epic:
            yield session


def epic_of(run: Run, job: JobId) -> JobId:
    """The epic that a job belongs to: a review belongs to the work that it judges."""
    return run.jobs[job].spec.subject or job


def model_of(run: Run, session: Session) -> str:
    """The model of a session: the one that served most of it, as the program named it; else the one that its lane asks for.

    Empty when neither is known.
    """
    models = used(session)
    if not models:
        return run.workflow.lanes[session.lane].model

    return max(models, key=lambda usage: usage.fresh).model
