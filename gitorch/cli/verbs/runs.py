"""`pause`, `resume`, `cancel`, `cleanup`: holding a run, ending it, and what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitorch.cli.boundary import Interrupted
from gitorch.cli.group import verb
from gitorch.errors import Refused

if TYPE_CHECKING:
    from gitorch.cli.call import Call
    from gitorch.model.run import Run

WHICH = click.argument("run", required=False)
REASON = click.option("--reason", metavar="TEXT", default="", help="Why; it is kept in the ledger.")


def _held(call: Call, name: str, said: str | None, reason: str = "") -> Run:
    from gitorch.app.people import decisions
    from gitorch.app.query.lookup import find_run

    caller = call.people_only(name)
    return decisions.hold(call.services, caller, find_run(call.services, said), name, reason)


@verb("pause", 'gitorch pause --reason "release freeze"')
@WHICH
@REASON
@click.pass_obj
def pause(call: Call, run: str | None, reason: str) -> None:
    """Begin nothing new in a run; agents at work may still hand in."""
    held = _held(call, "pause", run, reason)
    call.say({"run": held.id, "phase": held.phase}, f"Run {held.id} is paused. Go on: gitorch resume {held.id}")


@verb("resume", "gitorch resume")
@WHICH
@click.pass_obj
def resume(call: Call, run: str | None) -> None:
    """Let a paused run go on."""
    held = _held(call, "resume", run)
    call.say({"run": held.id, "phase": held.phase}, f"Run {held.id} is {held.phase}. gitorch up goes on with it.")


@verb("cancel", 'gitorch cancel auth-7f3a --reason "the plan was wrong"')
@WHICH
@REASON
@click.pass_obj
def cancel(call: Call, run: str | None, reason: str) -> None:
    """End a run now; branches and records are kept.

    Its agents are stopped at once, or by a running `gitorch up`. Worktrees stay until `gitorch cleanup`.
    """
    from gitorch.cli.follow import carry_on

    after, done = carry_on(call, _held(call, "cancel", run, reason))
    agents = "Its agents are stopped." if done else "gitorch up is running and stops its agents."
    text = f"Run {after.id} is {after.phase}; its branches are kept. {agents} Next: gitorch cleanup {after.id}"
    call.say({"run": after.id, "phase": after.phase, "left_to_up": not done}, text)


@verb("cleanup", "gitorch cleanup", "gitorch cleanup auth-7f3a --branches --yes")
@WHICH
@click.option("--branches", is_flag=True, help="Remove the merged work branches too.")
@click.option("--yes", is_flag=True, help="Agree beforehand. Needed without a terminal.")
@click.pass_obj
def cleanup(call: Call, run: str | None, branches: bool, yes: bool) -> None:
    """Remove what a finished run left: clean, merged worktrees.

    Work that is not committed or not merged is never removed, branches only with `--branches`, and the ledger never.
    """
    from gitorch.app.people import decisions
    from gitorch.app.query.lookup import run_to_clean
    from gitorch.cli.follow import carry_on

    caller = call.people_only("cleanup")
    found = run_to_clean(call.services, run)
    question = decisions.may_clean(found)
    if question is None and found.cleaned:
        raise Refused(f"run {found.id} is cleaned up already", f"gitorch log {found.id}")
    if question is not None:
        _agree(call, found, branches=branches, yes=yes)
        found, _, _ = decisions.answer(
            call.services, caller, question.id, ["branches" if branches else "worktrees"], found.id
        )
    after, done = carry_on(call, found)
    removed, kept = _left(call, after)
    values = {"run": after.id, "cleaned": after.cleaned, "removed": removed, "kept": kept, "left_to_up": not done}
    call.say(values, _text(after, removed, kept, done=done))


def _agree(call: Call, run: Run, *, branches: bool, yes: bool) -> None:
    if yes:
        return
    call.must_ask("cleanup")
    more = " and its merged branches" if branches else "; branches are kept"
    if not click.confirm(f"Remove the clean, merged worktrees of {run.id}{more}?", default=False):
        raise Interrupted("nothing was removed")


def _left(call: Call, run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was removed, and what was kept and why, as the ledger says."""
    from gitorch.model.events import CleanupDone

    done = [w.record.event for w in call.services.ledger.records(run.id) if isinstance(w.record.event, CleanupDone)]
    return (done[-1].removed, done[-1].kept) if done else ((), ())


def _text(run: Run, removed: tuple[str, ...], kept: tuple[str, ...], *, done: bool) -> str:
    if not run.cleaned:
        return "gitorch up is running and cleans up." if not done else f"Run {run.id} is not cleaned up yet: gitorch up"
    lines = [*(f"removed  {name}" for name in removed), *(f"kept     {name}" for name in kept)]
    return "\n".join([*lines, f"Run {run.id} is cleaned up; its records stay in the ledger."])
