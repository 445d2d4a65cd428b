"""P4: the dependencies of a plan, as its lines name them and as its tracker knows them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from gitorch.model.plans.needs import find_cycles
from gitorch.text.complaints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.errors import Problem
    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.epics import Sections
    from gitorch.text.plans.names import EpicNames
    from gitorch.text.plans.sections import Reference, Section
    from gitorch.text.plans.tracked import TrackedEpics
    from gitorch.text.source import Source

    Needs = Mapping[str, Mapping[str, Reference]]

_NAMED_EPIC = re.compile(r"(?i)\bepics?\s+#?(?P<number>\d+)\b|`(?P<code>[^`]+)`")


def resolve_needs(drafts: Sequence[Draft], names: EpicNames) -> dict[str, dict[str, Reference]]:
    """For each epic, the ids of the epics that it needs, with the first reference to each.

    An uncertain reference that names no epic is dropped, since `Dependencies:` may list libraries, too; `need_remarks`
    names it. Any other is kept under its text, so that `check_needs` reports it.
    """
    needs: dict[str, dict[str, Reference]] = {}

    for draft in drafts:
        own = needs.setdefault(draft.id, {})
        for reference in draft.needs:
            for name in _named(reference, draft, names):
                own.setdefault(name, reference)

    return needs


def _named(reference: Reference, draft: Draft, names: EpicNames) -> tuple[str, ...]:
    """The epics that one reference of an epic names; its own text where it must name one and does not."""
    found = names.resolve_all(reference.text, draft.id)
    if not found and reference.certain:
        return (reference.text,)

    return found


def check_needs(source: Source, needs: Needs, names: EpicNames, tracked: TrackedEpics) -> Iterator[Problem]:
    """P4: every dependency is a known epic, no epic depends on itself, and the dependencies form no cycle.

    `needs` are those of `resolve_needs`, together with those of the tracker.
    """
    for name, others in needs.items():
        for other, reference in others.items():
            if other == name:
                yield _own_need(source, reference, name)
            elif other not in needs:
                yield _unknown_need(source, names, reference, name)

    yield from _check_cycles(source, needs, tracked)


def _own_need(source: Source, reference: Reference, name: str) -> Problem:
    """The problem of an epic that depends on itself."""
    fix = f"Remove `{name}` from the line, or write `Depends on: none`."
    column = source.column(reference.line, reference.text)
    return source.problem(reference.line, f"Epic `{name}` depends on itself.", fix, column)


def _unknown_need(source: Source, names: EpicNames, reference: Reference, name: str) -> Problem:
    """The problem of a dependency on something that is no epic of the plan."""
    message = f"Epic `{name}` depends on `{reference.text}`, which is not an epic of this plan."
    column = source.column(reference.line, reference.text)
    return source.problem(
        reference.line, message + _meant(reference.text, names), "Correct the id, or remove it.", column
    )


def _meant(text: str, names: EpicNames) -> str:
    """A question with the epic that was probably meant, to follow a sentence; empty without one."""
    placed = names.suggestion(text)
    if placed:
        return f" Did you mean `{placed}`?"

    return did_you_mean(text, names.known())


def _check_cycles(source: Source, needs: Needs, tracked: TrackedEpics) -> Iterator[Problem]:
    """No epics wait for each other. Each cycle has one problem, at its first dependency."""
    graph = _without_loops(needs)

    for cycle in find_cycles(graph):
        reference = needs[cycle[0]][cycle[1]]
        message = f"The dependencies form a cycle: {' → '.join(cycle)}{_tracker_edges(needs, cycle, tracked)}."
        fix = f"Remove one of them, for example `{cycle[1]}` here."
        if reference.blocked is not None:
            fix = tracked.commands.remove_blocker(*reference.blocked)

        yield source.problem(reference.line, message, fix, source.column(reference.line, reference.text))


def _without_loops(needs: Needs) -> dict[str, list[str]]:
    """The dependencies of each epic without those on itself, which have a problem of their own."""
    graph: dict[str, list[str]] = {}
    for name, others in needs.items():
        graph[name] = []
        for other in others:
            if other != name:
                graph[name].append(other)

    return graph


def _tracker_edges(needs: Needs, cycle: Sequence[str], tracked: TrackedEpics) -> str:
    """The dependencies of a cycle that come from the tracker, in parentheses; empty without any.

    The plan has no line for them, so the text of the problem must name them.
    """
    edges: list[str] = []
    for one, other in pairwise(cycle):
        blocked = needs[one][other].blocked
        if blocked is not None:
            edges.append(f"{blocked.issue} waits for {blocked.blocker}")
    if not edges:
        return ""

    return f" (in {tracked.source}: {'; '.join(edges)})"


def check_hidden_needs(source: Source, sections: Sections, names: EpicNames, needs: Needs) -> Iterator[Problem]:
    """No epic is named as a dependency below a task's heading, where it has no effect. Other names are the task's text.

    One that the section's epic waits for all the same is only repeated there.

    Such a line looks like an order, so it is a problem and not only a remark.
    """
    for name, section in sections:
        for reference in section.needs_in_tasks:
            for other in names.split(reference.text):
                if names.resolve(other) not in {None, *needs.get(name, ())}:
                    yield _hidden_need(source, name, other, reference.line)


def _hidden_need(source: Source, name: str, other: str, line: int) -> Problem:
    """The problem of a dependency below a task's heading."""
    message = f"`{other}` is an epic, but this line belongs to a task, so epic `{name}` would not wait for it."
    return source.problem(line, message, f"Move the line above the first task of `{name}`.")


def need_remarks(source: Source, sections: Sections, names: EpicNames, needs: Needs) -> Iterator[Problem]:
    """Remarks on words that may state a dependency and order nothing, or another one.

    All are remarks, since running text may mean something else.
    """
    for draft in names.drafts:
        for reference in draft.needs:
            if names.several(reference.text):
                yield _title_of_several(source, reference, names)
            if not reference.certain and not names.resolve_all(reference.text, draft.id):
                yield _no_epic(source, reference, draft, names)

    for name, section in sections:
        yield from _prose_remarks(source, name, section, names, needs.get(name, {}))
        for reference in section.needs_in_tasks:
            yield from _words_of_a_task(source, name, reference, names)


def _words_of_a_task(source: Source, name: str, reference: Reference, names: EpicNames) -> Iterator[Problem]:
    """A remark for each epic whose name stands among other words of a dependency inside a task.

    One that stands alone is a problem; see `check_hidden_needs`.
    """
    for part in names.split(reference.text):
        words = part.split()
        if len(words) == 1 or names.resolve(part) is not None:
            continue
        for other in map(names.resolve, words):
            if other not in {None, name}:
                message = (
                    f"`{part}` names epic `{other}`, but this line belongs to a task, so `{name}` does not wait for it."
                )
                fix = f"If it must, write a line of its own above the first task: `Depends on: {other}`."
                yield source.problem(reference.line, message, fix)


def _title_of_several(source: Source, reference: Reference, names: EpicNames) -> Problem:
    """The remark about a title whose parts name epics, too.

    It may mean the one epic or the others; the title is the longer name, so it wins.
    """
    parts = "` and `".join(names.several(reference.text))
    message = f"`{reference.text}` is read as the title of one epic, though `{parts}` are epics, too."
    fix = "To name the others, write their ids, one a line, in a list."
    return source.problem(reference.line, message, fix)


def _no_epic(source: Source, reference: Reference, draft: Draft, names: EpicNames) -> Problem:
    """The remark about a name in a `Dependencies:` line that is no epic."""
    message = f"`{reference.text}` is no epic of this plan, so `{draft.id}` waits for nothing of that name."
    fix = "Where it is a library or tool, leave it: the agent reads the line."
    return source.problem(
        reference.line, message + _meant(reference.text, names), fix, source.column(reference.line, reference.text)
    )


def _prose_remarks(
    source: Source, name: str, section: Section, names: EpicNames, needs: Mapping[str, Reference]
) -> Iterator[Problem]:
    """A remark for each line of running text that names another epic which this one does not wait for."""
    for prose in section.prose:
        for found in _NAMED_EPIC.finditer(prose.text):
            other = names.resolve(found["number"] or found["code"])
            if other in {None, name, *needs}:
                continue

            message = f"This line names epic `{other}`, but `{name}` does not wait for it."
            fix = f"If it must, write a line of its own above the first task: `Depends on: {other}`."
            yield source.problem(prose.line, message, fix)
