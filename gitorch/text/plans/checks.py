"""The rules that a plan must keep to run (P2, P5). Each check yields every place that breaks its rule."""

from __future__ import annotations

import re
from bisect import bisect_right
from shlex import quote
from typing import TYPE_CHECKING

from gitorch.text.complaints import did_you_mean
from gitorch.text.glob_syntax import glob_fault
from gitorch.text.markdown import NESTING_MAX
from gitorch.text.plans.tracked import check_issue
from gitorch.text.slug import epic_id_fault, slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.errors import Problem
    from gitorch.text.markdown import Document
    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.epics import Sections
    from gitorch.text.plans.tracked import TrackedEpics
    from gitorch.text.source import Source

_PLACEHOLDER = re.compile(r"\{\{(?P<name>.*?)\}\}")
_TEMPLATE_NAME = re.compile(r"\s*[A-Z][A-Z0-9_]*\s*")
_OPEN_TASK = re.compile(r"(?m)^\s*(?:[-*+]|\d+[.)])\s+\[ \]\s")
_LINE_END = re.compile("\n")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_STRIP = re.compile(r"<!--\s*STRIP\b")


def check_epics(source: Source, drafts: Sequence[Draft], tracked: TrackedEpics) -> Iterator[Problem]:
    """P2: every epic has a usable id of its own, at least one task, and something left to do.

    Of two epics with one id, only the second has a problem.
    """
    if not drafts:
        yield source.problem(1, "The plan has no epics.", _how_to_have_epics(source))

    yield from _check_each_epic(source, drafts, tracked)


def _how_to_have_epics(source: Source) -> str:
    """What to write; with an open task also the command that makes a plan of a task list in another form."""
    fix = "Give each epic a heading such as `## Epic: api — The API`, tasks as `- [ ] …`, and `## Review Gate: api`."
    if not _OPEN_TASK.search(source.text):
        return fix

    return f"{fix} Or have a plan made of this list: `gitorch plan import {quote(source.path)}`."


def _check_each_epic(source: Source, drafts: Sequence[Draft], tracked: TrackedEpics) -> Iterator[Problem]:
    """The id, the issue or the name and tasks of every epic."""
    first: dict[str, int] = {}

    for draft in drafts:
        if draft.job in first:
            yield _used_twice(source, draft, first[draft.job])

        first.setdefault(draft.job, draft.line)
        if draft.issue:
            yield from check_issue(source, draft, tracked)
            continue

        yield from _check_name(source, draft)
        yield from _check_tasks(source, draft, is_in_tracker=tracked.is_asked)


def _used_twice(source: Source, draft: Draft, first: int) -> Problem:
    """The problem of an epic whose id another epic has on the line `first`. The new id stays short enough for an id."""
    message = f"The epic id `{draft.id}` is used twice; first on line {first}."
    fix = f"Give this epic another id: `## Epic: {draft.id[:37]}-2 — {draft.title}`."
    return source.problem(draft.line, message, fix)


def _check_name(source: Source, draft: Draft) -> Iterator[Problem]:
    """An epic has a name, and an id that may be part of a branch's name."""
    if not draft.title:
        yield source.problem(draft.line, "The epic has no name.", "Write `## Epic: <id> — <Title>`.")
        return

    fault = epic_id_fault(draft.id)
    if fault:
        better = _better_id(draft)
        fix = f"Write `## Epic: {better} — {draft.title}`, and use `{better}` in its gate and dependencies."
        yield source.problem(draft.line, f"The epic id `{draft.id}` {fault}.", fix, source.column(draft.line, draft.id))


def _better_id(draft: Draft) -> str:
    """A usable id that is close to what the plan says."""
    better = slug(draft.id) or slug(draft.title)
    if not better:
        return "epic-work"

    if epic_id_fault(better):
        return f"{better}-work"

    return better


def _check_tasks(source: Source, draft: Draft, *, is_in_tracker: bool) -> Iterator[Problem]:
    """An epic has tasks, some of them open, each with a text.

    An epic without tasks may be one of the tracker's; `check_unknown` then reports it.
    """
    if not draft.tasks and not is_in_tracker:
        fix = "Add tasks to the plan, as `- [ ] …` items or `### Task: …` headings above its gate, or as `tasks:` in its front matter."
        yield source.problem(draft.line, f"Epic `{draft.id}` has no tasks.", fix)
        return

    nothing_left = _nothing_left(draft)
    if nothing_left:
        message = f"Epic `{draft.id}` {nothing_left}: nothing is left to do."
        fix = "Remove the epic and every dependency on it, or open it again."
        yield source.problem(draft.line, message, fix)

    yield from _check_titles(source, draft)


def _check_titles(source: Source, draft: Draft) -> Iterator[Problem]:
    """Every task has a text."""
    for task in draft.tasks:
        if not task.title:
            fix = "Write what the agent shall do."
            yield source.problem(task.line, f"A task of epic `{draft.id}` has no text.", fix)


def _nothing_left(draft: Draft) -> str:
    """Why nothing is left to do in an epic; empty when something is."""
    if draft.closed:
        return "is marked as closed"
    if draft.all_tasks_done:
        return "has only tasks that are done"

    return ""


def check_sections(
    source: Source, drafts: Sequence[Draft], sections: Sections, *, complete: bool = True
) -> Iterator[Problem]:
    """Every section belongs to an epic of the plan.

    In a file that must be `complete`, every epic has a section, too.
    """
    yield from _check_section_names(source, drafts, sections)
    if complete:
        yield from _check_complete(source, drafts, sections)


def _check_section_names(source: Source, drafts: Sequence[Draft], sections: Sections) -> Iterator[Problem]:
    """Every section is that of an epic of the plan."""
    known = {draft.id for draft in drafts}
    for name, section in sections:
        if name not in known:
            message = f"This section is for `{name}`, which is not among the plan's epics.{did_you_mean(name, known)}"
            yield source.problem(section.line, message, "Add the epic to the plan's list, or correct its id here.")


def _check_complete(source: Source, drafts: Sequence[Draft], sections: Sections) -> Iterator[Problem]:
    """Every epic has a section.

    For an epic of another file the problem is at the top of this one.
    """
    present = {name for name, _ in sections}
    for draft in drafts:
        if draft.id in present:
            continue

        line = _line_to_blame(source, draft)

        fix = f"Add the heading `## Epic: {draft.id} — {draft.title}`, and `## Review Gate: {draft.id}` at its end."
        yield source.problem(line, f"Epic `{draft.id}` has no section in {source.path}.", fix)


def _line_to_blame(source: Source, draft: Draft) -> int:
    """The line of the epic in this file; the first line where it stands in another file."""
    if draft.path == source.path:
        return draft.line
    return 1


def check_lines(source: Source, drafts: Sequence[Draft], sections: Sections) -> Iterator[Problem]:
    """Scope globs are usable, and no field that names things is empty."""
    for draft in drafts:
        yield from _check_scope(source, draft)

    for name, section in sections:
        for empty in section.empty_fields:
            what, fix = EMPTY_FIELDS[empty.text]
            yield source.problem(empty.line, f"{what} of epic `{name}` {_are(what)} empty.", fix)


EMPTY_FIELDS = {
    "depends on": ("The dependencies", "Name epics, or write `Depends on: none`."),
    "dependencies": ("The dependencies", "Name epics, or write `Dependencies: none`."),
    "scope": (
        "The scope",
        "Name globs, such as `Scope: src/**, tests/**`, or remove the line: then every file may change.",
    ),
    "not": ("The forbidden part", "Name globs, such as `Not: docs/**`, or remove the line."),
}
"""What is missing where a field has no value, and what to write."""


def _are(what: str) -> str:
    """The verb of a subject."""
    if what.endswith("s"):
        return "are"
    return "is"


def _check_scope(source: Source, draft: Draft) -> Iterator[Problem]:
    """The globs of an epic can be used as its write scope."""
    for glob in (*draft.allowed, *draft.forbidden):
        fault = glob_fault(glob.text)
        if fault:
            message = f"The glob `{glob.text}` of epic `{draft.id}` {fault}."
            fix = "Write globs from the repository's root, separated by commas, such as `src/**, tests/*.py`."
            yield source.problem(glob.line, message, fix, source.column(glob.line, glob.text))


def check_placeholders(source: Source, document: Document) -> Iterator[Problem]:
    """P5: no `{{…}}` and no `<!-- STRIP` are left.

    In code, `{{ … }}` is often intended (`${{ matrix.os }}`, Jinja, Vue, Helm). There, and in comments, only a name in
    capitals counts, the form that prompt templates use: `cd {{WORKTREE_PATH}}`.
    """
    comments = _Comments(source)
    for number, line in enumerate(source.lines, 1):
        if "{{" in line:
            yield from _check_braces(source, document, comments, number, line)
        yield from _check_strip_marks(source, line, number)


def _check_strip_marks(source: Source, line: str, number: int) -> Iterator[Problem]:
    """No mark of text that had to be removed is left in the line."""
    if "<!--" in line:
        for found in _STRIP.finditer(line):
            message = "`<!-- STRIP` marks text of the prompt's template that must be removed."
            yield source.problem(number, message, "Remove the marked block.", found.start() + 1)


def check_nesting(source: Source, document: Document) -> Iterator[Problem]:
    """No list is nested so deep that the rest of the file is lost."""
    if document.too_deep:
        message = "Lists are nested too deep here, and the rest of the file cannot be read."
        fix = f"Nest lists at most {NESTING_MAX // 2 - 1} deep."
        yield source.problem(document.too_deep, message, fix)


class _Comments:
    """The places of a file that lie in HTML comments. Finding them takes one pass, and a question a few comparisons."""

    def __init__(self, source: Source) -> None:
        """Find all comments that end."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        for found in _COMMENT.finditer(source.text):
            self._starts.append(found.start())
            self._ends.append(found.end())

        self._lines = [0]
        if self._starts:
            self._lines += [found.end() for found in _LINE_END.finditer(source.text)]

    def hold(self, line: int, column: int) -> bool:
        """Whether a place, both counted from 1, lies in a comment."""
        if not self._starts:
            return False

        offset = self._lines[line - 1] + column - 1
        number = bisect_right(self._starts, offset) - 1
        return number >= 0 and offset < self._ends[number]


def _check_braces(
    source: Source,
    document: Document,
    comments: _Comments,
    number: int,
    line: str,
) -> Iterator[Problem]:
    """The placeholders of one line. In code and comments, only a template's name in capitals is one."""
    for found in _PLACEHOLDER.finditer(line):
        is_aside = document.is_code(number, found[0]) or comments.hold(number, found.start() + 1)
        if is_aside and not _TEMPLATE_NAME.fullmatch(found["name"]):
            continue

        message = f"The placeholder `{found[0]}` was never filled in."
        yield source.problem(number, message, "Write what it stands for.", found.start() + 1)
