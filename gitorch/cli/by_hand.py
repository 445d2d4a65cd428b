"""Verbs of manual work on a ledger that hosts share: typed while the remote is away, they are kept and decided later.

Any program of the user could have written what is kept. So a person sees it and agrees before it counts as theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gitorch.errors import Away, Malformed, Refused
from gitorch.model.counts import counted
from gitorch.model.record import ActorKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitorch.app.work.by_hand import Outcome
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.submission import KeptVerb
    from gitorch.ports.files import PendingEntry

T = TypeVar("T")


def do_or_keep(call: Call, act: Callable[[], T], kept: Callable[[], KeptVerb]) -> T | None:
    """Do what a person typed, after everything that was kept before it; None where it is kept too, which is said then.

    Nothing is kept for an operator, which is a program and can try again. Raises Refused where something is kept and nobody
    can be asked.
    """
    if not call.services.ledger.is_shared or call.caller.actor.kind is not ActorKind.PRINCIPAL:
        return act()

    try:
        if not say_decided(call):
            raise Refused(
                "Earlier commands wait for you, which were typed while the remote was away", "gitorch sync --yes"
            )
        return act()
    except Away as error:
        from gitorch.app.work.by_hand import keep

        place = keep(call.services, kept())
        reason = error.message.partition("\n")[0].rstrip(".")
        text = f"Kept, since {reason}. Once the remote answers, gitorch sync asks you about it; the answer will be in {place}."
        call.say({"kept": place}, text)
        return None


def say_decided(call: Call, *, yes: bool = False) -> bool:
    """Show a person what was kept while the remote was away, and decide it if they agree, or have agreed beforehand.

    False where nobody can be asked. Raises Away while the remote still is.
    """
    from gitorch.app.work import by_hand

    entries = by_hand.waiting(call.services)
    if not entries:
        return True

    call.services.ledger.refresh()
    if not _agree(call, entries, yes=yes):
        return call.can_ask

    outcomes = by_hand.decide_kept(call.services, call.caller, entries)
    for outcome in outcomes:
        call.note(f"{outcome.typed}, kept while the remote was away: {outcome.sentence}")

    _carry_on(call, outcomes)
    return True


def _carry_on(call: Call, outcomes: Sequence[Outcome]) -> None:
    """Carry out what the kept verbs led to without an agent, such as the tests of a report, as after a verb that is not kept."""
    from gitorch.app.query.lookup import find_run
    from gitorch.cli.follow import carry_on_without_up

    for run in dict.fromkeys(outcome.run for outcome in outcomes):
        if run is not None:
            carry_on_without_up(call, find_run(call.services, run))


def _agree(call: Call, entries: Sequence[PendingEntry], *, yes: bool) -> bool:
    """Whether the principal takes these commands for their own."""
    if call.caller.actor.kind is not ActorKind.PRINCIPAL:
        return False

    if yes or not call.can_ask:
        return yes

    from gitorch.cli.output import agrees

    lines = [f"While the remote was away, {counted(len(entries), 'command')} waited for it:"]
    for pending in entries:
        lines.append(f"  {_described(pending, call.page)}")
    call.note("\n".join(lines))
    return agrees("Did you type all of this, and shall it be carried out now?")


def _described(pending: PendingEntry, page: Page) -> str:
    """A kept command in one line, whatever its texts hold: what it does, for which run, and when it was typed."""
    from gitorch.app.work.by_hand import read
    from gitorch.cli.pages.cells import safe_line

    try:
        kept = read(pending)
    except Malformed as error:
        return safe_line(error.message)

    words = " ".join(filter(None, (kept.verb, kept.job, _content(kept))))
    return safe_line(f"{words} ({kept.run}, {page.age(kept.at)} ago)")


def _content(kept: KeptVerb) -> str:
    """What a report or a verdict says."""
    if kept.report is not None:
        return f"{kept.report.status}: {kept.report.summary}"

    if kept.verdict is not None:
        return f"{kept.verdict.choice}: {kept.verdict.summary}"

    return ""
