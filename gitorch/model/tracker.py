"""Issues of a project's tracker, as far as plans care: which belong to an epic, what blocks what, what is closed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gitorch.errors import Problem


class Issue(Value):
    """One issue. `parent` is empty at the top, `blockers` are what must be closed before it, `gone` says that it was deleted.

    `text` is what it asks for, in Markdown; `reason` is why it was closed.
    """

    id: str
    title: str
    kind: str = "task"
    closed: bool = False
    gone: bool = False
    parent: str = ""
    blockers: tuple[str, ...] = ()
    text: str = ""
    reason: str = ""


class Backlog(Value):
    """What a tracker answered: `source` is the file or program that said it, `problems` are what cannot be read of it."""

    source: str
    issues: Mapping[str, Issue]
    problems: tuple[Problem, ...] = ()


class Blocked(NamedTuple):
    """An issue that must wait for another."""

    issue: str
    blocker: str


def belongings(issues: Mapping[str, Issue], epics: Collection[str]) -> dict[str, tuple[Issue, ...]]:
    """For each epic all that is below it, children before their parents; what another of these epics owns is not repeated.

    Deleted issues are left out. Parents in a circle are taken once, wherever the circle is entered.
    """
    children: dict[str, list[str]] = defaultdict(list)
    for issue in issues.values():
        children[issue.parent].append(issue.id)
    return {epic: tuple(_below(issues, children, epic, epics)) for epic in epics}


def _below(
    issues: Mapping[str, Issue], children: Mapping[str, list[str]], epic: str, epics: Collection[str]
) -> Iterator[Issue]:
    seen = {epic}
    stack = [(epic, iter(children.get(epic, ())))]
    while stack:
        above, rest = stack[-1]
        child = next(rest, None)
        if child is not None:
            if child not in seen and child not in epics:
                seen.add(child)
                stack.append((child, iter(children.get(child, ()))))
            continue
        stack.pop()
        if above != epic and not issues[above].gone:
            yield issues[above]


def edges(issues: Mapping[str, Issue], owned: Mapping[str, tuple[Issue, ...]]) -> dict[str, dict[str, Blocked]]:
    """For each epic those it must wait for, with the pair that says so: open blockers between the epics and all they own.

    An epic also waits for the epics within it, since it cannot be closed before them.
    """
    owner = _owners(owned)
    found: dict[str, dict[str, Blocked]] = {epic: {} for epic in owned}
    for epic, below in owned.items():
        for issue in (issues[epic], *below):
            for blocker in open_blockers(issues, issue):
                other = owner.get(blocker)
                if other is not None and other != epic:
                    found[epic].setdefault(other, Blocked(issue.id, blocker))
        above = owner.get(issues[epic].parent)
        if above is not None and above != epic:
            found[above].setdefault(epic, Blocked(above, epic))
    return found


def foreign_blockers(
    issues: Mapping[str, Issue], owned: Mapping[str, tuple[Issue, ...]]
) -> Iterator[tuple[str, Blocked]]:
    """Each epic with an open issue of its own that waits for an open one which belongs to none of the epics."""
    owner = _owners(owned)
    for epic, below in owned.items():
        for issue in (issues[epic], *below):
            for blocker in open_blockers(issues, issue):
                if blocker not in owner:
                    yield epic, Blocked(issue.id, blocker)


def open_blockers(issues: Mapping[str, Issue], issue: Issue) -> Iterator[str]:
    """What an open issue still waits for. A blocker that nobody knows blocks nothing, as trackers have it."""
    if not (issue.closed or issue.gone):
        for blocker in issue.blockers:
            other = issues.get(blocker)
            if other is not None and not (other.closed or other.gone):
                yield blocker


def _owners(owned: Mapping[str, tuple[Issue, ...]]) -> dict[str, str]:
    return {issue.id: epic for epic, below in owned.items() for issue in below} | {epic: epic for epic in owned}
