"""Issues of a project's tracker, as far as plans need them: which belong to an epic, what blocks them, which are closed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gitorch.errors import Problem


class Issue(Value):
    """One issue."""

    id: str
    title: str
    kind: str = "task"
    closed: bool = False
    deleted: bool = False
    parent: str = ""
    """Empty at the top."""
    blockers: tuple[str, ...] = ()
    """The issues that must be closed before it."""
    text: str = ""
    """The description, in Markdown."""
    reason: str = ""
    """Why it was closed."""

    @property
    def is_open(self) -> bool:
        """Whether the issue is neither closed nor deleted."""
        if self.deleted:
            return False

        return not self.closed


class TrackerCommands(Value):
    """How a person changes the tracker: what a plan check puts into its hints.

    Each field is a template of a command line with `{issue}`, and `{blocker}` if it concerns two issues.
    """

    make_epic_template: str = "change the type of {issue} to epic in the tracker"
    reopen_template: str = "open {issue} again in the tracker"
    create_task_template: str = "create a task below {issue} in the tracker"
    close_template: str = "close {issue} in the tracker"
    remove_blocker_template: str = "remove the dependency of {issue} on {blocker} in the tracker"

    def make_epic(self, issue: str) -> str:
        """The command line, or the advice, by which a person turns an issue into an epic."""
        return self.make_epic_template.format(issue=issue)

    def reopen(self, issue: str) -> str:
        """The command line, or the advice, by which a person opens a closed issue again."""
        return self.reopen_template.format(issue=issue)

    def create_task(self, issue: str) -> str:
        """The command line, or the advice, by which a person creates a task below an epic."""
        return self.create_task_template.format(issue=issue)

    def close(self, issue: str) -> str:
        """The command line, or the advice, by which a person closes issues; several are separated by spaces."""
        return self.close_template.format(issue=issue)

    def remove_blocker(self, issue: str, blocker: str) -> str:
        """The command line, or the advice, by which a person makes an issue independent of its blocker."""
        return self.remove_blocker_template.format(issue=issue, blocker=blocker)


class Backlog(Value):
    """The issues read from a tracker, with any read errors."""

    source: str
    """The file or program that answered."""
    issues: Mapping[str, Issue]
    problems: tuple[Problem, ...] = ()
    """What gitorch could not read of the answer."""
    commands: TrackerCommands = TrackerCommands()


class Blocked(NamedTuple):
    """An issue that must wait for another."""

    issue: str
    blocker: str


def belongings(issues: Mapping[str, Issue], epics: Collection[str]) -> dict[str, tuple[Issue, ...]]:
    """For each epic all issues below it, children before their parents; the issues of another of these epics are left out.

    Deleted issues are left out. Parents in a circle are taken once, wherever the circle is entered.
    """
    children: dict[str, list[str]] = defaultdict(list)
    for issue in issues.values():
        children[issue.parent].append(issue.id)

    return {epic: tuple(_below(issues, children, epic, epics)) for epic in epics}


def _below(
    issues: Mapping[str, Issue], children: Mapping[str, list[str]], epic: str, epics: Collection[str]
) -> Iterator[Issue]:
    """Walk the tree below an epic without recursion, since a tracker may nest deeper than Python's stack."""
    visited = {epic}
    stack = [(epic, iter(children.get(epic, ())))]
    while stack:
        above, rest = stack[-1]
        child = next(rest, None)
        if child is None:
            stack.pop()
            if above != epic and not issues[above].deleted:
                yield issues[above]
        elif child not in visited and child not in epics:
            visited.add(child)
            stack.append((child, iter(children.get(child, ()))))


def edges(issues: Mapping[str, Issue], owned: Mapping[str, tuple[Issue, ...]]) -> dict[str, dict[str, Blocked]]:
    """For each epic the epics that it must wait for, with the pair of issues that is the reason.

    An epic waits for the open blockers of itself and of all issues that it owns. It also waits for the epics within it,
    since it cannot be closed before them. Of several reasons for one wait the first is kept.
    """
    owner = _owners(owned)
    found: dict[str, dict[str, Blocked]] = {epic: {} for epic in owned}
    for epic in owned:
        for pair in _blocked_pairs(issues, owned, epic):
            other = owner.get(pair.blocker)
            if _is_another(other, epic):
                found[epic].setdefault(other, pair)

        above = owner.get(issues[epic].parent)
        if _is_another(above, epic):
            found[above].setdefault(epic, Blocked(above, epic))

    return found


def _is_another(owner: str | None, epic: str) -> TypeGuard[str]:
    """Whether an issue belongs to one of the epics, and not to this one."""
    return owner is not None and owner != epic


def foreign_blockers(
    issues: Mapping[str, Issue], owned: Mapping[str, tuple[Issue, ...]]
) -> Iterator[tuple[str, Blocked]]:
    """Each epic with a pair of open issues: one of its own, and a blocker that belongs to none of the epics.

    In the order of the epics. An epic that waits for several such blockers comes several times.
    """
    owner = _owners(owned)
    for epic in owned:
        for pair in _blocked_pairs(issues, owned, epic):
            if pair.blocker not in owner:
                yield epic, pair


def _blocked_pairs(issues: Mapping[str, Issue], owned: Mapping[str, tuple[Issue, ...]], epic: str) -> Iterator[Blocked]:
    """The issues of an epic, itself included, with each open blocker."""
    belonging = (issues[epic], *owned[epic])
    for issue in belonging:
        for blocker in open_blockers(issues, issue):
            yield Blocked(issue.id, blocker)


def open_blockers(issues: Mapping[str, Issue], issue: Issue) -> Iterator[str]:
    """The issues that an open issue still waits for, in its own order; nothing for an issue that is not open.

    An unknown blocker blocks nothing, as in the trackers themselves.
    """
    if not issue.is_open:
        return

    for blocker in issue.blockers:
        other = issues.get(blocker)
        if other is not None and other.is_open:
            yield blocker


def _owners(owned: Mapping[str, tuple[Issue, ...]]) -> dict[str, str]:
    """The epic of each issue; an epic owns itself."""
    owner: dict[str, str] = {}
    for epic, below in owned.items():
        for issue in below:
            owner[issue.id] = epic

    # Last, because an epic may also be listed among the issues below another one.
    for epic in owned:
        owner[epic] = epic

    return owner
