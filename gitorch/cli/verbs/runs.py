"""`pause`, `resume`, `cancel`, `cleanup`: stop a run, continue it, end it, remove its worktrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.interruption import Interrupted
from gitorch.cli.output import agrees
from gitorch.cli.pages.page import labelled
from gitorch.cli.verb_function import verb

if TYPE_CHECKING:
    from gitorch.app.reconciler.cleanup import CleanedUp
    from gitorch.cli.call import Call
    from gitorch.model.work.run import Run


def _hold(call: Call, name: str, typed: str | None, reason: str = "") -> Run:
    """The run after the verb `name` took effect. Raises Denied, NotFound, Refused."""
    from gitorch.app.people import decisions
    from gitorch.app.query.lookup import find_run

    caller = call.people_only(name)

    return decisions.hold(call.services, caller, find_run(call.services, typed), name, reason)


@verb("pause")
def pause(call: Call, run: str | None, reason: str) -> None:
    """Start nothing new in a run; agents at work may still report."""
    held = _hold(call, "pause", run, reason)
    call.say({"run": held.id, "phase": held.phase}, f"Run {held.id} is paused. Resume it: gitorch resume {held.id}")


@verb("resume")
def resume(call: Call, run: str | None) -> None:
    """Resume a paused run."""
    from gitorch.cli.follow import carry_on_without_up, whats_next

    held = carry_on_without_up(call, _hold(call, "resume", run))
    call.say({"run": held.id, "phase": held.phase}, f"Run {held.id} is {held.phase}. {whats_next(call, held)}")


@verb("cancel")
def cancel(call: Call, run: str | None, reason: str) -> None:
    """End a run now; branches and records are kept."""
    from gitorch.cli.follow import carry_on

    after, done = carry_on(call, _hold(call, "cancel", run, reason))
    agents = "gitorch up is running and stops its agents."
    if done:
        agents = "Its agents are stopped."

    text = f"Run {after.id} is {after.phase}; its branches are kept. {agents} Next: gitorch cleanup {after.id}"
    call.say({"run": after.id, "phase": after.phase, "left_to_up": not done}, text)


@verb("cleanup")
def cleanup(call: Call, run: str | None, branches: bool, yes: bool) -> None:
    """Remove the clean, merged worktrees of a finished run."""
    from gitorch.app.people import decisions
    from gitorch.app.query.cleaning import find_run_to_clean
    from gitorch.app.query.this_host import prepared_here
    from gitorch.app.reconciler.cleanup import CleanedUp
    from gitorch.cli.follow import carry_on

    caller = call.people_only("cleanup")
    found = find_run_to_clean(call.services, run)
    question = decisions.cleanup_question(found)
    if question is None and found.cleaned:
        _clean_up_again(call, found, branches=branches, yes=yes)
        return

    if question is not None or not prepared_here(call.services, found):
        _agree(call, found, branches=branches, yes=yes)

    if question is not None:
        option = "worktrees"
        if branches:
            option = "branches"

        found, _, _ = decisions.answer(call.services, caller, question.id, [option], found.id)

    after, done = carry_on(call, found)
    if not after.cleaned and not prepared_here(call.services, after):
        _say_cleaned_here(call, after, branches=branches)
        return

    removed, kept = _outcome(call, after)
    text = "\n".join([_text(after, removed, kept, done=done), *_elsewhere(call, after)])
    _say_cleaned(call, after, CleanedUp(removed, kept), text, done=done)


def _clean_up_again(call: Call, run: Run, *, branches: bool, yes: bool) -> None:
    """Remove what this host still has of a run that was cleaned up. Where nothing of it is left, say so and ask nothing."""
    from gitorch.app.reconciler.cleanup import CleanedUp, is_left_here

    if not is_left_here(call.services, run, branches=branches):
        text = f"Run {run.id} was already cleaned up; there is nothing to remove here."
        _say_cleaned(call, run, CleanedUp((), ()), text, done=True)
        return

    _agree(call, run, branches=branches, yes=yes)
    _say_cleaned_here(call, run, branches=branches)


def _say_cleaned_here(call: Call, run: Run, *, branches: bool) -> None:
    """Clean up on this host alone, without a record, and print what that did."""
    from gitorch.app.reconciler.cleanup import clean_up_here

    did = clean_up_here(call.services, run, branches=branches)
    host = call.services.host.host
    last = f"Run {run.id} was cleaned up before; this is what was left on {host}."
    if not run.cleaned:
        last = f"Run {run.id} is cleaned up on {host}. {run.host} leads it; there: gitorch cleanup {run.id}"

    text = "\n".join([*_did(did.removed, did.kept), last])
    _say_cleaned(call, run, did, text, done=True)


def _say_cleaned(call: Call, run: Run, did: CleanedUp, text: str, *, done: bool) -> None:
    """Print what a cleanup did, and whether a checkout of the target is behind."""
    from gitorch.cli.follow import checkout_note

    note = checkout_note(call.services, run)
    values = {"run": run.id, "cleaned": run.cleaned, "removed": did.removed, "kept": did.kept, "left_to_up": not done}
    call.say({**values, "checkout": note}, f"{text}\n{note}".rstrip())


def _elsewhere(call: Call, run: Run) -> list[str]:
    """The other hosts that may have worktrees of the run, with the command to type there; empty where only this host worked on it."""
    from gitorch.app.hosts.here import other_hosts_of

    others = other_hosts_of(call.services, run)
    if not others:
        return []

    return [f"Other hosts worked on it, too ({', '.join(others)}). Type there: gitorch cleanup {run.id}"]


def _agree(call: Call, run: Run, *, branches: bool, yes: bool) -> None:
    """Raises Interrupted for a no, Usage without a terminal."""
    if yes:
        return

    call.must_ask("cleanup")
    extent = "; branches are kept"
    if branches:
        extent = " and its merged branches"

    if not agrees(f"Remove the clean, merged worktrees of {run.id}{extent}?"):
        raise Interrupted("nothing was removed")


def _outcome(call: Call, run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The removed names of the newest clean-up in the ledger, and the kept ones with their reasons."""
    from gitorch.model.events import CleanupDone

    for written in call.services.ledger.newest(run.id, (CleanupDone,)):
        event = written.record.event
        if isinstance(event, CleanupDone):
            return event.removed, event.kept
    return (), ()


def _text(run: Run, removed: tuple[str, ...], kept: tuple[str, ...], *, done: bool) -> str:
    """What a cleanup removed and kept, or would remove, line by line."""
    if not run.cleaned and not done:
        return "gitorch up is running and cleans up."

    if not run.cleaned:
        return f"Run {run.id} is not cleaned up yet: gitorch up"

    return "\n".join([*_did(removed, kept), f"Run {run.id} is cleaned up; its records stay in the ledger."])


def _did(removed: tuple[str, ...], kept: tuple[str, ...]) -> list[str]:
    """What a cleanup removed and what it kept, line by line."""
    return [*labelled("removed", removed), *labelled("kept", kept)]
