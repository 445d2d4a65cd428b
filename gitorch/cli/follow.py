"""What a verb sets in motion, carried out at once where no loop is running, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.pages.records import told

if TYPE_CHECKING:
    from gitorch.app.reconciler.tick import TickResult
    from gitorch.app.services import Services
    from gitorch.cli.call import Call
    from gitorch.model.run import Run


def carry_on(call: Call, run: Run) -> tuple[Run, bool]:
    """The run after everything that no agent or human is needed for; false where `gitorch up` runs and will do it."""
    from gitorch.app.reconciler.loop import settle

    def show(ticked: TickResult) -> None:
        for written in ticked.written:
            call.note(f"  {told(written)}")
        for silent in ticked.silent:
            call.note(f"  {silent}")

    done = settle(call.services, run.id, show)
    return call.services.ledger.state(run.id).run or run, done


def checkout_note(services: Services, run: Run) -> str:
    """What a human must type to bring a checkout of the target along, because it holds work of theirs; mostly empty.

    Moving a branch that is there already changes nothing but answers the same as the move that brought it there.
    """
    merged = run.merged
    if merged is None:
        return ""
    moved = services.git.move(merged.target, merged.new, merged.old)
    if not moved.moved or moved.checkout != "left":
        return ""
    return f"The checkout in {moved.path} holds uncommitted work and was left as it is. Bring it along: {moved.command}"
