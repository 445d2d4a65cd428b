"""What makes a plan fit to run (P2 to P5), each rule a function that yields every place where it is broken."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from gitorch.model.needs import find_cycles
from gitorch.text.fields import did_you_mean
from gitorch.text.glob_syntax import glob_fault
from gitorch.text.plans.tracked import check_issue
from gitorch.text.slug import epic_id_fault, slug

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from gitorch.errors import Problem
    from gitorch.text.markdown import Document
    from gitorch.text.plans.draft import Draft
    from gitorch.text.plans.sections import Gate, Named, Section
    from gitorch.text.plans.tracked import Tracked
    from gitorch.text.source import Source

_PLACEHOLDER = re.compile(r"\{\{(?P<name>.*?)\}\}")
_TEMPLATE_NAME = re.compile(r"\s*[A-Z][A-Z0-9_]*\s*")
_STRIP = re.compile(r"<!--\s*STRIP\b")


def check_epics(source: Source, drafts: Sequence[Draft], tracked: Tracked) -> Iterator[Problem]:
    """P2: ids that can be used and are unique, at least one task, something left to do."""
    if not drafts:
        fix = (
            "Give each epic a heading such as `## Epic: api — The API`, tasks as `- [ ] …`, and `## Review Gate: api`."
        )
        yield source.problem(1, "The plan has no epics.", fix)
    first: dict[str, int] = {}
    for draft in drafts:
        if draft.job in first:
            message = f"The epic id `{draft.id}` is here twice; first on line {first[draft.job]}."
            yield source.problem(
                draft.line, message, f"Give this one another id: `## Epic: {draft.id[:37]}-2 — {draft.title}`."
            )
            continue
        first[draft.job] = draft.line
        if draft.issue:
            yield from check_issue(source, draft, tracked)
        else:
            yield from _check_epic(source, draft, bare_is_said=tracked.backlog is not None)


def _check_epic(source: Source, draft: Draft, *, bare_is_said: bool) -> Iterator[Problem]:
    if not draft.title:
        yield source.problem(draft.line, "The epic has no name.", "Write `## Epic: <id> — <Title>`.")
    elif fault := epic_id_fault(draft.id):
        better = slug(draft.id) or slug(draft.title)
        better = better if better and not epic_id_fault(better) else f"{better or 'epic'}-work"
        fix = f"Write `## Epic: {better} — {draft.title}`, and use `{better}` in its gate and dependencies."
        yield source.problem(draft.line, f"The epic id `{draft.id}` {fault}.", fix, source.column(draft.line, draft.id))
    if not draft.tasks and not bare_is_said:
        fix = "Add tasks as `- [ ] …` items or `### Task: …` headings above its gate."
        yield source.problem(draft.line, f"Epic `{draft.id}` has no tasks.", fix)
    elif draft.closed or (draft.tasks and all(task.done for task in draft.tasks)):
        why = "is marked as closed" if draft.closed else "has only tasks that are done"
        fix = "Remove the epic and what depends on it, or open it again."
        yield source.problem(draft.line, f"Epic `{draft.id}` {why}: there is nothing to do.", fix)
    for task in draft.tasks:
        if not task.title:
            yield source.problem(task.line, f"A task of epic `{draft.id}` has no words.", "Say what is to be done.")


def check_sections(
    source: Source, drafts: Sequence[Draft], sections: Sequence[tuple[str, Section]], *, complete: bool = True
) -> Iterator[Problem]:
    """Every section is one of the plan's epics and, in the file that must be `complete`, every epic has one."""
    known = {draft.id for draft in drafts}
    for name, section in sections:
        if name not in known:
            message = f"This section is of `{name}`, which is not among the plan's epics.{did_you_mean(name, known)}"
            yield source.problem(section.line, message, "Add the epic to the plan's list, or correct its id here.")
    present = {name for name, _ in sections}
    for draft in drafts if complete else ():
        if draft.id not in present:
            line = draft.line if draft.path == source.path else 1
            fix = f"Add the heading `## Epic: {draft.id} — {draft.title}`, and `## Review Gate: {draft.id}` at its end."
            yield source.problem(line, f"Epic `{draft.id}` has no section in {source.path}.", fix)


def check_gates(
    source: Source, sections: Sequence[tuple[str, Section]], strays: Sequence[Gate], epics: Collection[str]
) -> Iterator[Problem]:
    """P3: every section ends with exactly one gate, its own."""
    known = {*epics, *(name for name, _ in sections)}
    placed = {gate.id for _, section in sections for gate in section.gates} | {gate.id for gate in strays}
    first: dict[str, int] = {}
    for gate in strays:
        first[gate.id] = gate.line
        yield _stray(source, gate, known)
    opened: set[str] = set()
    for name, section in sections:
        if name in opened:
            first.pop(name, None)  # the double id is complained of already; its own gate is then no second one
        opened.add(name)
        for gate in section.gates:
            yield from _check_gate(source, gate, name, known, first)
        odd = any(not gate.exact or gate.id not in known for gate in section.gates)
        if name not in placed and not odd:
            fix = f"End its section with the heading `## Review Gate: {name}`."
            yield source.problem(section.line, f"Epic `{name}` has no review gate.", fix)
        if section.late:
            task = section.late[0]
            message = f"A task of `{name}` stands after its gate on line {section.end}, where no agent will see it."
            yield source.problem(
                task.line, message, f"Move `## Review Gate: {name}` below the last task of the section."
            )


def _check_gate(
    source: Source, gate: Gate, name: str, known: Collection[str], first: dict[str, int]
) -> Iterator[Problem]:
    fix = f"Write `## Review Gate: {name}` on a line of its own."
    if not gate.exact:
        words = source.lines[gate.line - 1].strip()
        yield source.problem(gate.line, f"`{words}` looks like a review gate but is none.", fix)
    elif gate.id not in known:
        message = f"The review gate `{gate.id}` names no epic.{did_you_mean(gate.id, known)}"
        yield source.problem(gate.line, message, fix, source.column(gate.line, gate.id))
    elif gate.id in first:
        message = f"Epic `{gate.id}` has a second review gate; the first is on line {first[gate.id]}."
        yield source.problem(gate.line, message, "Remove one of the two.")
    elif gate.id != name:
        first[gate.id] = gate.line
        message = f"The review gate of `{gate.id}` is out of order: it stands in the section of `{name}`."
        yield source.problem(gate.line, message, f"Move it to the end of the section of `{gate.id}`.")
    else:
        first[gate.id] = gate.line


def _stray(source: Source, gate: Gate, known: Collection[str]) -> Problem:
    if gate.id in known:
        message = f"The review gate of `{gate.id}` is out of order: it stands before the first epic."
        return source.problem(gate.line, message, f"Move it to the end of the section of `{gate.id}`.")
    message = f"The review gate `{gate.id}` names no epic.{did_you_mean(gate.id, known)}"
    return source.problem(
        gate.line, message, "Remove it, or give it the id of an epic.", source.column(gate.line, gate.id)
    )


def resolve_needs(drafts: Sequence[Draft]) -> dict[str, dict[str, Named]]:
    """For each epic the ids of those it needs, with the words that said so. Titles and sloppy spelling count.

    `Dependencies:` may list libraries as well, so only what is an epic counts there.
    """
    ids = {draft.id for draft in drafts}
    names = {draft.title.casefold(): draft.id for draft in drafts}
    needs: dict[str, dict[str, Named]] = {}
    for draft in drafts:
        mine = needs.setdefault(draft.id, {})
        for named in draft.needs:
            other = named.words if named.words in ids else names.get(named.words.casefold(), slug(named.words))
            if other in ids or named.sure:
                mine.setdefault(other if other in ids else named.words, named)
    return needs


def check_needs(source: Source, needs: Mapping[str, Mapping[str, Named]]) -> Iterator[Problem]:
    """P4: what an epic depends on is known, is not itself, and leads to no cycle."""
    for name, others in needs.items():
        for other, named in others.items():
            column = source.column(named.line, named.words)
            if other == name:
                fix = f"Remove `{name}` from the line, or write `Depends on: none`."
                yield source.problem(named.line, f"Epic `{name}` depends on itself.", fix, column)
            elif other not in needs:
                message = (
                    f"Epic `{name}` depends on `{other}`, which is no epic of this plan.{did_you_mean(other, needs)}"
                )
                yield source.problem(named.line, message, "Correct the id, or remove it.", column)
    for cycle in find_cycles({name: [other for other in others if other != name] for name, others in needs.items()}):
        named = needs[cycle[0]][cycle[1]]
        message = f"The dependencies go in a circle: {' → '.join(cycle)}{_because(needs, cycle)}."
        fix = f"Remove one of them, for example `{cycle[1]}` here."
        if named.why:
            fix = f"bd dep remove {named.why.split()[0]} {named.why.split(',')[0].split()[-1]}"
        yield source.problem(named.line, message, fix, source.column(named.line, named.words))


def _because(needs: Mapping[str, Mapping[str, Named]], cycle: Sequence[str]) -> str:
    """The dependencies of a circle that stand in no line of the plan."""
    whys = [needs[one][other].why for one, other in pairwise(cycle) if needs[one][other].why]
    return f" ({'; '.join(whys)})" if whys else ""


def check_lines(source: Source, drafts: Sequence[Draft], sections: Sequence[tuple[str, Section]]) -> Iterator[Problem]:
    """Scope globs that can be used, and `Depends on:` lines that are neither empty nor hidden in a task."""
    known = {draft.id for draft in drafts}
    for draft in drafts:
        for named in (*draft.allowed, *draft.forbidden):
            if fault := glob_fault(named.words):
                fix = "Write globs from the repository's root, separated by commas, such as `src/**, tests/*.py`."
                column = source.column(named.line, named.words)
                yield source.problem(named.line, f"The glob `{named.words}` of epic `{draft.id}` {fault}.", fix, column)
    for name, section in sections:
        for line in section.empty_needs:
            yield source.problem(
                line, f"The dependencies of epic `{name}` are empty.", "Name epics, or write `Depends on: none`."
            )
        for named in section.inner_needs:
            if named.words in known:
                message = f"`{named.words}` is an epic, but this line belongs to a task, so epic `{name}` would not wait for it."
                yield source.problem(named.line, message, f"Move the line above the first task of `{name}`.")


def check_placeholders(source: Source, document: Document) -> Iterator[Problem]:
    """P5: no `{{…}}` and no `<!-- STRIP` are left.

    In code, `{{ … }}` is often meant (`${{ matrix.os }}`, Jinja, Vue, Helm), and a plan must be able to speak of that. There only
    a name in capitals, as prompt templates write theirs, counts: `cd {{WORKTREE_PATH}}`.
    """
    for number, line in enumerate(source.lines, 1):
        for found in _PLACEHOLDER.finditer(line) if "{{" in line else ():
            code = number in document.code_lines or any(
                found[0] in span for span in document.code_spans.get(number, ())
            )
            if not code or _TEMPLATE_NAME.fullmatch(found["name"]):
                message = f"The placeholder `{found[0]}` was never filled in."
                yield source.problem(number, message, "Write what it stands for.", found.start() + 1)
        for found in _STRIP.finditer(line) if "<!--" in line else ():
            message = "`<!-- STRIP` marks text of the prompt's template that should be gone."
            yield source.problem(number, message, "Remove the marked block.", found.start() + 1)
