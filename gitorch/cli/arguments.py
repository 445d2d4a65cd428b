"""Parse what people and agents type; each error names the values that are accepted."""

from __future__ import annotations

import re
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gitorch.cli.output import write
from gitorch.errors import Malformed, NotFound, Problem, Usage
from gitorch.model.counts import counted
from gitorch.model.json_text import parse_json
from gitorch.model.plans.workflow import Autonomy
from gitorch.model.words import Words
from gitorch.model.work.artifact import EscalationKind, Outcome
from gitorch.model.work.review import SEVERITY_ALIASES, Choice, Disposition, Finding, Reply, ReportStatus, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

INPUT_BYTES_MAX = 1_000_000
"""Of a text from standard input or a file: nobody reads more, and the ledger keeps it for ever."""

GIVEN: ContextVar[bytes | None] = ContextVar("given", default=None)
"""What `-` stands for where a door without standard input carries out a command line; None for standard input itself."""

E = TypeVar("E", bound=Words)

FINDING_KEYS = frozenset({"severity", "title", "path", "line", "quote", "detail", "number", "withdrawn"})

NO_FULL_AUTO = (
    "full_auto does not exist in gitorch: nothing is merged without a human's approval;"
    " choose per_epic (asked after each epic) or end_only (asked once, at the merge report)"
)


def autonomy(typed: str) -> Autonomy:
    """How often the principal is asked. Raises Usage; for `full_auto` with the reason why it does not exist."""
    word = _word(typed)
    if word in {"full_auto", "fullauto", "auto"}:
        raise Usage(NO_FULL_AUTO, "gitorch start PLAN --autonomy end_only")

    return _one_of(Autonomy, word, typed, "an autonomy", "gitorch start PLAN --autonomy end_only")


def report_status(typed: str) -> ReportStatus:
    """A status of a report, in any case. Raises Usage."""
    return _one_of(ReportStatus, _word(typed).upper(), typed, "a status of a report", "gitorch brief")


def choice(typed: str) -> Choice:
    """A verdict, in any case. Raises Usage."""
    return _one_of(Choice, _word(typed), typed, "a verdict", "gitorch brief")


def severity(typed: str) -> Severity | None:
    """A severity by its name or by that of the other scale; None for any other word."""
    word = typed.strip().lower()
    if word in set(Severity):
        return Severity(word)

    return SEVERITY_ALIASES.get(word)


def known_severity(typed: str) -> Severity:
    """A severity on either scale. Raises Usage."""
    found = severity(typed)
    if found is None:
        raise _unknown(typed, "a severity", Severity, "gitorch block --help")

    return found


def escalation_kind(typed: str) -> EscalationKind:
    """Why something goes to the principal; without a word, because the agent declared it. Raises Usage."""
    word = _word(typed) or str(EscalationKind.AI_SELF_DECLARED)
    return _one_of(EscalationKind, word, typed, "a kind of blocker", "gitorch block --help")


def outcome(typed: str) -> Outcome:
    """The outcome of a decision. Raises Usage."""
    return _one_of(Outcome, _word(typed), typed, "an outcome", "gitorch decide --help")


def _word(typed: str) -> str:
    """The word in lower case, its parts joined by underscores."""
    return typed.strip().lower().replace("-", "_").replace(" ", "_")


def _one_of(kind: type[E], word: str, typed: str, noun: str, hint: str) -> E:
    """The member of an enumeration with this value. Raises Usage with the word as it was typed."""
    if word not in set(kind):
        raise _unknown(typed, noun, kind, hint)

    return kind(word)


def _unknown(typed: str, noun: str, known: Iterable[str], hint: str) -> Usage:
    """The error for a word that is none of the known ones, which the message lists."""
    return Usage(f"{typed!r} is not {noun}; use one of: {', '.join(known)}", hint)


def reply(typed: str) -> Reply:
    """`2=fixed:3f2a91c`: the answer to one finding. Raises Usage."""
    number, _, rest = typed.partition("=")
    word, colon, evidence = rest.partition(":")
    finding_number = _finding_number(number)
    disposition = word.strip().lower().replace("-", "_")
    if finding_number is None or not colon or disposition not in set(Disposition):
        known = ", ".join(Disposition)
        message = f"{typed!r} is not a reply to a finding; write N=DISPOSITION:EVIDENCE, with one of: {known}"
        raise Usage(message, "gitorch handoff DONE --reply 2=fixed:HEAD")

    return Reply(finding_number, Disposition(disposition), evidence.strip())


def finding(typed: str) -> Finding:
    """`important|src/a.py:12|Title|Detail`: one finding on one line. Path and detail may be empty. Raises Usage."""
    parts = [part.strip() for part in typed.split("|", 3)]
    weight = severity(parts[0])
    if weight is None or len(parts) < 3 or not parts[2]:
        known = ", ".join(Severity)
        message = f"{typed!r} is not a finding; write SEVERITY|PATH:LINE|TITLE|DETAIL, with one of: {known}"
        raise Usage(message, "gitorch verdict needs_revision --finding 'important|src/a.py:12|The error is dropped|'")

    path, line = _place(parts[1])
    return Finding(weight, parts[2], path, line, "".join(parts[3:]))


def withdrawal(typed: str) -> Finding:
    """`2=The test covers it`: withdraw finding 2 for this reason. Raises Usage."""
    number, _, reason = typed.partition("=")
    finding_number = _finding_number(number)
    if finding_number is None or not reason.strip():
        message = f"{typed!r} withdraws no finding; write N=REASON"
        raise Usage(message, "gitorch verdict accept --withdraw 2='test_x covers it'")

    return _withdrawn(finding_number, reason.strip())


def _finding_number(typed: str) -> int | None:
    """`2` or `#2`; None for anything else."""
    digits = typed.strip().removeprefix("#")
    if not _is_number(digits):
        return None

    return int(digits)


def _withdrawn(number: int, reason: str) -> Finding:
    """The finding that stands for the withdrawal of the finding with this number."""
    return Finding(Severity.NOTE, f"Finding #{number} is withdrawn", detail=reason, number=number, withdrawn=True)


def _place(typed: str) -> tuple[str, int]:
    """`src/a.py:12` as path and line; without a line number, the line is 0."""
    path, colon, line = typed.rpartition(":")
    if colon and _is_number(line):
        return path, int(line)

    return typed, 0


def _is_number(text: str) -> bool:
    """Whether the text is made of the digits 0 to 9; `isdigit` alone accepts others."""
    return text.isascii() and text.isdigit()


CITED = r"(?P<path>[^:]*[^:\s][^:]*):\s*(?P<line>[0-9]+)\s*:(?P<words>.*\S.*)"
"""`PATH:LINE: TEXT`, none of them blank."""


def cited_finding(typed: str) -> Finding:
    """`src/a.py:12: minor: TEXT`: a finding at a line of a file; important without a severity. Raises Usage."""
    found = re.fullmatch(CITED, typed, re.DOTALL)
    if found is None:
        message = f"{typed!r} is not a finding; write PATH:LINE: TEXT, or PATH:LINE: SEVERITY: TEXT"
        raise Usage(message, "gitorch reject api --finding 'src/api.py:12: important: The cookie is never rotated.'")

    path, line, words = found["path"].strip(), int(found["line"]), found["words"].strip()
    word, _, title = words.partition(":")
    weight = severity(word)
    if weight is None or not title.strip():
        return Finding(Severity.IMPORTANT, words, path, line)

    return Finding(weight, title.strip(), path, line)


def findings_file(name: str, folder: Path) -> tuple[Finding, ...]:
    """Findings from a JSON list of objects, or from an object with a list `findings`; `-` reads standard input.

    Raises Malformed with every defect found, NotFound.
    """
    found, problems = _parsed_findings(name, folder)

    if problems:
        raise Malformed(f"{name} has {counted(len(problems), 'defect')} in its findings", tuple(problems))

    return tuple(found)


def _parsed_findings(name: str, folder: Path) -> tuple[list[Finding], list[Problem]]:
    """The findings of all items, and the problems of those that are none."""
    found: list[Finding] = []
    problems: list[Problem] = []

    for number, item in enumerate(_finding_items(name, folder), 1):
        defects = _finding_defects(item, number)
        problems += [Problem(name, 1, 1, message, fix) for message, fix in defects]
        if not defects and isinstance(item, dict):
            found.append(_finding_of(item))
    return found, problems


def _finding_items(name: str, folder: Path) -> list[object]:
    """The list in the file. Raises Malformed, NotFound."""
    text = text_of(name, folder)

    try:
        data = parse_json(text)
    except ValueError as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        reason = getattr(error, "msg", str(error))
        problem = Problem(name, line, column, f"this is not JSON: {reason}", "write a JSON list")
        raise Malformed(f"{name} is not JSON", (problem,)) from None

    if isinstance(data, dict):
        data = data.get("findings")

    if not isinstance(data, list):
        problem = Problem(name, 1, 1, "findings are a JSON list of objects", '[{"severity": "minor", "title": "…"}]')
        raise Malformed(f"{name} has no list of findings", (problem,))

    return data


def _finding_defects(item: object, number: int) -> list[tuple[str, str]]:
    """Everything that is wrong with one item of the list, each with its fix."""
    if not isinstance(item, dict):
        return [(f"finding {number} is not an object", 'write {"severity": "minor", "title": "…"}')]

    if _is_withdrawal(item):
        return []

    defects: list[tuple[str, str]] = []
    if severity(_text(item, "severity")) is None:
        defects.append((f"finding {number} has no known severity", f"one of: {', '.join(Severity)}"))

    if not _text(item, "title").strip():
        defects.append((f"finding {number} has no title", 'add "title"'))

    unknown = sorted(set(item) - FINDING_KEYS)
    if unknown:
        defects.append((f"finding {number} has unknown keys: {', '.join(unknown)}", "leave them out"))

    if _number(item, "line") is None or _number(item, "number") is None:
        defects.append((f"finding {number}: line and number are whole numbers", 'write "line": 12'))

    return defects


def _is_withdrawal(item: Mapping[Any, Any]) -> bool:
    """Whether an item of a findings file withdraws a finding: it says so, and names a number."""
    if item.get("withdrawn") is not True:
        return False

    return bool(_number(item, "number"))


def _finding_of(item: Mapping[Any, Any]) -> Finding:
    """The finding of an item without defects."""
    number = _number(item, "number") or 0
    detail = _text(item, "detail")
    if _is_withdrawal(item):
        return _withdrawn(number, detail.strip())

    path, line = _text(item, "path"), _number(item, "line") or 0
    if path and not line:
        path, line = _place(path)

    title, quote = _text(item, "title").strip(), _text(item, "quote")
    return Finding(known_severity(_text(item, "severity")), title, path, line, detail, number, quote=quote)


def _text(item: Mapping[Any, Any], key: str) -> str:
    """The text under a key; empty when it is missing or of another type."""
    value = item.get(key)
    if isinstance(value, str):
        return value

    return ""


def _number(item: Mapping[Any, Any], key: str) -> int | None:
    """A whole number; 0 for a missing one, None for anything else."""
    value = item.get(key)
    if value is None or value == "":
        return 0

    return _whole_number(value)


def _whole_number(value: Any) -> int | None:
    """The whole number that a value is or spells; None for anything else."""
    if isinstance(value, str) and _is_number(value):
        return int(value)

    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None

    return value


def text_of(name: str, folder: Path) -> str:
    """The text of a file, or of standard input for `-`, read as UTF-8. Raises NotFound, Malformed, Usage."""
    try:
        data = _bytes_of(name, folder)
    except OSError as error:
        raise NotFound(f"{name} cannot be read: {error.strerror}") from None

    if len(data) > INPUT_BYTES_MAX:
        raise Usage(f"{name} is larger than {INPUT_BYTES_MAX:,} bytes")

    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        problem = Problem(name, 1, 1, "this is not UTF-8", "save it as UTF-8")
        raise Malformed(f"{name} is not UTF-8", (problem,)) from None


def _bytes_of(name: str, folder: Path) -> bytes:
    """The content of a file, or for `-` of standard input, of which only a little more than the limit is read."""
    if name != "-":
        return (folder / name).read_bytes()

    given = GIVEN.get()
    if given is not None:
        return given

    if sys.stdin.isatty():
        write("Type the text; Enter and Ctrl-D end it.", to_stderr=True)

    return sys.stdin.buffer.read(INPUT_BYTES_MAX + 1)


def words_or_input(typed: Sequence[str]) -> tuple[str, ...]:
    """The words of a command line; a single `-` is replaced by the text on standard input."""
    if list(typed) == ["-"]:
        return (text_of("-", Path()).strip(),)

    return tuple(typed)


def summary_of(typed: str, file: str | None, folder: Path) -> str:
    """A text from an option, from a file, or for `-` from standard input. Raises Usage for an option and a file."""
    if typed and file:
        raise Usage("a summary is given once: --summary or --summary-file")

    if file:
        return text_of(file, folder)

    if typed == "-":
        return text_of("-", folder)

    return typed
