"""Issues of GitHub and GitLab, as `gh issue list --json …` and `glab issue list --output json` print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gitorch.text.imports.imported import Imported, ImportedEpic, Left
from gitorch.text.imports.json_values import (
    checkbox,
    first_words,
    list_of,
    mapping_of,
    paragraphs,
    read_json,
    rows_of,
    unused_fields,
    words,
)
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.text.source import Source

KNOWN = frozenset(
    {
        "number",
        "iid",
        "title",
        "body",
        "description",
        "state",
        "labels",
        "url",
        "html_url",
        "web_url",
        "milestone",
        "assignees",
        "id",
    }
)
FIELDS = "number,title,body,state,labels,url,milestone,assignees"
"""What `gh` is asked for."""

_NEEDS = re.compile(
    r"(?i)\b(?:depends\s+on|blocked\s+by|requires|after)\s*:?\s*(?P<issues>#\d+(?:\s*(?:,|and|&)\s*#\d+)*)"
)
_BOX = re.compile(r"(?m)^\s*(?:[-*+]|\d+[.)])\s+\[[^\]]?\]\s")


def read_issues(source: Source, beside: Mapping[str, str]) -> Imported:
    """Each open issue as an epic, with the checkboxes of its text as tasks, or itself as its only task.

    `Depends on #12` and the like in a text order the epics. Closed issues and comments are left out, and named.
    """
    del beside
    value = read_json(source)
    if isinstance(value, dict):
        value = [value]

    rows = rows_of(value)
    issues = _Issues(source.path, rows)
    return Imported("issues", _title(rows, source), issues.epics(), left=tuple(issues.left()))


def _title(rows: list[dict[str, Any]], source: Source) -> str:
    """The milestone that all issues share, the only issue's title, or the file's name.

    It becomes the title of the plan, from which the run is named.
    """
    if len(rows) == 1:
        return words(rows[0].get("title"))

    milestones: dict[str, None] = {}
    for row in rows:
        milestones[_milestone(row)] = None

    first = next(iter(milestones), "")
    if first and len(milestones) == 1:
        return first

    name = source.path.rpartition("/")[2]
    return name.rpartition(".")[0] or "Issues"


def _milestone(row: dict[str, Any]) -> str:
    """The title of an issue's milestone; empty without one."""
    milestone = row.get("milestone")
    return words(mapping_of(milestone).get("title")) or words(milestone)


class _Issues:
    """The issues of one list, as epics that know each other."""

    def __init__(self, path: str, rows: Sequence[dict[str, Any]]) -> None:
        """Keep the open issues by their numbers."""
        self.path = path
        self.rows = rows
        self.open: dict[str, dict[str, Any]] = {}
        for row in rows:
            if not _is_closed(row):
                self.open[_number(row)] = row

    def epics(self) -> tuple[ImportedEpic, ...]:
        """One epic for each open issue."""
        epics: list[ImportedEpic] = []
        for number, row in self.open.items():
            epics.append(self._epic(number, row))

        return tuple(epics)

    def left(self) -> Iterator[Left]:
        """Fields that no plan has, closed issues, and issues outside of the list that one of it waits for."""
        yield from unused_fields(self.path, [(f"#{_number(row)}", row) for row in self.rows], KNOWN)
        for row in self.rows:
            number = _number(row)
            if _is_closed(row):
                yield Left(f"{self.path}: #{number}", "The issue is closed, so it is left out.")
            else:
                yield from self._absent_needs(number, row)

    def _absent_needs(self, number: str, row: dict[str, Any]) -> Iterator[Left]:
        """The issues that one waits for and that are not among the open ones."""
        for other in _needs(row):
            if other not in self.open:
                message = f"It waits for #{other}, which is not among these open issues."
                yield Left(f"{self.path}: #{number}", message)

    def _epic(self, number: str, row: dict[str, Any]) -> ImportedEpic:
        """One issue as an epic."""
        text = _text(row)
        title = words(row.get("title")) or f"Issue {number}"
        own_box = ""
        if not _BOX.search(text):
            own_box = checkbox(title, done=False)

        facts = "\n".join(_facts(row))
        body = paragraphs(text, facts, own_box)
        return ImportedEpic(_id(number), title, body, tuple(self._open_needs(number, row)))

    def _open_needs(self, number: str, row: dict[str, Any]) -> Iterator[str]:
        """The epics of the open issues that one waits for.

        Issues outside of the list are named by `left`, and order nothing.
        """
        for other in _needs(row):
            if other == number:
                continue
            if other in self.open:
                yield _id(other)


def _number(row: dict[str, Any]) -> str:
    """The number of an issue on its forge."""
    return first_words(row, "number", "iid")


def _is_closed(row: dict[str, Any]) -> bool:
    """Whether an issue is closed."""
    return words(row.get("state")).lower() in {"closed", "merged"}


def _text(row: dict[str, Any]) -> str:
    """The text of an issue, with line feeds as its line ends."""
    return first_words(row, "body", "description").replace("\r\n", "\n")


def _needs(row: dict[str, Any]) -> list[str]:
    """The numbers of the issues that an issue's text says it waits for, each once.

    A number counts only behind words such as `depends on`, since other mentions are links.
    """
    needs: dict[str, None] = {}
    for found in _NEEDS.finditer(_text(row)):
        needs.update(dict.fromkeys(re.findall(r"\d+", found["issues"])))

    return list(needs)


def _id(number: str) -> str:
    """The id of an issue's epic."""
    return slug(f"issue-{number}")


def _facts(row: dict[str, Any]) -> Iterator[str]:
    """The labels, people and address of an issue, as a line each."""
    for label, text in (
        ("Labels", _names(row.get("labels"))),
        ("Assigned to", _names(row.get("assignees"))),
        ("Issue", first_words(row, "url", "html_url", "web_url")),
    ):
        if text:
            yield f"{label}: {text}"


def _names(value: object) -> str:
    """The names in a list of texts or mappings, with commas.

    People have a login or a user name, labels a name; other items leave an empty place.
    """
    names: list[str] = []
    for item in list_of(value):
        name = words(item)
        if not name:
            name = first_words(mapping_of(item), "name", "login", "username")
        names.append(name)

    return ", ".join(names)
