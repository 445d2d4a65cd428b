"""The epics of beads, from `.beads/issues.jsonl`: each with the open issues below it and the order that blockers give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Malformed
from gitorch.model.tracker import belongings, edges, foreign_blockers
from gitorch.text.beads import parse_issues
from gitorch.text.imports.imported import Imported, ImportedEpic, Left
from gitorch.text.imports.json_values import checkbox, paragraphs
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.model.tracker import Issue
    from gitorch.text.source import Source

EPIC = "epic"


def read_beads(source: Source, beside: Mapping[str, str]) -> Imported:
    """The open epics with open issues below them. Raises Malformed for lines that cannot be read.

    Open issues below no epic are left out, and named; without any open epic, those at the top become epics.
    """
    del beside
    backlog = parse_issues(source.path, source.text.encode())
    if backlog.problems:
        raise Malformed(f"{source.path} cannot be imported", backlog.problems)

    return beads_plan(source.path, backlog.issues)


def beads_plan(path: str, issues: Mapping[str, Issue], only: str = "") -> Imported:
    """The plan of the open epics among these issues, or of one of them."""
    chosen = _chosen(issues, only)
    owned = belongings(issues, tuple(chosen))
    waits = edges(issues, owned)
    epics: list[ImportedEpic] = []
    for name, epic in chosen.items():
        needs: list[str] = []
        for other in waits.get(name, {}):
            needs.append(slug(other, "epic"))

        body = _body(epic, owned[name])
        epics.append(ImportedEpic(slug(name, "epic"), epic.title, body, tuple(needs)))

    left = list(_waits_outside(path, issues, owned))
    if not only:
        left += _left(path, issues, owned)
    return Imported("beads", _title(path, chosen), tuple(epics), left=tuple(left))


def _chosen(issues: Mapping[str, Issue], only: str) -> dict[str, Issue]:
    """The open epics, or one of them, by id.

    Closed and deleted epics are never chosen, even by their own id. Where no epic is open, the open issues are
    chosen that stand below no other one.
    """
    if only:
        return {name: issue for name, issue in _epics(issues).items() if name == only}

    return _epics(issues) or _at_top(issues)


def _epics(issues: Mapping[str, Issue]) -> dict[str, Issue]:
    """The open epics, by id."""
    return {name: issue for name, issue in issues.items() if issue.kind == EPIC and issue.is_open}


def _at_top(issues: Mapping[str, Issue]) -> dict[str, Issue]:
    """The open issues that stand below no other open one, by id."""
    chosen: dict[str, Issue] = {}
    for name, issue in issues.items():
        above = issues.get(issue.parent)
        if above is not None and above.is_open:
            continue
        if issue.is_open:
            chosen[name] = issue

    return chosen


def _title(path: str, chosen: Mapping[str, Issue]) -> str:
    """The only epic's title, or the place of the list."""
    if len(chosen) == 1:
        return next(iter(chosen.values())).title
    return f"The epics of {path}"


def _body(epic: Issue, below: Sequence[Issue]) -> str:
    """The text of an epic, and the issues below it as tasks; an epic without any is its own task.

    The ids of the issues stay in the titles, so that agents can name them in commits.
    """
    boxes: list[str] = []
    for issue in sorted(below, key=lambda one: one.id):
        boxes.append(_box(issue))
    if not boxes:
        boxes.append(checkbox(epic.title, done=False))

    return paragraphs(epic.text, *boxes)


def _box(issue: Issue) -> str:
    """An issue as a checkbox; the text of a closed one is left out."""
    text = ""
    if issue.is_open:
        text = issue.text

    return checkbox(f"{issue.id}: {issue.title}", done=not issue.is_open, text=text)


def _left(path: str, issues: Mapping[str, Issue], owned: Mapping[str, Sequence[Issue]]) -> Iterator[Left]:
    """The open issues that are in no epic of the plan.

    Tasks without an epic would need one before gitorch could plan them.
    """
    inside = set(owned)
    for below in owned.values():
        for issue in below:
            inside.add(issue.id)

    for name, issue in issues.items():
        if name in inside:
            continue
        if issue.is_open:
            message = "The issue belongs to no open epic, so it is left out."
            yield Left(f"{path}: {name}", message)


def _waits_outside(path: str, issues: Mapping[str, Issue], owned: Mapping[str, tuple[Issue, ...]]) -> Iterator[Left]:
    """The open issues outside of the plan that its issues wait for.

    While they are open, `gitorch check` refuses the plan.
    """
    for _, (issue, blocker) in foreign_blockers(issues, owned):
        message = f"It waits for `{blocker}`, which is open and in no epic of this plan: close `{blocker}` first, or remove the dependency."
        yield Left(f"{path}: {issue}", message)
