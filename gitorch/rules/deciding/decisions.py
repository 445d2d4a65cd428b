"""Decisions of the principal about a job's work, and what rested on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import events, hand_events
from gitorch.model.artifact import Outcome
from gitorch.model.ids import DecisionId
from gitorch.rules import ensure
from gitorch.rules.capabilities import ensure_may

if TYPE_CHECKING:
    from gitorch.model import hand_commands
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.run import State


def decide_on(state: State, order: Order, command: hand_commands.Decide) -> tuple[Event, ...]:
    """Recorded with its reason. A rejected one takes back a merge report that stands, since that tells of verdicts in doubt."""
    ensure_may(order.actor, "decide")
    run = ensure.run_open(ensure.run_there(state))
    job = ensure.job_there(run, command.job)
    name = job.spec.id
    if not command.text.strip():
        message = f"a decision on {name} needs its reason"
        raise Refused(message, f"gitorch decide {name} {command.outcome} --note TEXT")
    if (command.outcome is Outcome.ACCEPTED_WITH_FOLLOW_UP) is not bool(command.follow_up.strip()):
        message = "a follow-up belongs to accepted_with_follow_up, and to nothing else"
        raise Refused(message, f"gitorch decide {name} accepted_with_follow_up --note TEXT --follow-up TEXT")
    number = DecisionId(f"d{len(run.decisions) + 1}")
    made = hand_events.DecisionMade(number, name, command.outcome, command.follow_up, command.text)
    if command.outcome is Outcome.REJECTED and run.report is not None and run.merged is None:
        return (made, events.ReportVoided(run.report.digest, f"{number} rejected what {name} rests on"))
    return (made,)
