"""The scopes that have a budget of their own: a run, an epic with its reviews, and a lane; and what each has used (C11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.allowance import Allowance
from gitorch.model.values import Value
from gitorch.model.work.usage import ModelUsage
from gitorch.rules.usage.counting import epic_of
from gitorch.rules.usage.grants import BUDGET, times_granted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import JobId, Moment
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run

MEASURES = {"tokens": "tokens", "cents": "cents", "minutes": "minutes at work", "turns": "prompts"}
"""The measures of a budget, with the words for what they count."""

MICROS_PER_CENT = 10_000
MINUTE_MS = 60_000


class Scope(Value):
    """A run, an epic or a lane."""

    kind: str
    """`run`, `epic` or `lane`."""
    name: str = ""
    """The epic's job or the lane; empty for the run."""

    @property
    def words(self) -> str:
        """The scope as the subject of a sentence."""
        return f"{self.kind} {self.name}".strip()

    def trigger(self, measure: str) -> str:
        """The trigger of the question about one of its budgets."""
        return f"{BUDGET}{measure}:{self.kind}:{self.name}"


def scopes_of(run: Run, job: JobId) -> tuple[Scope, ...]:
    """The scopes that a job's work counts for."""
    lane = run.jobs[job].spec.lane
    return Scope("run"), Scope("epic", epic_of(run, job)), Scope("lane", lane)


def all_scopes(run: Run) -> tuple[Scope, ...]:
    """Every scope of a run in which a session ever worked, each once."""
    found: dict[Scope, None] = {}
    for session in run.sessions.values():
        found |= dict.fromkeys(scopes_of(run, session.job))

    return tuple(found)


def jobs_in(run: Run, scope: Scope) -> Iterator[JobState]:
    """The jobs whose work counts for a scope."""
    for job in run.jobs.values():
        if scope in scopes_of(run, job.spec.id):
            yield job


def allowance_of(run: Run, scope: Scope) -> Allowance:
    """What a scope may use, without what people granted. A lane's own budget stands before the run's budget for lanes."""
    settings = run.settings
    if scope.kind == "run":
        return settings.run_budget

    if scope.kind == "epic":
        return settings.epic_budget

    own = run.workflow.lanes[scope.name].budget
    if own != Allowance():
        return own

    return settings.lane_budget


def allowed(run: Run, scope: Scope, measure: str) -> int:
    """How much of one measure a scope may use by now, as often as people granted it; 0 for no limit."""
    most: int = getattr(allowance_of(run, scope), measure)
    if not most:
        return 0

    return most * (1 + times_granted(run, scope.trigger(measure)))


def amounts(run: Run, scope: Scope, now: Moment | None = None) -> Allowance:
    """What a scope has used as it is recorded; with `now`, leases that stand count until then."""
    usage = ModelUsage()
    turns = 0
    worked_ms = 0
    for job in jobs_in(run, scope):
        worked_ms += _worked_ms(job, now)

    for session in run.sessions.values():
        if scope not in scopes_of(run, session.job):
            continue

        for spent in session.spent:
            usage = usage.plus(spent.usage)

        for prompt in session.prompts:
            if prompt.receipt:
                turns += 1

    return Allowance(
        tokens=usage.fresh,
        cents=usage.cost_micros // MICROS_PER_CENT,
        minutes=worked_ms // MINUTE_MS,
        turns=turns,
    )


def _worked_ms(job: JobState, now: Moment | None) -> int:
    """For how long agents held a job."""
    if now is None or job.lease is None:
        return job.worked_ms

    return job.worked_ms + max(0, now - job.lease.granted_at)
