"""Carry out the effects of a verb at once, unless a loop is running, and print the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.this_host import prepared_here
from gitorch.cli.pages.records import sentence_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.app.reconciler.tick import TickResult
    from gitorch.app.services import Services
    from gitorch.cli.call import Call
    from gitorch.model.work.run import Run


def carry_on(call: Call, run: Run, is_wanted: Callable[[Run], bool] = lambda _: True) -> tuple[Run, bool]:
    """The run after everything that can be done before people must go on; False if a running `gitorch up` does that instead.

    It ends sooner where the run is not `is_wanted` any more: a verb that merges does not wait for agents.
    """
    from gitorch.app.reconciler.loop import settle

    newest = run

    def show(tick: TickResult) -> None:
        nonlocal newest
        newest = tick.run
        for written in tick.written:
            call.note(f"  {sentence_of(written)}")

        for silent in tick.silent:
            call.note(f"  {silent}")

    done = settle(call.services, run.id, show, lambda: not is_wanted(newest))
    after = call.services.ledger.state(run.id).run

    return after or run, done


def carry_on_if_leading(call: Call, run: Run, is_wanted: Callable[[Run], bool]) -> tuple[Run, bool]:
    """The same for what only the host that leads the run does; False where that is another one, which is not waited for."""
    if not prepared_here(call.services, run):
        return run, False

    return carry_on(call, run, is_wanted)


def who_merges(call: Call, run: Run) -> str:
    """One sentence about who will merge what is approved: `gitorch up`, here or on the host that leads the run."""
    if prepared_here(call.services, run):
        return "gitorch up is running and will merge."

    return f"{run.host} leads {run.id} and merges it. Unless it runs already, type there: gitorch up"


def carry_on_without_up(call: Call, run: Run) -> Run:
    """Carry on a run that a decision has ended, or that is worked on by hand; `gitorch up` continues any other. Returns the run."""
    if not (run.phase.is_over or run.settings.manual):
        return run

    after, _ = carry_on(call, run)
    return after


def whats_next(call: Call, run: Run) -> str:
    """One sentence for people after a decision about a run."""
    if run.phase.is_over:
        return f"Run {run.id} is {run.phase}.{left_by_merge(run)}"

    if run.settings.manual:
        from gitorch.app.query.runs import next_command

        return f"Next: {next_command(call.services, run)}"

    return "gitorch up continues it."


def merge_outcome(call: Call, run: Run) -> str:
    """One line about the merge that an approval led to, and what to type next; empty without a merge."""
    merged = run.merged
    if merged is None:
        return ""

    tip = f"{merged.target} is now {merged.new[:12]}"
    if run.push_is_owed:
        failed = f"but the push to {run.settings.push_remote} failed. The merge stays. Decide: gitorch inbox"
        return f"Merged locally: {tip}, {failed}"

    line = f"Merged: {tip}. Run {run.id} is {run.phase}.{left_by_merge(run)}"
    if not run.phase.is_over:
        return f"{line} {whats_next(call, run)}"

    if run.cleaned:
        return line

    return f"{line} Next: gitorch cleanup {run.id}"


def left_by_merge(run: Run) -> str:
    """A blank and one sentence about work that begins after the merge, with its branches.

    Empty without such work. Where a run ended before its merge, that work was skipped or canceled, and is not named.
    """
    from gitorch.rules.views.run import branches_after_merge

    branches = branches_after_merge(run)
    if not branches:
        return ""

    return f" Work after the merge is not merged and stays on: {', '.join(branches)}."


def checkout_note(services: Services, run: Run) -> str:
    """Why a checkout of the target did not follow a merge, and the command that updates it.

    Empty without such a checkout, and once the target went on: the command would not be right any more.
    """
    merged = run.merged
    if merged is None:
        return ""

    left = services.git.checkout_left(merged.target, merged.new, merged.old)
    if left is None:
        return ""

    return f"The checkout was not updated: {left.refused}. Update it: {left.command}"
