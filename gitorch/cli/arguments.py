"""Words to values: what people and agents type, with an answer that names what would have been right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitorch.errors import Malformed, NotFound, Problem, Usage
from gitorch.model.artifact import EscalationKind, Outcome
from gitorch.model.review import SEVERITY_ALIASES, Choice, Disposition, Finding, Reply, ReportStatus, Severity
from gitorch.model.workflow import Autonomy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INPUT_BYTES_MAX = 1_000_000
"""Of a text read from standard input or a file: nobody reads more, and the ledger keeps it for ever."""

FINDING_KEYS = frozenset({"severity", "title", "path", "line", "quote", "detail", "number", "withdrawn"})

NO_FULL_AUTO = (
    "full_auto does not exist in gitorch: nothing is merged without a human's approval;"
    " choose per_epic (asked after each epic) or end_only (asked once, at the merge report)"
)


def autonomy(said: str) -> Autonomy:
    """How often the principal is asked. Raises Usage; for `full_auto` with the reason why there is none."""
    word = said.strip().lower().replace("-", "_")
    if word in {"full_auto", "fullauto", "auto"}:
        raise Usage(NO_FULL_AUTO, "--autonomy end_only")
    if word not in set(Autonomy):
        raise Usage(f"{said!r} is no autonomy; it is one of: {', '.join(Autonomy)}", "--autonomy end_only")
    return Autonomy(word)


def report_status(said: str) -> ReportStatus:
    """One of the four words, in any case. Raises Usage with all four."""
    word = said.strip().upper().replace("-", "_").replace(" ", "_")
    if word not in set(ReportStatus):
        raise Usage(f"{said!r} is no status of a report; it is one of: {', '.join(ReportStatus)}", "gitorch brief")
    return ReportStatus(word)


def choice(said: str) -> Choice:
    """One of the four verdicts, in any case. Raises Usage with all four."""
    word = said.strip().lower().replace("-", "_").replace(" ", "_")
    if word not in set(Choice):
        raise Usage(f"{said!r} is no verdict; it is one of: {', '.join(Choice)}", "gitorch brief")
    return Choice(word)


def severity(said: str) -> Severity | None:
    """A severity by its name or by that of the other scale; None for any other word."""
    word = said.strip().lower()
    return Severity(word) if word in set(Severity) else SEVERITY_ALIASES.get(word)


def escalation_kind(said: str) -> EscalationKind:
    """Why something goes to the principal; what an agent says without a kind is its own word. Raises Usage with all kinds."""
    word = said.strip().lower().replace("-", "_") or str(EscalationKind.AI_SELF_DECLARED)
    if word not in set(EscalationKind):
        raise Usage(
            f"{said!r} is no kind of blocker; it is one of: {', '.join(EscalationKind)}", "gitorch block --help"
        )
    return EscalationKind(word)


def known_severity(said: str) -> Severity:
    """A severity on either scale. Raises Usage with all of them."""
    found = severity(said)
    if found is None:
        raise Usage(f"{said!r} is no severity; it is one of: {', '.join(Severity)}", "gitorch block --help")
    return found


def outcome(said: str) -> Outcome:
    """What was decided. Raises Usage with all three words."""
    word = said.strip().lower().replace("-", "_")
    if word not in set(Outcome):
        raise Usage(f"{said!r} is no outcome; it is one of: {', '.join(Outcome)}", "gitorch decide --help")
    return Outcome(word)


def reply(said: str) -> Reply:
    """`2=fixed:3f2a91c`: the answer to one finding. Raises Usage."""
    number, equals, rest = said.partition("=")
    word, colon, evidence = rest.partition(":")
    word = word.strip().lower().replace("-", "_")
    digits = number.strip().removeprefix("#")
    if not equals or not colon or not digits.isascii() or not digits.isdigit() or word not in set(Disposition):
        message = f"{said!r} answers no finding; it reads N=DISPOSITION:EVIDENCE, with one of: {', '.join(Disposition)}"
        raise Usage(message, "--reply 2=fixed:HEAD")
    return Reply(int(digits), Disposition(word), evidence.strip())


def finding(said: str) -> Finding:
    """`important|src/a.py:12|Title|Detail`: one finding on one line. Path and detail may be empty. Raises Usage."""
    parts = [part.strip() for part in said.split("|", 3)]
    weight = severity(parts[0])
    if weight is None or len(parts) < 3 or not parts[2]:
        message = (
            f"{said!r} is no finding; it reads SEVERITY|PATH:LINE|TITLE|DETAIL, with one of: {', '.join(Severity)}"
        )
        raise Usage(message, "--finding 'important|src/a.py:12|The error is dropped|It should reach the caller'")
    path, line = _place(parts[1])
    return Finding(weight, parts[2], path, line, parts[3] if len(parts) > 3 else "")


def withdrawal(said: str) -> Finding:
    """`2=The test covers it`: finding 2 is taken back, for this reason. Raises Usage."""
    number, equals, reason = said.partition("=")
    digits = number.strip().removeprefix("#")
    if not equals or not digits.isascii() or not digits.isdigit() or not reason.strip():
        raise Usage(f"{said!r} withdraws no finding; it reads N=REASON", "--withdraw 2='test_x covers it'")
    return _withdrawn(int(digits), reason.strip())


def _withdrawn(number: int, reason: str) -> Finding:
    return Finding(Severity.NOTE, f"Finding #{number} is withdrawn", detail=reason, number=number, withdrawn=True)


def _place(said: str) -> tuple[str, int]:
    path, colon, line = said.rpartition(":")
    return (path, int(line)) if colon and line.isascii() and line.isdigit() else (said, 0)


def findings_file(name: str, folder: Path) -> tuple[Finding, ...]:
    """Findings from a JSON list of objects, or an object with a list `findings`; `-` reads standard input.

    Raises Malformed with every defect found, NotFound.
    """
    import json

    text = text_of(name, folder)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as broken:
        where = Problem(name, broken.lineno, broken.colno, f"this is not JSON: {broken.msg}", "write a JSON list")
        raise Malformed(f"{name} is not JSON", (where,)) from None
    if isinstance(data, dict):
        data = data.get("findings")
    if not isinstance(data, list):
        where = Problem(name, 1, 1, "findings are a JSON list of objects", '[{"severity": "minor", "title": "…"}]')
        raise Malformed(f"{name} holds no list of findings", (where,))
    read = [_finding_of(item, place) for place, item in enumerate(data, 1)]
    wrong = [Problem(name, 1, 1, said, fix) for _, faults in read for said, fix in faults]
    if wrong:
        raise Malformed(f"{name} has {len(wrong)} defects in its findings", tuple(wrong))
    return tuple(found for found, _ in read if found is not None)


def _finding_of(item: object, place: int) -> tuple[Finding | None, list[tuple[str, str]]]:
    """A finding, or everything that is wrong with it, each with what to do."""
    if not isinstance(item, dict):
        return None, [(f"finding {place} is no object", 'write {"severity": "minor", "title": "…"}')]
    if item.get("withdrawn") is True and (taken := _number(item, "number")):
        return _withdrawn(taken, _text(item, "detail").strip()), []
    wrong: list[tuple[str, str]] = []
    weight = severity(_text(item, "severity"))
    if weight is None:
        wrong.append((f"finding {place} has no severity that is known", f"one of: {', '.join(Severity)}"))
    if not _text(item, "title").strip():
        wrong.append((f"finding {place} has no title", 'add "title"'))
    path, line = _text(item, "path"), _number(item, "line")
    if path and not line:
        path, line = _place(path)
    unknown = sorted(set(item) - FINDING_KEYS)
    if unknown:
        wrong.append((f"finding {place} has keys that nobody reads: {', '.join(unknown)}", "leave them out"))
    if line is None or (number := _number(item, "number")) is None:
        wrong.append((f"finding {place}: line and number are whole numbers", 'write "line": 12'))
        return None, wrong
    if wrong or weight is None:
        return None, wrong
    quote = _text(item, "quote")
    return Finding(weight, _text(item, "title").strip(), path, line, _text(item, "detail"), number, quote=quote), []


def _text(item: Mapping[Any, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _number(item: Mapping[Any, Any], key: str) -> int | None:
    """A whole number, 0 where there is none, None for anything else."""
    value = item.get(key)
    if value is None or value == "":
        return 0
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def text_of(name: str, folder: Path) -> str:
    """The text of a file, or of standard input for `-`, read as UTF-8. Raises NotFound, Malformed, Usage."""
    try:
        data = sys.stdin.buffer.read(INPUT_BYTES_MAX + 1) if name == "-" else (folder / name).read_bytes()
    except OSError as missing:
        raise NotFound(f"{name} cannot be read: {missing.strerror}") from None
    if len(data) > INPUT_BYTES_MAX:
        raise Usage(f"{name} is larger than {INPUT_BYTES_MAX} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed(
            f"{name} is not UTF-8", (Problem(name, 1, 1, "this is not UTF-8", "save it as UTF-8"),)
        ) from None


def in_words(said: Sequence[str]) -> tuple[str, ...]:
    """Words as they were typed; a single `-` stands for what standard input says."""
    return (text_of("-", Path()).strip(),) if list(said) == ["-"] else tuple(said)


def summary_of(said: str, file: str | None, folder: Path) -> str:
    """A text given as an option, as a file, or by `-` on standard input. Raises Usage for two of them."""
    if said and file:
        raise Usage("a summary is given once: --summary or --summary-file")
    if file:
        return text_of(file, folder)
    return text_of("-", folder) if said == "-" else said
