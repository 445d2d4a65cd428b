"""Pushing a merge to the configured remote, and taking the merge back where the principal wants that.

Exactly the approved commit is pushed, and only where the remote's branch moves forward by it: what somebody else pushed
meanwhile is never overwritten, and never merged without an approval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model import commands
from gitorch.model.path_text import shell_word
from gitorch.ports.git import PushRef
from gitorch.rules.guards.ensure import run_there

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.ids import CommitId
    from gitorch.model.work.report import Merged
    from gitorch.model.work.run import Run

LEDGER_REF = "refs/heads/gitorch/ledger"

OPTIONS = ("retry", "leave", "take_back")
"""Push again; leave the merge where it is, unpushed; or move the target back, for a new report and a new approval."""


def push_merge(services: Services, run: Run, effect: effects.PushMerge) -> tuple[Command, ...]:
    """Push the merge that git's objects tell of, and with it the ledger where the settings say so: both or neither.

    A refused push is put to the principal, and nothing is undone. A remote that has everything already is not pushed to.
    Raises Corrupt where git's objects do not hold; then nothing is pushed.
    """
    run = run_there(services.ledger.verified(run.id).state)
    merged = run.merged
    if merged is None:
        return ()

    remote, target = run.settings.push_remote, ref_of(merged.target)
    try:
        there = services.remotes.heads(remote, _refs_of(run, merged))
        updates = _updates(services, run, merged, there)
        refusal = _obstacle(services, run, merged, there)
        if not refusal and updates:
            refusal = services.remotes.push(remote, updates)
    except Unavailable as error:
        return (_not_pushed(run, effect, merged, error.message),)

    if refusal:
        return (_not_pushed(run, effect, merged, refusal),)

    moved_from = _moved_from(updates, target, there)
    return (commands.RecordPush(remote, moved_from, merged.new),)


def _moved_from(updates: tuple[PushRef, ...], target: str, there: Mapping[str, CommitId]) -> CommitId | None:
    """The commit that the push moved the remote's target from; None where it was there already."""
    moved_from: CommitId | None = None
    for update in updates:
        if update.ref == target:
            moved_from = there[target]
    return moved_from


def ref_of(branch: str) -> str:
    """The full name of a branch."""
    return f"refs/heads/{branch}"


def _refs_of(run: Run, merged: Merged) -> tuple[str, ...]:
    """The branches that a push moves."""
    target = ref_of(merged.target)
    if run.settings.push_ledger:
        return (target, LEDGER_REF)

    return (target,)


def _updates(
    services: Services,
    run: Run,
    merged: Merged,
    there: Mapping[str, CommitId],
) -> tuple[PushRef, ...]:
    """The branches that the remote lacks or has at an older commit; `there` are its branches by full name."""
    updates: list[PushRef] = []
    for ref, new in _wanted(services, run, merged):
        old = there.get(ref)
        if not _has_part(services, old, new):
            updates.append(PushRef(ref, new, old))
    return tuple(updates)


def _wanted(services: Services, run: Run, merged: Merged) -> list[tuple[str, CommitId]]:
    """Each branch that a push moves, and the commit that the remote should have it at."""
    wanted = [(ref_of(merged.target), merged.new)]
    if not run.settings.push_ledger:
        return wanted

    tip = services.ledger.tip()
    if tip is not None:
        wanted.append((LEDGER_REF, tip))
    return wanted


def commit_ahead(services: Services, run: Run, commit: CommitId) -> CommitId | None:
    """The remote's target where it is not part of this commit, so that the commit could not be pushed; None otherwise.

    None also without a remote, and where it does not answer: then the push will tell. Nothing is fetched.
    """
    remote = run.settings.push_remote
    if not remote:
        return None

    ref = ref_of(run.target)
    try:
        there = services.remotes.heads(remote, (ref,)).get(ref)
    except Unavailable:
        return None

    if there is None or _has_part(services, commit, there):
        return None

    return there


def _obstacle(
    services: Services,
    run: Run,
    merged: Merged,
    there: Mapping[str, CommitId],
) -> str:
    """Why a push would do more than move the remote's branches forward; empty where it would not."""
    remote, target = run.settings.push_remote, there.get(ref_of(merged.target))
    if target is None:
        return f"{remote} has no branch {merged.target}, and gitorch never creates a merge target"

    if not _is_on_one_line(services, merged.new, target):
        return f"{remote} has {merged.target} at {target[:12]}, which is not part of what was merged"

    return _ledger_obstacle(services, run, there, remote)


def _ledger_obstacle(services: Services, run: Run, there: Mapping[str, CommitId], remote: str) -> str:
    """Why the remote's ledger cannot be moved forward; empty where it can, or need not."""
    if not run.settings.push_ledger:
        return ""

    tip, ledger = services.ledger.tip(), there.get(LEDGER_REF)
    if ledger is None or tip is None:
        return ""

    if not _has_part(services, tip, ledger):
        return f"{remote} has a ledger at {ledger[:12]} that this one does not continue"

    return ""


def _is_on_one_line(services: Services, one: CommitId, other: CommitId) -> bool:
    """Whether one of two commits is in the history of the other."""
    return _has_part(services, one, other) or _has_part(services, other, one)


def _has_part(services: Services, commit: CommitId | None, part: CommitId) -> bool:
    """Whether `part` is in the history of `commit`; false for what this repository does not have."""
    if commit is None:
        return False

    if not services.git.has(commit) or not services.git.has(part):
        return False

    return services.git.contains(part, commit)


def _not_pushed(
    run: Run,
    effect: effects.PushMerge | effects.TakeBack,
    merged: Merged,
    reason: str,
) -> commands.Escalate:
    """The question to the principal about a merge that is made here and not at the remote."""
    remote, target = run.settings.push_remote, merged.target
    by_hand = f"git pull --no-rebase {shell_word(remote)} {shell_word(target)} && git push {shell_word(remote)} {shell_word(target)}"
    return commands.Escalate(
        trigger=f"push:{remote}",
        happened=f"{target} is merged here at {merged.new[:12]}, but {remote} did not take it: {_first_reason(reason)}",
        tried=f"`git push --atomic --force-with-lease` to {remote}; nothing was undone, here or there.",
        evidence=reason,
        decision=(
            f"Retry the push (also after you brought both together yourself: {by_hand}), leave it unpushed, or take the "
            f"merge back to {merged.old[:12]} for a new report and a new approval?"
        ),
        options=OPTIONS,
        job=effect.job,
    )


def _first_reason(output: str) -> str:
    """The most telling line of git's output: what a hook of the remote printed, where a hook refused."""
    lines = output.splitlines()
    if "hook declined" not in output:
        return lines[0]

    return _printed_reason(lines)


def _printed_reason(lines: list[str]) -> str:
    """The first line that a hook of the remote printed; without one git's first line."""
    for line in lines:
        if not line.startswith("remote:"):
            continue

        printed = line.removeprefix("remote:").strip()
        # git's own summary, `error: hook declined …`, comes after what the hook printed, or alone.
        if printed and not printed.startswith("error:"):
            return printed

    return lines[0]


def take_back(services: Services, run: Run, effect: effects.TakeBack) -> tuple[Command, ...]:
    """Move the target back by compare-and-swap, to where it stood before the merge.

    Where it has moved on, or cannot be moved, nothing is changed, and that is put to the principal instead.
    """
    merged = run.merged
    if merged is None:
        return ()

    result = services.git.move(merged.target, merged.old, merged.new, "take back a merge that was not pushed")
    if result.moved:
        return (commands.RecordTakenBack(merged.old, merged.new),)

    reason = result.refused or _where_it_stands(services, merged.target)
    return (_not_pushed(run, effect, merged, f"{merged.target} was not moved back: {reason}"),)


def _where_it_stands(services: Services, branch: str) -> str:
    """Where a branch is by now, for a message."""
    now = services.git.resolve(branch)
    if now is None:
        return "it does not exist any more"

    return f"it is at {now[:12]} by now"
