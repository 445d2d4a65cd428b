"""Changes of the repository outside the work branches: which count, and how a report and a question name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.ids import RunId
from gitorch.model.report import OutsideChange

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

LEDGER = "refs/heads/gitorch/ledger"
WORK_BRANCHES = "refs/heads/gitorch/"
OWN_REFS = "refs/gitorch/"
"""Where gitorch keeps commits while it fetches them."""
LEDGER_AT_REMOTE = "/gitorch/ledger"

COMMITS_SHOWN = 20
"""How many commits on the target a text lists."""
CHANGES_SHOWN = 20
"""How many changes a question lists. The report lists all."""

SHOWN_CHARS = 19
"""How much of a commit id or a digest a question shows: 12 digits of a digest, with `sha256:`."""


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> list[OutsideChange]:
    """The names whose values differ between two snapshots, sorted."""
    changes = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            changes.append(OutsideChange(printable(name), old, new))

    return changes


def is_own(name: str, runs: Collection[RunId]) -> bool:
    """Whether gitorch itself moves this ref: the ledger, a work branch of a known run, or a ref for fetched commits.

    The ledger and the work branches of open runs have checks of their own.
    """
    if name == LEDGER or name.startswith(OWN_REFS):
        return True

    if name.startswith("refs/remotes/"):
        return name.endswith(LEDGER_AT_REMOTE)

    if not name.startswith(WORK_BRANCHES):
        return False

    run, _, job = name.removeprefix(WORK_BRANCHES).partition("/")
    return bool(job) and RunId(run) in runs


def is_asked_about(change: OutsideChange, target: str) -> bool:
    """Whether an approval question names a change first: one of the target, of a setting, of a hook or of attributes."""
    return change.name == f"refs/heads/{target}" or not change.name.startswith("refs/")


def outside_lines(changes: Iterable[OutsideChange]) -> list[str]:
    """One Markdown list item for each change, with the commits of the target below."""
    lines = []
    for change in changes:
        lines.append(f"- {_sentence(change, change.before, change.after)}")
        lines += [f"  - {commit}" for commit in change.commits[:COMMITS_SHOWN]]
        if len(change.commits) > COMMITS_SHOWN:
            lines.append(f"  - and {len(change.commits) - COMMITS_SHOWN} more")

    return lines


def question_summary(changes: Sequence[OutsideChange], target: str) -> str:
    """The changes in one sentence; empty without any."""
    if not changes:
        return ""

    counted = "1 change" if len(changes) == 1 else f"{len(changes)} changes"
    summary = f"{counted} outside the work branches"
    for change in changes:
        if change.name == f"refs/heads/{target}" and change.commits:
            summary += f", with {_count(change)}"

    return f"{summary}."


def question_details(changes: Sequence[OutsideChange], target: str) -> str:
    """The changes for the approval question, those to decide about first; empty without any."""
    if not changes:
        return ""

    asked = [change for change in changes if is_asked_about(change, target)]
    others = [change for change in changes if not is_asked_about(change, target)]
    lines = []
    if asked:
        lines.append("Do you accept these changes since the run began? gitorch did not make them:")
        lines += _shortened(asked)
    if others:
        lines.append("These refs changed too, by an agent or by you:")
        lines += _shortened(others)

    return "\n".join(lines)


def _shortened(changes: Sequence[OutsideChange]) -> list[str]:
    """List items with short ids, at most `CHANGES_SHOWN`."""
    lines = []
    for change in changes[:CHANGES_SHOWN]:
        lines.append(f"- {_sentence(change, change.before[:SHOWN_CHARS], change.after[:SHOWN_CHARS])}")
        lines += [f"  - {commit}" for commit in change.commits[:COMMITS_SHOWN]]

    left = len(changes) - CHANGES_SHOWN
    if left > 0:
        lines.append(f"- and {left} more, which the report lists")

    return lines


def _sentence(change: OutsideChange, before: str, after: str) -> str:
    sentence = f"{change.name}: {before or 'absent'} → {after or 'removed'}"
    if change.commits:
        sentence += f", {_count(change)}"
    if change.rewritten:
        sentence += ", and it lost commits that it had"

    return sentence


def _count(change: OutsideChange) -> str:
    """The number of commits that no review saw, on the branch by its short name."""
    count = "1 commit" if len(change.commits) == 1 else f"{len(change.commits)} commits"
    branch = change.name.removeprefix("refs/heads/")
    return f"{count} on {branch} since the run began that no review saw"


def printable(text: str) -> str:
    """The text without control characters and invalid UTF-8, which names, subjects and keys of settings may hold."""
    return "".join(filter(str.isprintable, text))
