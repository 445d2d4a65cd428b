"""Verbs of manual work on a ledger that hosts share: typed while the remote is away, they are kept and decided later."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gitorch.errors import Away

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.cli.call import Call
    from gitorch.model.submission import KeptVerb

T = TypeVar("T")


def do_or_keep(call: Call, act: Callable[[], T], kept: Callable[[], KeptVerb]) -> T | None:
    """Do what a person typed, after everything that was kept before it; None where it is kept too, which is said then."""
    if not call.services.ledger.is_shared:
        return act()

    try:
        say_decided(call)
        return act()
    except Away as error:
        from gitorch.app.work.by_hand import keep

        place = keep(call.services, kept())
        reason = error.message.partition("\n")[0].rstrip(".")
        text = f"Kept, since {reason}. It is decided once the remote answers, with the answer in {place}."
        call.say({"kept": place}, text)
        return None


def say_decided(call: Call) -> None:
    """Decide what was kept while the remote was away, and say what became of it. Raises Away while it still is."""
    from gitorch.app.work.by_hand import decide_kept

    for outcome in decide_kept(call.services):
        call.note(f"{outcome.typed}, kept while the remote was away: {outcome.sentence}")
