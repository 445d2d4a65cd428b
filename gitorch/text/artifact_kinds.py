"""The fields of each kind of artifact: what must stand in its front matter, and what may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.artifact import ArtifactKind as K
from gitorch.model.artifact import Claim, Entry, EscalationKind, Evidence, Outcome
from gitorch.model.review import SEVERITY_ALIASES, Choice, ReportStatus, Severity
from gitorch.text.fields import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

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
"""Fields that must be there, by kind."""

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

ANY_KIND = ("kind", "title", "author", "tags", "job", "attempt", "nonce")
"""Fields that every kind may have."""

LISTS = frozenset({"findings", "answers", "claims", "items", "files", "scope_links", "tags"})
NUMBERS = frozenset({"exit", "line", "passed", "failed", "attempt"})
WORDS: Mapping[str, type[StrEnum]] = {
    "verdict_intent": Choice,
    "outcome": Outcome,
    "escalation_kind": EscalationKind,
}


def check_fields(form: Form, kind: K) -> None:
    """Complain of every field that is missing, has the wrong form, or that this kind does not have."""
    for name in REQUIRED[kind]:
        if form.get(name) is None and not (name in LISTS and form.has(name)):
            form.missing(name)
    for name in (*REQUIRED[kind], *OPTIONAL.get(kind, ()), *ANY_KIND):
        if name in NUMBERS:
            form.number(name, 0)
        elif name in LISTS:
            form.get(name)
        elif name in WORDS:
            choice_of(form, name, WORDS[name])
        elif name == "severity":
            severity_of(form)
        elif name == "status" and kind is K.HANDOFF:
            choice_of(form, name, ReportStatus)
        else:
            form.word(name)
    form.done()


def choice_of(form: Form, name: str, words: type[StrEnum]) -> str:
    """One of the words of an enum; an empty text where there is none or another, which is complained of."""
    said = form.word(name)
    if said and said not in set(words):
        known = [str(word) for word in words]
        form.complain(
            name,
            f"must be one of {', '.join(known)}, not `{said}`.{did_you_mean(said, known)}",
            f"Write `{name}: {known[0]}`.",
        )
        return ""
    return said


def severity_of(form: Form) -> Severity:
    """A severity on either scale; note where it is missing or wrong, which is complained of."""
    said = form.word("severity", "note")
    if said in set(Severity):
        return Severity(said)
    if said in SEVERITY_ALIASES:
        return SEVERITY_ALIASES[said]
    form.complain("severity", f"must be one of {', '.join(Severity)}, not `{said}`.", "Write `severity: important`.")
    return Severity.NOTE


def entries_of(form: Form) -> tuple[Entry, ...]:
    """The rows of a findings ledger."""
    found: list[Entry] = []
    for row in form.rows("findings"):
        entry = Entry(
            row.number("number", 0, minimum=1),
            row.word("source", required=True),
            severity_of(row),
            row.word("title", required=True),
            row.word("disposition", required=True),
        )
        if not row.has("number"):
            row.missing("number")
        if any(entry.number == other.number for other in found):
            row.complain("number", f"is {entry.number} a second time.", "Number the findings from 1 on.")
        row.done()
        found.append(entry)
    return tuple(found)


def answers_of(form: Form) -> tuple[int, ...]:
    """The numbers of the findings that a synthesis answers, each in words."""
    found: list[int] = []
    for row in form.rows("answers"):
        found.append(row.number("finding", 0, minimum=1))
        if not row.has("finding"):
            row.missing("finding")
        row.word("answer", required=True)
        row.word("disposition")
        row.done()
    return tuple(found)


def claims_of(form: Form) -> tuple[Claim, ...]:
    """The claims of a support ledger. One without any evidence is complained of."""
    found: list[Claim] = []
    for number, row in enumerate(form.rows("claims"), 1):
        text = row.word("claim", required=True)
        evidence = tuple(_evidence(one) for one in row.rows("evidence"))
        if not evidence:
            row.complain(
                "evidence", "names nothing.", "Add `evidence:` with a path and a quote, or a command and its exit."
            )
        row.done()
        found.append(Claim(number, text, evidence, row.spot.line))
    return tuple(found)


def _evidence(row: Form) -> Evidence:
    path, command = row.word("path"), row.word("command")
    if bool(path) == bool(command):
        row.complain("path", "or `command` must be here, and only one of the two.", "Write `path: src/a.py:12`.")
    place, _, line = path.rpartition(":")
    numbered = bool(place) and line.isascii() and line.isdigit()
    found = Evidence(
        place if numbered else path,
        int(line) if numbered else 0,
        row.word("commit"),
        row.word("quote"),
        command,
        row.number("exit", 0, maximum=255),
        row.word("output"),
    )
    row.done()
    return found
