"""The `tasks.md` of a Kiro spec: numbered tasks, each with its sub-tasks, which become an epic each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.text.imports.checklist import GENERIC_TITLES, chain, folder_of, read_checklist, title_left
from gitorch.text.imports.imported import Imported, ImportedEpic, Left, epic_id
from gitorch.text.imports.sections import headings_of, text_without, top_heading
from gitorch.text.markdown import Listing, read_markdown
from gitorch.text.plans.line_syntax import parse_checkbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.text.markdown import Document, Heading, Item
    from gitorch.text.source import Source

_NUMBER = re.compile(r"(?P<major>\d+)(?:\.\d+)*[.)]?\s+(?P<words>.*)", re.DOTALL)
_BOX = re.compile(r"\s*[-*+]\s+\[[^\]]?\]\*?\s")
_BOX_MARK = re.compile(r"^\s*[-*+]\s+\[[^\]]?\]\*?\s+")

MOST_BLANKS = 1000
"""More blanks than any checkbox has before it."""


class _Group(Value):
    """A numbered task with everything up to the next number."""

    number: str
    title: str
    line: int


def read_kiro(source: Source, beside: Mapping[str, str]) -> Imported:
    """The numbered tasks as epics, each after the one before, with their sub-tasks as its tasks.

    A file with fewer than two numbers is read as a plain checklist.
    """
    document = read_markdown(source.without_front_matter())
    groups = _groups(document)
    if len(groups) < 2:
        return read_checklist(source, beside)

    top = top_heading(headings_of(document))
    first = source.front_matter_lines + 1
    preamble = text_without(source, top, first, groups[0].line)
    title = _title(source, top)
    left: list[Left] = []
    if top is not None:
        left += title_left(source.path, top.text, title)
    if preamble:
        message = "The text above the first task is for people, above the first epic."
        left.append(Left(f"{source.path}:{source.text.count(chr(10), 0, source.text.find(preamble)) + 1}", message))

    epics = tuple(_epics(source, groups))
    return Imported("Kiro", title, epics, preamble, beside.get("design.md", ""), tuple(left))


def _groups(document: Document) -> list[_Group]:
    """The groups of the items at the top level, in order.

    Neighbouring items with the same first number are one group, at whatever depth they are written.
    """
    groups: list[_Group] = []
    for item in _items(document):
        group = _numbered(item)
        if group is None:
            continue
        if not groups or groups[-1].number != group.number:
            groups.append(group)

    return groups


def _items(document: Document) -> Iterator[Item]:
    """The items of all lists at the top level."""
    for block in document.blocks:
        if isinstance(block, Listing):
            yield from block.items


def _numbered(item: Item) -> _Group | None:
    """The group that a numbered task may begin; None for another item.

    Only the first line is read, since details may follow on the next.
    """
    task = parse_checkbox(item.lines[:1])
    if task is None:
        return None
    found = _NUMBER.fullmatch(task.title)
    if found is None:
        return None

    return _Group(found["major"], found["words"], item.line)


def _epics(source: Source, groups: list[_Group]) -> Iterator[ImportedEpic]:
    """The groups as epics; the lines of a group go from its first item to the next group.

    Text between two groups belongs to the one above it.
    """
    ids: list[str] = []
    for group in groups:
        ids.append(epic_id(group.title, ids))

    needs = chain(ids)
    ends = [*(group.line for group in groups[1:]), len(source.lines) + 1]
    for group, end, name, before in zip(groups, ends, ids, needs, strict=True):
        body = _flat("\n".join(source.lines[group.line - 1 : end - 1]))
        yield ImportedEpic(name, group.title, body, before)


def _flat(text: str) -> str:
    """The text of a group. Its first item becomes a line of text where it has sub-tasks.

    Otherwise the whole epic would be one task. A ticked first item with open sub-tasks stays open by them.
    """
    first, _, rest = text.partition("\n")
    if not any(_BOX.match(line) for line in rest.split("\n")):
        return text

    return f"{_BOX_MARK.sub('', first)}\n\n{_outdented(rest.split(chr(10)))}"


def _outdented(lines: list[str]) -> str:
    """Lines without the indentation that all checkboxes have in common.

    The checkboxes then stand at the top level, where each is a task of its own.
    """
    common = MOST_BLANKS
    for line in lines:
        if _BOX.match(line):
            common = min(common, _indent(line))

    outdented: list[str] = []
    for line in lines:
        cut = min(common, _indent(line))
        outdented.append(line[cut:])

    return "\n".join(outdented)


def _indent(line: str) -> int:
    """How many blanks a line begins with."""
    return len(line) - len(line.lstrip())


def _title(source: Source, top: Heading | None) -> str:
    """The first heading, unless it only says that this is a plan; then the name of the spec's folder."""
    if top is None or top.text.lower() in GENERIC_TITLES:
        return folder_of(source.path)

    return top.text
