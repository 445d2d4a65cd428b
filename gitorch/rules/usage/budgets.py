"""Budgets of tokens, money, minutes and turns: said at 80 %; at 100 % no new prompt, and a question (C11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.ids import JobId
from gitorch.model.plans.allowance import Allowance
from gitorch.model.values import Value
from gitorch.model.work.usage import total
from gitorch.rules.usage.counting import growth
from gitorch.rules.usage.grants import GO_ON, times_granted
from gitorch.rules.usage.scopes import (
    MEASURES,
    MICROS_PER_CENT,
    Scope,
    all_scopes,
    allowance_of,
    allowed,
    amounts,
    scopes_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.ids import Moment
    from gitorch.model.observed import SessionObservation
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

NEAR_PERCENT = 80
NONE = Allowance()


class Use(Value):
    """How far one budget of a scope is used up."""

    scope: Scope
    measure: str
    amount: int
    allowed: int

    @property
    def percent(self) -> int:
        """What part of it is used, in whole percent; never rounded up."""
        return 100 * self.amount // self.allowed

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.amount >= self.allowed

    @property
    def words(self) -> str:
        """`epic api has used 41200 of 50000 tokens (82 %)`."""
        return (
            f"{self.scope.words} has used {self.amount} of {self.allowed} {MEASURES[self.measure]} ({self.percent} %)"
        )


def uses_of(run: Run, scope: Scope, now: Moment | None = None) -> Iterator[Use]:
    """Each budget that a scope has, as far as it is used."""
    if allowance_of(run, scope) == NONE:
        return

    amount = amounts(run, scope, now)
    for measure in MEASURES:
        most = allowed(run, scope, measure)
        if most:
            yield Use(scope, measure, getattr(amount, measure), most)


def budget_commands(run: Run, now: Moment) -> Iterator[Command]:
    """A note for each budget that is nearly used up, and a question for each that is."""
    for scope in all_scopes(run):
        for use in uses_of(run, scope, now):
            trigger = scope.trigger(use.measure)
            if use.is_spent and not run.is_escalated(trigger):
                yield _question(run, use)
            elif NEAR_PERCENT <= use.percent < 100:
                yield from _note(run, use)


def _note(run: Run, use: Use) -> Iterator[Command]:
    """The note about a budget that is nearly used up, if nobody has made it."""
    from gitorch.model.commands import NoteBudget  # noqa: PLC0415  # 2 ms that verbs that read do not pay

    trigger = use.scope.trigger(use.measure)
    if near_key(run, trigger) in run.budgets_noted:
        return

    yield NoteBudget(
        budget=trigger,
        scope=use.scope.words,
        measure=MEASURES[use.measure],
        used=use.amount,
        allowed=use.allowed,
    )


def spent_budgets(run: Run, now: Moment) -> frozenset[str]:
    """The triggers of all budgets that are used up."""
    spent: set[str] = set()
    for scope in all_scopes(run):
        for use in uses_of(run, scope, now):
            if use.is_spent:
                trigger = scope.trigger(use.measure)
                spent.add(trigger)

    return frozenset(spent)


def near_key(run: Run, trigger: str) -> str:
    """The key under which a budget is noted: once, and again after each grant."""
    return f"{trigger} {times_granted(run, trigger)}"


def near_budgets(run: Run) -> Iterator[Use]:
    """The budgets that are used up, or nearly so, as far as that is recorded."""
    for scope in all_scopes(run):
        for use in uses_of(run, scope):
            if use.percent >= NEAR_PERCENT:
                yield use


def _question(run: Run, use: Use) -> Command:
    """The question about a budget that is used up. That of an epic is about its job."""
    from gitorch.model.commands import Escalate  # noqa: PLC0415  # the same

    options: tuple[str, ...] = (GO_ON, "stop_run")
    job: JobId | None = None
    if use.scope.kind == "epic":
        options = (GO_ON, "stop_epic", "stop_run")
        job = JobId(use.scope.name)

    trigger = use.scope.trigger(use.measure)
    granted = times_granted(run, trigger)
    words = use.words
    return Escalate(
        trigger=trigger,
        happened=f"{words[0].upper()}{words[1:]}.",
        tried="Nothing was stopped; its agents finish the turn that is under way, and get no new prompt.",
        evidence=f"granted again so far: {counted(granted, 'time')}",
        decision="Should it go on with as much again, or stop?",
        options=options,
        job=job,
    )


def is_held(run: Run, job: JobId) -> bool:
    """Whether a budget keeps the agents of a job from getting prompts: it is used up, or a human is asked about it."""
    for scope in scopes_of(run, job):
        for use in uses_of(run, scope):
            trigger = scope.trigger(use.measure)
            if use.is_spent or run.is_escalated(trigger):
                return True

    return False


def is_urgent(run: Run, session: Session, seen: SessionObservation) -> bool:
    """Whether the usage of a session must be recorded at once, because a budget reaches 80 % or its end with it."""
    more = total(growth(session, seen.usage.models))
    if more.is_nothing:
        return False

    grown = {
        "tokens": more.fresh,
        "cents": more.cost_micros // MICROS_PER_CENT + 1,
        "minutes": 0,
        "turns": 0,
    }
    for scope in scopes_of(run, session.job):
        for use in uses_of(run, scope):
            if _crosses(use, grown[use.measure]):
                return True

    return False


def _crosses(use: Use, more: int) -> bool:
    """Whether this much more takes a budget over one of its two marks."""
    for mark in (NEAR_PERCENT, 100):
        needed = use.allowed * mark
        if 100 * use.amount < needed <= 100 * (use.amount + more):
            return True

    return False
