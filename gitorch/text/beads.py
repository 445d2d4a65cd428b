"""Beads: issues from the lines of `.beads/issues.jsonl`, and from the JSON that the `bd` program prints.

Both contain the same records with slightly different names for dependencies. Unknown fields are ignored, as are records of other
kinds. An unreadable line is always a problem and never skipped, since it may contain a task.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitorch.errors import Problem
from gitorch.model.counts import counted
from gitorch.model.tracker import Backlog, Issue, TrackerCommands
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Record = Mapping[str, Any]
    """One JSON object as beads writes it."""

PROBLEMS_MAX = 20
"""Unreadable lines that get a problem of their own; a file of another kind would have thousands."""

CHILD = "parent-child"
BLOCKING = frozenset({"blocks", "conditional-blocks", "waits-for"})
"""The dependencies that beads itself treats as hard blockers; the others (`related`, `discovered-from`, …) order nothing."""

_CLOSED = frozenset({"closed", "done", "completed", "resolved"})
_DELETED = "tombstone"
_ID = re.compile(r"[^\s\x00-\x1f\x7f-][^\s\x00-\x1f\x7f]{0,199}")
_CONFLICT_MARKER = re.compile(r"(?:<{7}|>{7}|\|{7})(?: |$)|={7}$")
_CONFLICT_FIX = "Resolve it: keep the lines of both sides, remove the markers."


class NotJson(ValueError):
    """The text is not a JSON answer; the message is the beginning of that text."""


def parse_issues(
    path: str, data: bytes, restore: str = "Restore the file.", commands: TrackerCommands | None = None
) -> Backlog:
    """The issues of a JSONL file. When several lines have one issue, the one with the latest `updated_at` counts.

    Never fails: each unreadable line is one of the backlog's `problems`, with `restore` as its hint.
    """
    records: dict[str, Record] = {}
    problems: list[Problem] = []
    conflicts: list[int] = []
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")

    for number, text in _numbered(lines):
        if _is_conflict_marker(text):
            conflicts.append(number)
            continue

        record, fault = _read_line(text, is_last=number == len(lines))

        if fault:
            problems.append(Problem(path, number, 1, fault, restore))
        elif _is_issue(record):
            _keep_newest(records, record)

    problems = _with_conflict(path, problems, conflicts)

    return Backlog(path, issues_of(records.values()), tuple(problems), commands or TrackerCommands())


def _with_conflict(path: str, problems: list[Problem], conflicts: list[int]) -> list[Problem]:
    """The first problems, an unresolved merge conflict before all others."""
    problems = _first_problems(problems)
    if conflicts:
        problem = Problem(path, conflicts[0], 1, "An unresolved merge conflict begins here.", _CONFLICT_FIX)
        problems.insert(0, problem)
    return problems


def _numbered(lines: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, without the blanks around them, with their numbers from 1."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text:
            yield number, text


def _is_conflict_marker(line: bytes) -> bool:
    """Whether git wrote this line where two versions of the file conflict."""
    return bool(_CONFLICT_MARKER.match(line[:80].decode("utf-8", "replace")))


def _read_line(line: bytes, *, is_last: bool) -> tuple[Record, str]:
    """The record of one line, and an empty string; or an empty record and why the line is unreadable."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        # Only the last line can have been cut off while it was written.
        fault = "is not JSON"
        if is_last:
            fault = "is cut off"
        return {}, f"The line {fault}: {_end_of(line)}"
    if not isinstance(record, dict):
        return {}, f"The line is not a JSON object: {_end_of(line)}"
    if _is_issue(record) and not is_id(record.get("id")):
        return {}, "The issue on this line has no usable `id`."

    return record, ""


def _is_issue(record: Record) -> bool:
    """Whether a record is an issue; in old exports, issues have no `_type`."""
    return bool(record.get("_type", "issue") == "issue")


def _end_of(line: bytes) -> str:
    """The end of a line, where a line that was cut off went wrong; at most 40 characters."""
    text = line.decode("utf-8", "replace")
    if len(text) <= 40:
        return text

    return f"…{text[-40:]}"


def _keep_newest(records: dict[str, Record], record: Record) -> None:
    """Keep the record that was updated last; of two with one time, the later line."""
    name = str(record["id"])
    known = records.get(name)
    if known is None or _updated_at(known) <= _updated_at(record):
        records[name] = record


def _first_problems(problems: list[Problem]) -> list[Problem]:
    """The first `PROBLEMS_MAX` problems; one more stands for the rest."""
    if len(problems) <= PROBLEMS_MAX:
        return problems

    rest = len(problems) - PROBLEMS_MAX
    message = f"{counted(rest, 'more line is', 'more lines are')} unreadable, from this one on."
    return [*problems[:PROBLEMS_MAX], problems[PROBLEMS_MAX]._replace(message=message)]


def _updated_at(record: Record) -> datetime:
    """When a record was last updated, in UTC if it names no zone.

    The earliest possible time for a record without a valid one.
    """
    try:
        updated_at = datetime.fromisoformat(str(record.get("updated_at", "")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    if updated_at.tzinfo is None:
        return updated_at.replace(tzinfo=UTC)

    return updated_at


def parse_answer(text: str) -> tuple[Record, ...]:
    """The records that `bd … --json` printed: a list, one object, or either in an envelope with the key `data`.

    Records without a usable id are left out. Raises NotJson for any other text.
    """
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise NotJson(_first_line(text)) from None

    rows = _rows_of_answer(answer)
    if not all(isinstance(row, dict) for row in rows):
        raise NotJson(text.strip()[:120])

    return tuple(row for row in rows if is_id(row.get("id")))


def _rows_of_answer(answer: Any) -> list[Any]:
    """The records of an answer, without the envelope; empty for `null`."""
    if isinstance(answer, dict) and isinstance(answer.get("data"), dict | list):
        answer = answer["data"]
    if answer is None:
        return []
    if isinstance(answer, list):
        return answer

    return [answer]


def _first_line(text: str) -> str:
    """The first line with text, for the message of an error; at most 120 characters."""
    for line in text.splitlines():
        if line.strip():
            return line.strip()[:120]

    return "nothing"


def is_id(name: object) -> bool:
    """Whether this can be an issue's id.

    An id is one word of at most 200 characters that no program takes for an option.
    """
    if not isinstance(name, str):
        return False
    return bool(_ID.fullmatch(name))


def issues_of(records: Iterable[Record]) -> dict[str, Issue]:
    """Issues by id, in the order of the records.

    An issue without a parent belongs to the issue whose id it extends: `bd-a1.2` to `bd-a1`.
    """
    issues: dict[str, Issue] = {}
    for record in records:
        issue = _issue(record)
        issues[issue.id] = issue

    return _below_stems(issues)


def _below_stems(issues: dict[str, Issue]) -> dict[str, Issue]:
    """The issues; one that names no parent is below the issue whose id begins its own."""
    for issue in list(issues.values()):
        stem = issue.id.rpartition(".")[0]
        if not issue.parent and stem in issues:
            issues[issue.id] = replace(issue, parent=stem)

    return issues


def dependencies_of(records: Iterable[Record]) -> dict[str, Issue]:
    """The issues that these records depend on, as far as `bd show` describes them.

    Enough to know whether they are closed; a dependency without a status is left out.
    """
    issues: dict[str, Issue] = {}
    for record in records:
        for row in _dependency_rows(record):
            if is_id(row.get("id")) and row.get("status"):
                issues[str(row["id"])] = _issue(row)

    return issues


def _issue(record: Record) -> Issue:
    """The issue of a record that has a usable id; every other field may be missing or of another type."""
    name = str(record["id"])
    title = " ".join(_text(record, "title").split())
    status = _text(record, "status").lower()
    return Issue(
        id=name,
        title=title or name,
        kind=_text(record, "issue_type") or "task",
        closed=status in _CLOSED,
        deleted=status == _DELETED,
        parent=_parent(record),
        blockers=tuple(dict.fromkeys(_targets(record, BLOCKING))),
        text=_description(record),
        reason=_text(record, "close_reason"),
    )


def _parent(record: Record) -> str:
    """The issue that this one is a child of: a dependency of that type, else the field `parent`."""
    for target in _targets(record, {CHILD}):
        return target

    return _text(record, "parent")


def _text(record: Record, key: str) -> str:
    """The text of a field, empty for other types.

    Lone surrogates, which JSON escapes allow and no file can hold, become `?`.
    """
    value = record.get(key)
    if not isinstance(value, str):
        return ""

    return value.encode("utf-8", "replace").decode().strip()


def _description(record: Record) -> str:
    """What the issue asks for, as Markdown: description, design, and criteria of acceptance."""
    parts = [_text(record, "description"), _text(record, "design")]
    criteria = _text(record, "acceptance_criteria")
    if criteria:
        parts.append(f"Accepted when:\n\n{criteria}")

    return "\n\n".join(part for part in parts if part)


def _dependency_rows(record: Record) -> Iterator[Record]:
    """The dependencies of a record, as it has them; items of other types are left out."""
    rows = record.get("dependencies")
    if not isinstance(rows, list):
        return

    for row in rows:
        if isinstance(row, dict):
            yield row


def _targets(record: Record, kinds: Collection[str]) -> Iterator[str]:
    """The issues that a record depends on in one of these ways."""
    for row in _dependency_rows(record):
        target = _target(row)
        if _kind(row) in kinds and is_id(target):
            yield str(target)


def _target(row: Record) -> object:
    """The issue that a dependency names: the file has `depends_on_id`, `bd show` has the issue itself."""
    return row.get("depends_on_id") or row.get("id")


def _kind(row: Record) -> object:
    """The kind of a dependency: the file has `type`; `bd show` has `dependency_type` beside the issue's own fields."""
    return row.get("dependency_type") or row.get("type")
