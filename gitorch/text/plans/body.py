"""The sections of a plan, or of its implementation prompt, and the epics that they make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.plans.plan import Epic, Pattern
from gitorch.model.values import Value
from gitorch.text.glob_syntax import as_glob, glob_fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.epics import Sections
    from gitorch.text.plans.sections import Gate, Reference, Section
    from gitorch.text.plans.tracked import TrackedEpics
    from gitorch.text.source import Source

_PATH = re.compile(
    r"`(?P<code>[^`\s]+)`|(?<![\w/.:@-])(?P<bare>[\w.@-]+(?:/[\w.@*\[\]()-]+)+/?|[\w-]+\.[A-Za-z]\w{0,5}\b(?![/(]))"
)
"""A word in backticks, or one with a slash or an extension."""


class Body(Value):
    """The sections of the file that holds them, and the gates before the first section."""

    source: Source
    sections: Sections
    strays: tuple[Gate, ...]

    def first_sections(self) -> dict[str, Section]:
        """The first section of each epic, by the epic's id."""
        first: dict[str, Section] = {}
        for name, section in self.sections:
            first.setdefault(name, section)

        return first

    def text(self, section: Section) -> str:
        """The lines of a section without blank lines around them, ending in one line feed.

        Empty when all lines are blank.
        """
        text = "\n".join(self.source.lines[section.begin - 1 : section.end - 1]).strip("\n")
        if not text.strip():
            return ""

        return f"{text}\n"


def epics_of(
    drafts: Sequence[Draft],
    needs: Mapping[str, Mapping[str, Reference]],
    body: Body | None,
    tracked: TrackedEpics,
) -> tuple[Epic, ...]:
    """The epics of the plan, in its order, each with its section and tasks.

    The needs of an epic become the ids of jobs. A need that is no epic keeps its text: it has a problem already.
    """
    sections: dict[str, Section] = {}
    if body is not None:
        sections = body.first_sections()

    jobs = {draft.id: draft.job for draft in drafts}
    epics: list[Epic] = []

    for draft in drafts:
        section = sections.get(draft.id)
        epic = Epic(
            id=draft.job,
            title=draft.title,
            line=draft.line,
            section=_section_text(draft, body, section, tracked),
            tasks=draft.tasks,
            needs=tuple(jobs.get(need, need) for need in needs[draft.id]),
            scope_allowed=_texts(draft.allowed),
            scope_forbidden=_texts(draft.forbidden),
            closed=draft.is_done,
            issue=draft.issue,
            issue_tasks=tracked.open_issues(draft),
            runtime=draft.runtime,
            runtime_line=draft.runtime_line,
            host_labels=draft.host_labels,
        )
        epics.append(epic)

    return tuple(epics)


def _texts(references: Sequence[Reference]) -> tuple[str, ...]:
    """The file names or globs that a plan refers to, without line numbers."""
    return tuple(reference.text for reference in references)


def _section_text(draft: Draft, body: Body | None, section: Section | None, tracked: TrackedEpics) -> str:
    """What the epic's agent gets of the plan.

    Its section, then the tracker's open tasks if the section lists none.
    """
    open_tasks = _tracker_text(draft, tracked)
    if body is None or section is None:
        return open_tasks

    text = body.text(section)
    if section.tasks or not open_tasks:
        return text

    if not text:
        return open_tasks

    return f"{text}\n{open_tasks}"


def _tracker_text(draft: Draft, tracked: TrackedEpics) -> str:
    """The open tasks of an epic that the tracker has; empty for another epic."""
    if not draft.issue:
        return ""

    return tracked.brief(draft)


def patterns_of(source: Source, drafts: Sequence[Draft]) -> tuple[Pattern, ...]:
    """The globs of all scopes at their places, without those that have a defect of their own.

    The order is that of the epics, with the allowed globs of each before its forbidden ones.
    """
    patterns: list[Pattern] = []
    for draft in drafts:
        for references, forbids in ((draft.allowed, False), (draft.forbidden, True)):
            for reference in references:
                if not glob_fault(reference.text):
                    patterns.append(_pattern(source, draft, reference, forbids=forbids))

    return tuple(patterns)


def _pattern(source: Source, draft: Draft, reference: Reference, *, forbids: bool) -> Pattern:
    """A glob at its place; one that was normalised stands where its first part does."""
    text = reference.text.removesuffix("**")
    column = source.column(reference.line, text) or 1
    return Pattern(draft.job, reference.text, reference.line, column, forbids)


def announced_paths(body: Body | None, drafts: Sequence[Draft]) -> tuple[str, ...]:
    """The paths that the sections name, in backticks or bare, each once; not those of the scopes themselves.

    Empty for a plan without scopes, which nothing has to be compared with.
    """
    scopes = _scope_lines(drafts)
    if body is None or not scopes:
        return ()

    paths: dict[str, None] = {}
    for section in body.first_sections().values():
        for number in range(section.begin, section.end):
            if number in scopes:
                continue
            for path in _paths_in(body.source.line(number)):
                paths[path] = None

    return tuple(paths)


def _scope_lines(drafts: Sequence[Draft]) -> set[int]:
    """The lines of the plan on which globs of scopes stand.

    A glob announces nothing by itself: it is what has to be confirmed.
    """
    lines: set[int] = set()
    for draft in drafts:
        for reference in (*draft.allowed, *draft.forbidden):
            lines.add(reference.line)

    return lines


def _paths_in(line: str) -> list[str]:
    """The words of a line that look like paths.

    Addresses and words with a colon are no paths.
    """
    paths: list[str] = []
    for found in _PATH.finditer(line):
        path = as_glob(found["code"] or found["bare"])
        if path and not glob_fault(path):
            paths.append(path)

    return paths
