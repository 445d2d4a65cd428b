"""Moving a branch together with its checkouts: all of it, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.ports.git import MoveResult
from gitorch.world.git.checkout import bring_along, checkouts_of, lag, rebase_of, update_command
from gitorch.world.git.ref_move import prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.world.git.ref_move import RefMove
    from gitorch.world.git.runner import GitRunner


def move_branch(git: GitRunner, move: RefMove) -> MoveResult:
    """Move a branch by compare-and-swap, and its checkouts with it.

    The files come before the branch: a checkout that stayed behind would look as if its user wanted to revert the merge,
    and `git commit -a` would do so. A checkout that cannot follow, as with uncommitted changes to the same files, refuses
    the move, and the result has the reason and the command that clears it.
    """
    checkouts = [git.at(path) for path in checkouts_of(git, move.ref)]
    now = git.commit_of(move.ref)
    if now == move.new:
        return _follow(checkouts, move)
    if now != move.old:
        return MoveResult(moved=False)
    rebase = rebase_of(git, move.ref)
    if rebase is not None:
        return MoveResult(moved=False, refused=rebase.reason, command=rebase.command)
    first = git
    if checkouts:
        first = checkouts[0]  # git writes the reflog of HEAD for the checkout that it runs in
    with prepared(first, move) as prepared_move:
        if prepared_move.refused:
            return MoveResult(moved=False, refused=prepared_move.refused)
        refused = _bring_all_along(checkouts, move)
        if refused is not None:
            return refused
        reason = prepared_move.commit()
        if reason and git.commit_of(move.ref) != move.new:
            _bring_back(checkouts, move)
            return MoveResult(moved=False, refused=reason)
    return _updated(checkouts)


def checkout_left(git: GitRunner, move: RefMove) -> MoveResult | None:
    """The first checkout of a branch that has all files from before the move; None without one, and once the branch went on.

    A commit of everything there would revert the move. Changes nothing.
    """
    if git.commit_of(move.ref) != move.new:
        return None
    for checkout in map(git.at, checkouts_of(git, move.ref)):
        obstacle = lag(checkout, move.new, move.old)
        if obstacle is not None:
            return MoveResult(True, "left", str(checkout.directory), obstacle.command, obstacle.reason)
    return None


def _bring_all_along(checkouts: Sequence[GitRunner], move: RefMove) -> MoveResult | None:
    """Bring every checkout along; the refusal, with all of them as they were, when one cannot follow."""
    for number, checkout in enumerate(checkouts):
        obstacle = bring_along(checkout, move.new, move.old)
        if obstacle is not None:
            _bring_back(checkouts[:number], move)
            path = str(checkout.directory)
            return MoveResult(moved=False, path=path, refused=obstacle.reason, command=obstacle.command)
    return None


def _bring_back(checkouts: Sequence[GitRunner], move: RefMove) -> None:
    """Bring checkouts that followed already back to the old commit."""
    for checkout in checkouts:
        bring_along(checkout, move.old, move.new)


def _follow(checkouts: Sequence[GitRunner], move: RefMove) -> MoveResult:
    """Bring the checkouts of a branch along that was moved already; the first that cannot follow is named."""
    for checkout in checkouts:
        obstacle = bring_along(checkout, move.new, move.old)
        if obstacle is not None:
            command = f"{obstacle.command} && {update_command(checkout, move.new, move.old)}"
            return MoveResult(True, "left", str(checkout.directory), command, obstacle.reason)
    return _updated(checkouts)


def _updated(checkouts: Sequence[GitRunner]) -> MoveResult:
    """The result of a move that every checkout has followed."""
    if not checkouts:
        return MoveResult(moved=True)
    return MoveResult(True, "updated", str(checkouts[0].directory))
