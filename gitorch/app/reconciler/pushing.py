"""Bringing a merge to the remote that is configured, and taking it back where the principal wants that.

Exactly the commit that was approved is pushed, and only where the remote's branch moves forward by it: what somebody else
pushed meanwhile is never overwritten, and never merged without an approval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Failed, Unavailable
from gitorch.model import commands
from gitorch.ports.world import PushRef
from gitorch.rules.ensure import run_there
from gitorch.rules.workflows.closings import watched
from gitorch.rules.workflows.tracked import closed_by, issues_of, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.ids import CommitId
    from gitorch.model.report import Merged
    from gitorch.model.run import Run

LEDGER = "refs/heads/gitorch/ledger"
OPTIONS = ("retry", "leave", "take_back")
"""Push again; leave the merge where it is, unpushed; or move the target back, for a new report and a new approval."""


def push_merge(services: Services, run: Run, effect: effects.PushMerge) -> tuple[Command, ...]:
    """Push the merge that git's objects tell of. A refused push is put to the principal, and nothing is undone.

    Raises Corrupt where the objects do not hold; then nothing is pushed.
    """
    run = run_there(services.ledger.verified(run.id).state)
    merged, remote = run.merged, run.settings.push_remote
    if merged is None:
        return ()
    target = ref_of(merged.target)
    refs = (target, *((LEDGER,) if run.settings.push_ledger else ()))
    try:
        there = services.remotes.heads(remote, refs)
        said = _obstacle(services, run, merged, there)
        updates = () if said else _updates(services, run, merged, there)
        said = said or (services.remotes.push(remote, updates) if updates else "")
    except Unavailable as mute:
        return (_not_pushed(run, effect, merged, mute.message),)
    if said:
        return (_not_pushed(run, effect, merged, said),)
    brought = any(one.ref == target for one in updates)
    return (commands.RecordPush(remote, there[target] if brought else None, merged.new),)


def ref_of(branch: str) -> str:
    """The full name of a branch."""
    return f"refs/heads/{branch}"


def _updates(services: Services, run: Run, merged: Merged, there: Mapping[str, CommitId]) -> tuple[PushRef, ...]:
    """What the remote does not hold yet."""
    wanted = [(ref_of(merged.target), merged.new)]
    tip = services.ledger.tip()
    if run.settings.push_ledger and tip is not None:
        wanted.append((LEDGER, tip))
    return tuple(PushRef(ref, new, there.get(ref)) for ref, new in wanted if not _holds(services, there.get(ref), new))


def ahead(services: Services, run: Run, commit: CommitId) -> CommitId | None:
    """What the remote has in the target that is not part of this commit, so that it could not be pushed; None otherwise.

    None also where the remote is silent: the push will tell.
    """
    remote, ref = run.settings.push_remote, ref_of(run.target)
    try:
        at = services.remotes.heads(remote, (ref,)).get(ref) if remote else None
    except Unavailable:
        return None
    return at if at is not None and not _holds(services, commit, at) else None


def _obstacle(services: Services, run: Run, merged: Merged, there: Mapping[str, CommitId]) -> str:
    """Why a push would do more than move the remote's branches forward; empty where it would not."""
    remote, at = run.settings.push_remote, there.get(ref_of(merged.target))
    if at is None:
        return f"{remote} has no branch {merged.target}, and gitorch never creates a merge target"
    if not _holds(services, merged.new, at) and not _holds(services, at, merged.new):
        return f"{remote} has {merged.target} at {at[:12]}, which is not part of what was merged"
    tip, ledger = services.ledger.tip(), there.get(LEDGER)
    if run.settings.push_ledger and ledger is not None and tip is not None and not _holds(services, tip, ledger):
        return f"{remote} has a ledger at {ledger[:12]} that this one does not continue"
    return ""


def _holds(services: Services, commit: CommitId | None, part: CommitId) -> bool:
    """Whether `part` is in the history of `commit`; false for what this repository does not have."""
    return (
        commit is not None
        and services.git.has(commit)
        and services.git.has(part)
        and services.git.contains(part, commit)
    )


def _not_pushed(run: Run, effect: effects.PushMerge | effects.TakeBack, merged: Merged, said: str) -> commands.Escalate:
    remote, first = run.settings.push_remote, _heard(said)
    by_hand = f"git pull --no-rebase {remote} {merged.target} && git push {remote} {merged.target}"
    return commands.Escalate(
        trigger=f"push:{remote}",
        happened=f"{merged.target} is merged here at {merged.new[:12]}, but {remote} did not take it: {first}",
        tried=f"git push --atomic --force-with-lease to {remote}; nothing was undone, here or there.",
        evidence=said,
        decision=(
            f"Retry the push (also after you brought both together yourself: {by_hand}), leave it unpushed, or take the "
            f"merge back to {merged.old[:12]} for a new report and a new approval?"
        ),
        options=OPTIONS,
        job=effect.job,
    )


def _heard(said: str) -> str:
    """The line that says most: what a hook of the remote printed, where it was a hook that refused."""
    printed = [line.removeprefix("remote:").strip() for line in said.splitlines() if line.startswith("remote:")]
    own = [line for line in printed if line and not line.startswith("error:")]
    return own[0] if own and "hook declined" in said else said.splitlines()[0]


def take_back(services: Services, run: Run, effect: effects.TakeBack) -> tuple[Command, ...]:
    """Move the target back by compare-and-swap; where it has moved on, that is put to the principal instead."""
    merged = run.merged
    if merged is None:
        return ()
    result = services.git.move(merged.target, merged.old, merged.new, "take back a merge that was not pushed")
    if result.moved:
        return (commands.RecordTakenBack(merged.old, merged.new),)
    now = services.git.resolve(merged.target)
    why = result.refused or (f"it is at {now[:12]} by now" if now is not None else "it is gone")
    return (_not_pushed(run, effect, merged, f"{merged.target} was not moved back: {why}"),)


def closed_issues(services: Services, run: Run) -> Mapping[str, str] | None:
    """The issues closed among those of jobs that have not passed their gate, with the reasons given; None where none is watched."""
    names = [job.spec.issue for job in watched(run)]
    tracker = services.tracker(run.settings.tracker) if names else None
    return tracker.closed(names) if tracker is not None else None


def close_issues(services: Services, run: Run, effect: effects.CloseIssues) -> tuple[Command, ...]:
    """Close a job's tasks, then its epic, unless they are closed; what cannot be closed from here is owed by people."""
    job = run.jobs[effect.job]
    names = issues_of(job)
    tracker = services.tracker(run.settings.tracker)
    if tracker is None:
        return (commands.RecordClosing(job.spec.id, (), names, "there is no tracker to close them in"),)
    try:
        if tracker.closes:
            tracker.close(names, reason_of(run, job))
        found = tracker.closed(names)
    except (Failed, Unavailable) as no:
        return (commands.RecordClosingFailure(job.spec.id, no.message),)
    closed = tuple(name for name in names if closed_by(run, found.get(name, "")))
    owed = tuple(name for name in names if name not in found)
    why = "gitorch reads the file of issues and never writes it" if owed else ""
    return (commands.RecordClosing(job.spec.id, closed, owed, why),)
