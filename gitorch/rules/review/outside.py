"""Changes of the repository outside the work branches: which count, and how a report and a question name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.ids import RunId
from gitorch.model.work.report import OutsideChange

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

LEDGER = "refs/heads/gitorch/ledger"
WORK_BRANCHES = "refs/heads/gitorch/"
MANUAL_WORK = "refs/heads/gitorch/by-hand/"
"""The branches that `gitorch worktree create` makes, and which no run merges. Nothing of gitorch moves or removes one."""

OWN_REFS = "refs/gitorch/"
"""Where gitorch keeps commits while it fetches them."""

PERSONAL = ("config/user.", "config/gpg.", "config/branch.", "config/alias.", "config/color.")
"""Settings that change nothing of a merge, and that people change for themselves."""

COMMITS_SHOWN = 20
"""How many commits on the target a text lists."""
CHANGES_SHOWN = 20
"""How many changes a question lists. The report lists all."""

SHOWN_CHARS = 19
"""How much of a commit id or a digest a question shows: 12 digits of a digest, with `sha256:`."""


def compare(before: Mapping[str, str], after: Mapping[str, str], runs: Collection[RunId]) -> list[OutsideChange]:
    """The names whose values differ between two snapshots, sorted, without the refs that gitorch moves for these runs.

    A new branch for manual work is left out too, but not one that was moved or removed: only people do that, or an agent.
    """
    changes = []
    for name in sorted({*before, *after}):
        old = before.get(name, "")
        new = after.get(name, "")
        if old == new or is_own(name, runs):
            continue

        if not old and name.startswith(MANUAL_WORK):
            continue

        changes.append(OutsideChange(printable(name), old, new))

    return changes


def is_own(name: str, runs: Collection[RunId]) -> bool:
    """Whether gitorch itself moves this ref: the ledger, a work branch of a known run, or a ref for fetched commits.

    A remote-tracking branch is none of them: that a push of gitorch moved it depends on the commit that it is at.
    The ledger and the work branches of open runs have checks of their own.
    """
    if name == LEDGER or name.startswith(OWN_REFS):
        return True

    return _is_work_branch(name, runs)


def _is_work_branch(name: str, runs: Collection[RunId]) -> bool:
    """Whether the ref is a work branch of one of these runs."""
    if not name.startswith(WORK_BRANCHES):
        return False

    run, _, job = name.removeprefix(WORK_BRANCHES).partition("/")
    if not job:
        return False

    return RunId(run) in runs


def since_report(listed: Sequence[OutsideChange], now: Sequence[OutsideChange]) -> tuple[OutsideChange, ...]:
    """What changed after a report that lists the changes up to then, sorted by name; each with its value then and now."""
    then = {change.name: change for change in listed}
    today = {change.name: change for change in now}
    changes = []
    for name in sorted({*then, *today}):
        change = _between(then.get(name), today.get(name))
        if change is not None:
            changes.append(change)

    return tuple(changes)


def _between(then: OutsideChange | None, now: OutsideChange | None) -> OutsideChange | None:
    """The change of one name between a report and now; None where there is none."""
    if then is None:
        return now
    if now is None:
        return OutsideChange(then.name, then.after, then.before)
    if now.after == then.after:
        return None
    return OutsideChange(now.name, then.after, now.after)


def withdrawing(changes: Sequence[OutsideChange]) -> str:
    """Why a report cannot be approved or merged after these changes, as a clause; empty where it can.

    Settings, hooks and attributes decide what git does at the merge. Other refs do not, and move all day.
    """
    named = []
    for change in _decisive(changes):
        named.append(f"{change.name} ({change.before or 'absent'} → {change.after or 'removed'})")
    if not named:
        return ""

    return f"after the report changed: {', '.join(named)}"


def _decisive(changes: Sequence[OutsideChange]) -> list[OutsideChange]:
    """Those of the changes that withdraw a report, in the same order: of hooks, of attributes, and of all but personal settings."""
    decisive: list[OutsideChange] = []
    for change in changes:
        if not change.name.startswith(("refs/", *PERSONAL)):
            decisive.append(change)
    return decisive


def is_asked_about(change: OutsideChange, target: str) -> bool:
    """Whether an approval question names a change first: one of the target, of a setting, of a hook or of attributes."""
    if change.name.startswith("refs/"):
        return change.name == f"refs/heads/{target}"

    return True


def outside_lines(changes: Iterable[OutsideChange]) -> list[str]:
    """One Markdown list item for each change, with the commits of the target below."""
    lines = []
    for change in changes:
        lines.append(_item(change, change.before, change.after))
        lines += _commit_items(change)

    return lines


def question_summary(changes: Sequence[OutsideChange], target: str) -> str:
    """The changes in one sentence; empty without any."""
    if not changes:
        return ""

    return _summary_of(changes, target)


def _summary_of(changes: Sequence[OutsideChange], target: str) -> str:
    """How many changes there are, and how many commits nobody reviewed."""
    summary = f"{counted(len(changes), 'change')} outside the work branches"
    for change in changes:
        if change.name == f"refs/heads/{target}" and change.commits:
            summary += f", with {_unseen_commits(change)}"

    return f"{summary}."


def question_details(changes: Sequence[OutsideChange], target: str) -> str:
    """The changes for the approval question, those to decide about first; empty without any."""
    asked, others = _asked_and_others(changes, target)

    lines = []
    if asked:
        lines.append("Do you accept these changes since the run began? gitorch did not make them:")
        lines += _shortened(asked)

    if others:
        lines.append("These refs changed too, by an agent or by you:")
        lines += _shortened(others)

    return "\n".join(lines)


def since_report_details(changes: Sequence[OutsideChange]) -> str:
    """The changes since a report for the person who is about to approve it; empty without any.

    Where one of them withdraws the report, the last lines say so: nobody should have to learn that from the approval.
    """
    if not changes:
        return ""

    lines = ["Since this report was made, these changed too, by an agent or by you:"]
    lines += _shortened(changes, "which `git for-each-ref` shows")
    decisive = _decisive(changes)
    if decisive:
        names = ", ".join(change.name for change in decisive)
        lines.append(f"This report can no longer be approved, because of {names}: approving it withdraws it.")
        lines.append("To keep it, first put that back as it was. Otherwise approve, and gitorch up makes a new report.")
    return "\n".join(lines)


def _asked_and_others(changes: Sequence[OutsideChange], target: str) -> tuple[list[OutsideChange], list[OutsideChange]]:
    """The changes that a person decides about, and the others."""
    asked = []
    others = []
    for change in changes:
        if is_asked_about(change, target):
            asked.append(change)
        else:
            others.append(change)
    return asked, others


def _shortened(changes: Sequence[OutsideChange], rest: str = "which the report lists") -> list[str]:
    """List items with short ids, at most `CHANGES_SHOWN`; `rest` says where to find the others."""
    lines = []
    for change in changes[:CHANGES_SHOWN]:
        lines.append(_item(change, change.before[:SHOWN_CHARS], change.after[:SHOWN_CHARS]))
        lines += _commit_items(change)

    left = len(changes) - CHANGES_SHOWN
    if left > 0:
        lines.append(f"- and {left} more, {rest}")

    return lines


def _item(change: OutsideChange, before: str, after: str) -> str:
    """A change as a list item, with its values as they are to be shown."""
    item = f"- {change.name}: {before or 'absent'} → {after or 'removed'}"
    if change.commits:
        item += f", {_unseen_commits(change)}"

    if change.rewritten:
        item += ", and it lost commits that it had"

    return item


def _commit_items(change: OutsideChange) -> list[str]:
    """The newest commits of a change as nested list items, and how many more there are."""
    items = []
    for commit in change.commits[:COMMITS_SHOWN]:
        items.append(f"  - {commit}")

    left = len(change.commits) - COMMITS_SHOWN
    if left > 0:
        items.append(f"  - and {left} more")

    return items


def _unseen_commits(change: OutsideChange) -> str:
    """How many commits no review saw, with the short name of their branch."""
    branch = change.name.removeprefix("refs/heads/")
    return f"{counted(len(change.commits), 'commit')} on {branch} since the run began that no review saw"


def printable(text: str) -> str:
    """The text without control characters and invalid UTF-8, which names, subjects and keys of settings may hold."""
    return "".join(filter(str.isprintable, text))
