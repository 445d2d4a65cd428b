"""The rules that a plan must keep to run (P2 to P5). Each check yields every place that breaks its rule."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from gitorch.model.plans.needs import find_cycles
from gitorch.text.complaints import did_you_mean
from gitorch.text.glob_syntax import glob_fault
from gitorch.text.plans.tracked import check_issue
from gitorch.text.slug import epic_id_fault, slug

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from gitorch.errors import Problem
    from gitorch.text.markdown import Document
    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.epics import Sections
    from gitorch.text.plans.sections import Reference, Section
    from gitorch.text.plans.tracked import TrackedEpics
    from gitorch.text.source import Source

_PLACEHOLDER = re.compile(r"\{\{(?P<name>.*?)\}\}")
_TEMPLATE_NAME = re.compile(r"\s*[A-Z][A-Z0-9_]*\s*")
_STRIP = re.compile(r"<!--\s*STRIP\b")


def check_epics(source: Source, drafts: Sequence[Draft], tracked: TrackedEpics) -> Iterator[Problem]:
    """P2: every epic has a usable id of its own, at least one task, and something left to do.

    Of two epics with one id, only the second has a problem.
    """
    if not drafts:
        fix = (
            "Give each epic a heading such as `## Epic: api — The API`, tasks as `- [ ] …`, and `## Review Gate: api`."
        )
        yield source.problem(1, "The plan has no epics.", fix)

    yield from _check_each_epic(source, drafts, tracked)


def _check_each_epic(source: Source, drafts: Sequence[Draft], tracked: TrackedEpics) -> Iterator[Problem]:
    """The id, the issue or the name and tasks of every epic."""
    first: dict[str, int] = {}

    for draft in drafts:
        if draft.job in first:
            yield _used_twice(source, draft, first[draft.job])
            continue

        first[draft.job] = draft.line
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
        fix = "Add tasks as `- [ ] …` items or `### Task: …` headings above its gate."
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


def resolve_needs(drafts: Sequence[Draft]) -> dict[str, dict[str, Reference]]:
    """For each epic, the ids of the epics that it needs, with the first reference to each.

    A reference may be an id, a title, or text whose slug is an id. An uncertain reference that resolves to no epic is dropped:
    `Dependencies:` may list libraries, too. Any other is kept under its text, so that `check_needs` reports it.
    """
    ids = {draft.id for draft in drafts}
    titles = {draft.title.casefold(): draft.id for draft in drafts}
    needs: dict[str, dict[str, Reference]] = {}

    for draft in drafts:
        own = needs.setdefault(draft.id, {})
        for reference in draft.needs:
            epic = _resolved(reference.text, ids, titles)
            if epic is None and not reference.certain:
                continue

            own.setdefault(epic or reference.text, reference)

    return needs


def _resolved(text: str, ids: Collection[str], titles: Mapping[str, str]) -> str | None:
    """The id of the epic that a text names; None when it names none.

    An id comes before a title, and a title before a text that only resembles an id.
    """
    if text in ids:
        return text

    titled = titles.get(text.casefold())
    if titled is not None:
        return titled

    made = slug(text)
    if made in ids:
        return made

    return None


def check_needs(
    source: Source, needs: Mapping[str, Mapping[str, Reference]], tracked: TrackedEpics
) -> Iterator[Problem]:
    """P4: every dependency is a known epic, no epic depends on itself, and the dependencies form no cycle.

    `needs` are those of `resolve_needs`, together with those of the tracker.
    """
    for name, others in needs.items():
        for other, reference in others.items():
            yield from _check_need(source, needs, reference, other, name)

    yield from _check_cycles(source, needs, tracked)


def _check_need(
    source: Source, needs: Mapping[str, Mapping[str, Reference]], reference: Reference, other: str, name: str
) -> Iterator[Problem]:
    """One dependency is another epic of the plan."""
    column = source.column(reference.line, reference.text)
    if other == name:
        fix = f"Remove `{name}` from the line, or write `Depends on: none`."
        yield source.problem(reference.line, f"Epic `{name}` depends on itself.", fix, column)
    elif other not in needs:
        message = f"Epic `{name}` depends on `{other}`, which is not an epic of this plan.{did_you_mean(other, needs)}"
        yield source.problem(reference.line, message, "Correct the id, or remove it.", column)


def _check_cycles(
    source: Source, needs: Mapping[str, Mapping[str, Reference]], tracked: TrackedEpics
) -> Iterator[Problem]:
    """No epics wait for each other. Each cycle has one problem, at its first dependency."""
    graph = _without_loops(needs)

    for cycle in find_cycles(graph):
        reference = needs[cycle[0]][cycle[1]]
        message = f"The dependencies form a cycle: {' → '.join(cycle)}{_tracker_edges(needs, cycle, tracked)}."
        fix = f"Remove one of them, for example `{cycle[1]}` here."
        if reference.blocked is not None:
            fix = tracked.commands.remove_blocker(*reference.blocked)

        yield source.problem(reference.line, message, fix, source.column(reference.line, reference.text))


def _without_loops(needs: Mapping[str, Mapping[str, Reference]]) -> dict[str, list[str]]:
    """The dependencies of each epic without those on itself, which have a problem of their own."""
    graph: dict[str, list[str]] = {}
    for name, others in needs.items():
        graph[name] = [other for other in others if other != name]

    return graph


def _tracker_edges(needs: Mapping[str, Mapping[str, Reference]], cycle: Sequence[str], tracked: TrackedEpics) -> str:
    """The dependencies of a cycle that come from the tracker, in parentheses; empty without any.

    No line of the plan shows them, so the problem has to.
    """
    edges: list[str] = []
    for one, other in pairwise(cycle):
        blocked = needs[one][other].blocked
        if blocked is not None:
            edges.append(f"{blocked.issue} waits for {blocked.blocker}")
    if not edges:
        return ""

    return f" (in {tracked.source}: {'; '.join(edges)})"


def check_lines(source: Source, drafts: Sequence[Draft], sections: Sections) -> Iterator[Problem]:
    """Scope globs are usable, and `Depends on:` lines are neither empty nor hidden in a task."""
    for draft in drafts:
        yield from _check_scope(source, draft)

    known = {draft.id for draft in drafts}

    for name, section in sections:
        for line in section.empty_needs:
            fix = "Name epics, or write `Depends on: none`."
            yield source.problem(line, f"The dependencies of epic `{name}` are empty.", fix)

        yield from _check_hidden_needs(source, name, section, known)


def _check_hidden_needs(source: Source, name: str, section: Section, known: Collection[str]) -> Iterator[Problem]:
    """No epic is named as a dependency below a task's heading, where it has no effect. Other names are the task's text."""
    for reference in section.needs_in_tasks:
        if reference.text not in known:
            continue

        message = (
            f"`{reference.text}` is an epic, but this line belongs to a task, so epic `{name}` would not wait for it."
        )
        yield source.problem(reference.line, message, f"Move the line above the first task of `{name}`.")


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

    In code, `{{ … }}` is often intended (`${{ matrix.os }}`, Jinja, Vue, Helm). There, only a name in capitals counts, the
    form that prompt templates use: `cd {{WORKTREE_PATH}}`.
    """
    for number, line in enumerate(source.lines, 1):
        if "{{" in line:
            yield from _check_braces(source, document, number, line)
        yield from _check_strip_marks(source, line, number)


def _check_strip_marks(source: Source, line: str, number: int) -> Iterator[Problem]:
    """No mark of text that had to be removed is left in the line."""
    if "<!--" in line:
        for found in _STRIP.finditer(line):
            message = "`<!-- STRIP` marks text of the prompt's template that must be removed."
            yield source.problem(number, message, "Remove the marked block.", found.start() + 1)


def _check_braces(source: Source, document: Document, number: int, line: str) -> Iterator[Problem]:
    """The placeholders of one line. In code, only a template's name in capitals is one."""
    for found in _PLACEHOLDER.finditer(line):
        is_template_name = bool(_TEMPLATE_NAME.fullmatch(found["name"]))
        if document.is_code(number, found[0]) and not is_template_name:
            continue

        message = f"The placeholder `{found[0]}` was never filled in."
        yield source.problem(number, message, "Write what it stands for.", found.start() + 1)
