"""Beads: issues from the lines of `.beads/issues.jsonl`, and from what the `bd` program prints as JSON.

Both hold the same records with slightly different words for dependencies. Fields that are not known are ignored, as are records
of other kinds; a line that cannot be read is never skipped in silence, since it may hold a task.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitorch.errors import Problem
from gitorch.model.tracker import Backlog, Issue
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

PROBLEMS_MAX = 20
"""Lines that are complained of one by one; a file of another kind would have thousands."""

CHILD = "parent-child"
BLOCKING = frozenset({"blocks", "conditional-blocks", "waits-for"})
"""Dependencies that beads itself takes for hard blockers; the others (`related`, `discovered-from`, …) order nothing."""

_CLOSED = frozenset({"closed", "done", "completed", "resolved"})
_GONE = "tombstone"
_ID = re.compile(r"[^\s\x00-\x1f\x7f-][^\s\x00-\x1f\x7f]{0,199}")
_MARKER = re.compile(r"(?:<{7}|>{7}|\|{7})(?: |$)|={7}$")
_RESTORE = "Restore it: git checkout -- {path}, or bd export -o {path}"


class NotJson(ValueError):
    """What was to be JSON is none; the message says what stands there instead."""


def parse_issues(path: str, data: bytes) -> Backlog:
    """The issues of a JSONL file. Of several lines for one issue the one that was updated last counts.

    Never fails: what cannot be read is one of the answer's `problems`.
    """
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    records: dict[str, Mapping[str, Any]] = {}
    wrong: list[Problem] = []
    marked = 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        if _MARKER.match(text[:80].decode("utf-8", "replace")):
            marked = marked or number
            continue
        record = _record(path, number, text, cut=number == len(lines))
        if isinstance(record, Problem):
            wrong.append(record)
        elif record.get("_type", "issue") == "issue":
            name = str(record["id"])
            records[name] = _newer(records[name], record) if name in records else record
    if marked:
        message = "An unresolved merge conflict begins here."
        wrong.insert(
            0, Problem(path, marked, 1, message, "Resolve it: keep the lines of both sides, remove the markers.")
        )
    return Backlog(path, issues_of(records.values()), tuple(_few(wrong)))


def _record(path: str, number: int, line: bytes, *, cut: bool) -> Mapping[str, Any] | Problem:
    restore = _RESTORE.format(path=path)
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        what = "is cut off" if cut else "is no JSON"
        return Problem(path, number, 1, f"The line {what}: {_shown(line)}", restore)
    if not isinstance(record, dict):
        return Problem(path, number, 1, f"The line is no JSON object: {_shown(line)}", restore)
    if record.get("_type", "issue") == "issue" and not is_id(record.get("id")):
        return Problem(path, number, 1, "The issue on this line has no `id` that can be used.", restore)
    return record


def _shown(line: bytes) -> str:
    """The end of a line, which is where it went wrong when it was cut."""
    text = line.decode("utf-8", "replace")
    return f"…{text[-40:]}" if len(text) > 40 else text


def _few(wrong: list[Problem]) -> Iterator[Problem]:
    yield from wrong[:PROBLEMS_MAX]
    if len(wrong) > PROBLEMS_MAX:
        first = wrong[PROBLEMS_MAX]
        message = f"{len(wrong) - PROBLEMS_MAX} more lines cannot be read; this is the first of them."
        yield replace(first, message=message)


def _newer(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record that was updated last; of two at the same moment the one that stands later."""
    return one if _updated(one) > _updated(other) else other


def _updated(record: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(str(record.get("updated_at", "")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_answer(text: str) -> tuple[Mapping[str, Any], ...]:
    """The records that `bd … --json` printed: a list, one object, or either in an envelope. Raises NotJson."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        first = next((line for line in text.splitlines() if line.strip()), "nothing")
        raise NotJson(first.strip()[:120]) from None
    if isinstance(answer, dict) and isinstance(answer.get("data"), dict | list):
        answer = answer["data"]
    rows = answer if isinstance(answer, list) else [] if answer is None else [answer]
    if not all(isinstance(row, dict) for row in rows):
        raise NotJson(text.strip()[:120])
    return tuple(row for row in rows if is_id(row.get("id")))


def is_id(name: object) -> bool:
    """Whether this can be an issue's id: one word that no program takes for an option."""
    return isinstance(name, str) and bool(_ID.fullmatch(name))


def issues_of(records: Iterable[Mapping[str, Any]]) -> dict[str, Issue]:
    """Issues by id. One that names no parent belongs to the issue that its id continues: `bd-a1.2` to `bd-a1`."""
    issues = {issue.id: issue for issue in map(_issue, records)}
    for issue in list(issues.values()):
        stem = issue.id.rpartition(".")[0]
        if not issue.parent and stem in issues:
            issues[issue.id] = replace(issue, parent=stem)
    return issues


def dependencies_of(records: Iterable[Mapping[str, Any]]) -> dict[str, Issue]:
    """What `bd show` says of the issues that its answers depend on: enough to know whether they are closed."""
    rows = (row for record in records for row in _rows(record) if is_id(row.get("id")) and row.get("status"))
    return {str(row["id"]): _issue(row) for row in rows}


def _issue(record: Mapping[str, Any]) -> Issue:
    status = _words(record, "status").lower()
    return Issue(
        id=str(record["id"]),
        title=" ".join(_words(record, "title").split()) or str(record["id"]),
        kind=_words(record, "issue_type") or "task",
        closed=status in _CLOSED,
        deleted=status == _GONE,
        parent=next(_targets(record, {CHILD}), "") or _words(record, "parent"),
        blockers=tuple(dict.fromkeys(_targets(record, BLOCKING))),
        text=_asked(record),
        reason=_words(record, "close_reason"),
    )


def _words(record: Mapping[str, Any], key: str) -> str:
    """Text that can be written anywhere: escapes may hold halves of characters, which no file can."""
    value = record.get(key)
    return value.encode("utf-8", "replace").decode().strip() if isinstance(value, str) else ""


def _asked(record: Mapping[str, Any]) -> str:
    parts = [_words(record, "description"), _words(record, "design")]
    accepted = _words(record, "acceptance_criteria")
    return "\n\n".join(part for part in [*parts, accepted and f"Accepted when:\n\n{accepted}"] if part)


def _rows(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    rows = record.get("dependencies")
    yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _targets(record: Mapping[str, Any], kinds: Collection[str]) -> Iterator[str]:
    """What a record depends on in one of these ways: the file names `depends_on_id` and `type`, `bd show` the issue itself."""
    for row in _rows(record):
        target = row.get("depends_on_id") or row.get("id")
        if (row.get("dependency_type") or row.get("type")) in kinds and is_id(target):
            yield str(target)
