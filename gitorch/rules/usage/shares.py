"""Who used what in a run, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import noun_for
from gitorch.model.view import UsageShare
from gitorch.model.work.usage import total
from gitorch.rules.usage.counting import epic_of, model_of, used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.usage import ModelUsage

UNITS = ((1_000_000, "M"), (1_000, "k"))


def shares(run: Run) -> tuple[UsageShare, ...]:
    """What each session of a run used, by attempt and model, in the order of the sessions."""
    found: list[UsageShare] = []
    for session in run.sessions.values():
        for spent in session.spent:
            share = UsageShare(
                job=session.job,
                attempt=spent.attempt,
                session=session.id,
                runtime=session.runtime,
                lane=session.lane,
                usage=spent.usage,
            )
            found.append(share)

    return tuple(found)


def usage_of(run: Run, job: JobId | None = None) -> ModelUsage:
    """What the sessions of one job used, or those of the whole run."""
    usages: list[ModelUsage] = []
    for session in run.sessions.values():
        if job in {None, session.job}:
            usages += used(session)

    return total(usages)


def usage_of_epic(run: Run, epic: JobId) -> ModelUsage:
    """What an epic used with its reviews."""
    usages: list[ModelUsage] = []
    for session in run.sessions.values():
        if epic_of(run, session.job) == epic:
            usages += used(session)

    return total(usages)


def usage_words(usage: ModelUsage) -> str:
    """`51.2k tokens, 1.1M from caches, $0.12`; empty where nothing was used."""
    if usage.is_nothing:
        return ""

    parts = [f"{short_count(usage.fresh)} {noun_for(usage.fresh, 'token')}"]
    if usage.cached:
        parts.append(f"{short_count(usage.cached)} from caches")

    if usage.cost_micros:
        parts.append(f"${usage.cost_micros / 1_000_000:.2f}")

    return ", ".join(parts)


def short_count(count: int) -> str:
    """A count in at most five characters: `950`, `51.2k`, `1.1M`."""
    for size, unit in UNITS:
        if count >= size:
            return f"{count / size:.1f}{unit}"

    return str(count)


def model_at(run: Run, job: JobState) -> str:
    """The model that works on a job, or did last; empty where it is not known."""
    if job.session is None or job.session not in run.sessions:
        return ""

    session = run.sessions[job.session]
    return model_of(run, session)


def reviews_by_author(run: Run, job: JobState) -> Iterator[str]:
    """The reviews of a job by the model that also wrote its work: each one's name, with the model in brackets."""
    models = {model_of(run, session) for session in run.sessions.values() if session.job == job.spec.id}
    for verdict in job.verdicts:
        model = verdict.model
        if model and model in models:
            yield f"{verdict.review} ({model})"


def reviews_by_program(run: Run, job: JobState) -> Iterator[str]:
    """The reviews of a job by the program that wrote its work: `api.spec (claude)`.

    Where both models are known, they decide instead; see `reviews_by_author`.
    """
    programs: set[str] = set()
    models: set[str] = set()
    for session in run.sessions.values():
        if session.job == job.spec.id and not session.holder:
            programs.add(session.runtime)
            models.add(model_of(run, session))

    for verdict in job.verdicts:
        both_known = verdict.model and "" not in models
        if verdict.runtime in programs and not both_known:
            yield f"{verdict.review} ({verdict.runtime})"
