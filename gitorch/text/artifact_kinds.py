"""The fields that the front matter of each kind of artifact must have, and those that it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.work.artifact import ArtifactKind as K
from gitorch.model.work.artifact import Claim, Entry, EscalationKind, Evidence, Outcome
from gitorch.model.work.review import SEVERITY_ALIASES, Choice, ReportStatus, Severity
from gitorch.text.complaints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.words import Words
    from gitorch.text.fields import Form

REQUIRED: Mapping[K, tuple[str, ...]] = {
    K.PROMPT: ("title",),
    K.FINDING: ("title", "verdict_intent", "severity"),
    K.FINDINGS_LEDGER: ("findings",),
    K.SYNTHESIS: ("answers",),
    K.MARKER: ("marker",),
    K.HANDOFF: ("status", "summary"),
    K.DECISION: ("title", "outcome"),
    K.PATCH_SUMMARY: ("title", "files"),
    K.TEST_REPORT: ("command", "exit"),
    K.SUPPORT_LEDGER: ("audited_artifact", "claims"),
    K.ACTION_ITEM_LEDGER: ("source", "items"),
    K.HARNESS_IMPROVEMENT_PROPOSAL: ("target", "expected_benefit"),
    K.ESCALATION: ("escalation_kind", "severity", "description", "requested_action"),
    K.OPERATOR_BRIEF: ("title", "status"),
    K.WORK_PLAN: ("title", "scope", "state"),
    K.PROGRESS_NOTE: ("date", "note"),
    K.OPERATOR_REPORT: ("title",),
    K.OTHER: (),
}
"""Required fields by kind."""

OPTIONAL: Mapping[K, tuple[str, ...]] = {
    K.FINDING: ("path", "line"),
    K.DECISION: ("supersedes", "follow_up"),
    K.TEST_REPORT: ("output", "passed", "failed"),
    K.HARNESS_IMPROVEMENT_PROPOSAL: ("risk", "rollback"),
    K.OPERATOR_BRIEF: ("supersedes", "scope_links"),
    K.WORK_PLAN: ("supersedes",),
    K.PROGRESS_NOTE: ("plan",),
    K.OPERATOR_REPORT: ("supersedes",),
}
"""Fields that only this kind may have."""

ANY_KIND = ("kind", "title", "author", "tags", "job", "attempt", "nonce")
"""Fields that every kind may have."""

LISTS = frozenset({"findings", "answers", "claims", "items", "files", "scope_links", "tags"})
NUMBERS = frozenset({"exit", "line", "passed", "failed", "attempt"})
WORDS: Mapping[str, type[Words]] = {
    "verdict_intent": Choice,
    "outcome": Outcome,
    "escalation_kind": EscalationKind,
}


def check_fields(form: Form, kind: K) -> None:
    """Complain about every field that is missing, has the wrong type, or does not belong to this kind.

    Rows of lists are not checked here, but by the functions that read them.
    """
    for name in REQUIRED[kind]:
        _check_present(form, name)

    for name in (*REQUIRED[kind], *OPTIONAL.get(kind, ()), *ANY_KIND):
        _check_field(form, kind, name)

    form.done()


def _check_present(form: Form, name: str) -> None:
    """A required field has a value; a list may be empty."""
    if name in LISTS and form.has(name):
        return

    if form.get(name) is None:
        form.missing(name)


def _check_field(form: Form, kind: K, name: str) -> None:
    """One field has the type of its name. `status` is an enum only in a handoff, elsewhere it is free text."""
    if name in NUMBERS:
        form.number(name, 0)
    elif name in LISTS:
        form.get(name)  # the functions below read the rows
    elif name in WORDS:
        _check_word(form, name, WORDS[name])
    elif name == "severity":
        severity_of(form)
    elif name == "status" and kind is K.HANDOFF:
        _check_word(form, name, ReportStatus)
    else:
        form.word(name)


def _check_word(form: Form, name: str, members: type[Words]) -> None:
    """The field is empty or one of the words of an enum."""
    word = form.word(name)
    known = [str(each) for each in members]
    if word and word not in known:
        message = f"must be one of {', '.join(known)}, not `{word}`.{did_you_mean(word, known)}"
        form.complain(name, message, f"Write `{name}: {known[0]}`.")


def severity_of(form: Form) -> Severity:
    """A severity, written as a word of either scale.

    `note` when the field is missing or wrong; a wrong word is a complaint.
    """
    word = form.word("severity", "note")
    if word in set(Severity):
        return Severity(word)

    if word in SEVERITY_ALIASES:
        return SEVERITY_ALIASES[word]

    form.complain("severity", f"must be one of {', '.join(Severity)}, not `{word}`.", "Write `severity: important`.")
    return Severity.NOTE


def entries_of(form: Form) -> tuple[Entry, ...]:
    """The rows of a findings ledger, in order. A number that occurs again is a complaint."""
    entries: list[Entry] = []
    for row in form.rows("findings"):
        path, line = _split_line(row.word("path"))
        entry = Entry(
            _required_number(row, "number"),
            row.word("source", required=True),
            severity_of(row),
            row.word("title", required=True),
            row.word("disposition", required=True),
            path,
            line,
            row.text("detail"),
        )
        if any(entry.number == other.number for other in entries):
            row.complain("number", f"is {entry.number} a second time.", "Number the findings from 1 on.")

        row.done()
        entries.append(entry)

    return tuple(entries)


def answers_of(form: Form) -> tuple[tuple[int, str], ...]:
    """The findings that a synthesis answers, by number, each with its answer, in order; 0 for a row without a number."""
    answers: list[tuple[int, str]] = []
    for row in form.rows("answers"):
        number = _required_number(row, "finding")
        answers.append((number, row.word("answer", required=True)))
        row.word("disposition")
        row.done()

    return tuple(answers)


def _required_number(row: Form, name: str) -> int:
    """A number from 1; 0 when the field is missing, which is a complaint."""
    if not row.has(name):
        row.missing(name)

    return row.number(name, 0, minimum=1)


def claims_of(form: Form) -> tuple[Claim, ...]:
    """The claims of a support ledger, numbered from 1.

    A claim without evidence is a complaint.
    """
    claims: list[Claim] = []
    for number, row in enumerate(form.rows("claims"), 1):
        text = row.word("claim", required=True)
        evidence = tuple(_evidence(item) for item in row.rows("evidence"))
        if not evidence:
            fix = "Add `evidence:` with a path and a quote, or a command and its exit."
            row.complain("evidence", "is empty.", fix)

        row.done()
        claims.append(Claim(number, text, evidence, row.spot.line))

    return tuple(claims)


def _evidence(row: Form) -> Evidence:
    """One piece of evidence: a place in a file, or a command with its exit status, and never both."""
    path, command = row.word("path"), row.word("command")
    if bool(path) == bool(command):
        row.complain("path", "or `command` is required, and only one of the two.", "Write `path: src/a.py:12`.")

    file, line = _split_line(path)
    evidence = Evidence(
        file,
        line,
        row.word("commit"),
        row.word("quote"),
        command,
        row.number("exit", 0, maximum=255),
        row.word("output"),
    )
    row.done()
    return evidence


def _split_line(path: str) -> tuple[str, int]:
    """`src/a.py:12` as path and line; line 0 when the path names none."""
    file, _, line = path.rpartition(":")
    if file and line.isascii() and line.isdigit():
        return file, int(line)

    return path, 0
