"""Settings of a run that plans, workflow files and the configuration have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.plans.allowance import Allowance
from gitorch.text.slug import branch_fault

if TYPE_CHECKING:
    from gitorch.model.plans.workflow import Autonomy
    from gitorch.text.fields import Form

COUNT_MAX = 1_000_000_000_000
NO_FULL_AUTO = "nothing is ever merged without your approval, so only per_epic and end_only exist."


def read_autonomy(form: Form, key: str, default: Autonomy) -> Autonomy:
    """How often gitorch asks the principal.

    `full_auto` and its synonyms are complaints that give the reason; the default is returned for them.
    """
    word = form.text(key, str(default))
    if word.lower().replace("-", "_") in {"full_auto", "full", "auto", "none"}:
        form.complain(key, f"cannot be `{word}`: {NO_FULL_AUTO}", f"Write `{key}: end_only` or `{key}: per_epic`.")
        return default

    return form.choice(key, default)


def read_allowance(form: Form) -> Allowance:
    """The budgets of one scope. A key that is missing, or 0, is no limit."""
    allowance = Allowance(
        tokens=form.number("tokens", 0, maximum=COUNT_MAX),
        cents=form.number("cents", 0, maximum=COUNT_MAX),
        minutes=form.number("minutes", 0),
        turns=form.number("turns", 0),
    )
    form.done()
    return allowance


def read_branch(form: Form, key: str, default: str) -> str:
    """The short name of a branch.

    A name that git would refuse is a complaint, and the default is returned.
    """
    name = form.text(key, default)
    fault = branch_fault(name)
    if fault:
        form.complain(key, f"{fault}: `{name}`.", f"Write `{key}: main`, or the branch that you mean.")
        return default

    return name


def read_quiet_hours(form: Form, default: tuple[int, int]) -> tuple[int, int]:
    """Quiet hours such as `22:00-07:00` as minutes of the day; anything else is a complaint."""
    typed = form.text("quiet")
    if not typed:
        return default

    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", typed.strip())
    if found is None:
        form.complain("quiet", f"must be two times of day, not `{typed}`.", 'Write `quiet: "22:00-07:00"`.')
        return default

    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    return begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
