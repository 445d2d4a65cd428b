"""Findings ledgers, syntheses and support ledgers: what they must contain, as a run knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import JobKind
from gitorch.model.work.artifact import ArtifactKind, Entry
from gitorch.model.work.review import ACCEPTING
from gitorch.rules.review.findings import ORDER
from gitorch.rules.workflows.graph import ancestors, needs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.ids import JobId, SessionId
    from gitorch.model.work.artifact import Artifact, Document
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Choice, Severity
    from gitorch.model.work.run import Run

LISTED_MAX = 3
"""How many findings or faults a message names before it counts the rest."""

Key = tuple[str, "Severity", str]
"""The source, severity and title of a finding, which identify it in a findings ledger."""


def newest_artifact(
    run: Run,
    job: JobId,
    kind: ArtifactKind,
    attempt: int | None = None,
) -> Artifact | None:
    """The newest artifact of a kind that a job published; None when there is none.

    With an attempt only artifacts of that attempt count.
    """
    for artifact in reversed(run.artifacts):
        if artifact.job != job or artifact.kind is not kind:
            continue

        if attempt in {None, artifact.attempt}:
            return artifact

    return None


def reviews_entries(run: Run, job: JobState) -> tuple[Entry, ...]:
    """The findings of the reviews that this job needs, numbered from 1, each with its source.

    The worst come first, then the order is that of sources and titles, so that the same findings always
    give the same entries.
    """
    ordered = sorted(_raised(run, job), key=lambda key: (ORDER[key[1]], key[0], key[2]))
    entries = []

    for number, (source, severity, title) in enumerate(ordered, 1):
        entries.append(Entry(number, source, severity, title))

    return tuple(entries)


def _raised(run: Run, job: JobState) -> set[Key]:
    """The findings in the current verdicts on everything that the job needs, each of them once.

    A need may be a review: then the verdicts on its subject count.
    """
    raised: set[Key] = set()
    for need in job.spec.needs:
        for verdict in run.producer(need).round_verdicts:
            raised.update((verdict.review, finding.severity, finding.title) for finding in verdict.findings)

    return raised


def _ledger_fault(run: Run, job: JobState, entries: tuple[Entry, ...]) -> str:
    """The difference between a findings ledger and the reviews; empty when it has exactly their findings.

    Findings that it leaves out come before those that it adds.
    """
    expected = _raised(run, job)
    found = {(entry.source, entry.severity, entry.title) for entry in entries}
    if expected - found:
        return f"it leaves out {_listed(expected - found)}"

    if found - expected:
        return f"no review that {job.spec.id} needs raised {_listed(found - expected)}"

    return ""


def _listed(findings: Iterable[Key]) -> str:
    """The first findings in words, `LISTED_MAX` at most, and how many more there are."""
    ordered = sorted(findings)
    text = "; ".join(f"{severity} “{title}” of {source}" for source, severity, title in ordered[:LISTED_MAX])
    if len(ordered) > LISTED_MAX:
        text += f" and {len(ordered) - LISTED_MAX} more"

    return text


def ledger_before(run: Run, job: JobState) -> Artifact | None:
    """The newest findings ledger of any job that comes before this one; None when there is none.

    Jobs come before others by their needs, directly or through others.
    """
    ledgers: list[Artifact] = []
    before = ancestors(needs_of(run.workflow), job.spec.id)

    for other in run.jobs:
        if other not in before:
            continue

        ledger = newest_artifact(run, other, ArtifactKind.FINDINGS_LEDGER)
        if ledger is not None:
            ledgers.append(ledger)

    # Of two that are equally new, the first in the order of the jobs counts.
    return max(ledgers, key=lambda ledger: ledger.at, default=None)


def _unanswered(run: Run, job: JobState, answers: tuple[int, ...]) -> list[str]:
    """The findings of the ledger before that a synthesis does not answer, as `#1`; empty without a ledger before."""
    ledger = ledger_before(run, job)
    if ledger is None:
        return []

    return [f"#{entry.number}" for entry in ledger.entries if entry.number not in answers]


def document_fault(run: Run, job: JobState, document: Document) -> str:
    """Why this document contradicts what the run knows; empty when it does not.

    A findings ledger must have the findings of the reviews, and a synthesis must answer the ledger
    before it. Other kinds of documents cannot contradict a run.
    """
    if document.kind is ArtifactKind.FINDINGS_LEDGER:
        return _ledger_fault(run, job, document.entries)

    if document.kind is ArtifactKind.SYNTHESIS:
        unanswered = _unanswered(run, job, document.answers)
        if unanswered:
            return f"it leaves findings unanswered: {', '.join(unanswered)}"

    return ""


def missing_document(run: Run, job: JobState) -> str:
    """The kind of document that this job must still publish in this attempt; empty when nothing is missing."""
    kind = _required_kind(run, job)
    if kind is None or newest_artifact(run, job.spec.id, kind, job.attempt) is not None:
        return ""

    return str(kind)


def _required_kind(run: Run, job: JobState) -> ArtifactKind | None:
    """The kind of document that a job owes; None for none.

    A ledger job with findings owes a findings ledger, and a synthesis after a ledger owes a synthesis
    of it.
    """
    if job.spec.kind is JobKind.LEDGER and _raised(run, job):
        return ArtifactKind.FINDINGS_LEDGER

    # Without a ledger before it, a synthesis has nothing that it must answer.
    if job.spec.kind is JobKind.SYNTHESIS and ledger_before(run, job) is not None:
        return ArtifactKind.SYNTHESIS

    return None


def verdict_fault(run: Run, session: SessionId, subject: JobId, verdict: Choice) -> str:
    """Why this verdict contradicts documents; empty when it does not.

    The documents are the reviewer's own findings, which may say which verdict they mean, and the newest
    support ledger of the subject, whose faults keep work from being accepted.
    """
    for artifact in run.artifacts:
        # A reviewer may publish findings that say which verdict is meant.
        if artifact.session == session and artifact.intent not in {None, verdict}:
            return f"{artifact.name} says verdict_intent {artifact.intent}, but the verdict is {verdict}"

    # Claims without support keep work from being accepted, and from nothing else.
    if verdict not in ACCEPTING:
        return ""

    return _support_fault(run, subject)


def _support_fault(run: Run, subject: JobId) -> str:
    """Why a job's newest support ledger keeps its work from being accepted.

    Empty when it names no faults, and for a job without one.
    """
    ledger = newest_artifact(run, subject, ArtifactKind.SUPPORT_LEDGER)
    if ledger is None or not ledger.faults:
        return ""

    faults = "; ".join(ledger.faults[:LISTED_MAX])
    return f"the evidence audit of {subject} fails, so it cannot be accepted: {faults}"


def ledger_text(entries: tuple[Entry, ...]) -> str:
    """A findings ledger in Markdown with YAML front matter.

    It can be published once each disposition is filled in.
    """
    findings = " []\n"
    if entries:
        findings = "\n" + "".join(_entry_text(entry) for entry in entries)

    return f"---\nkind: findings_ledger\nfindings:{findings}---\n\n# Findings\n"


def _entry_text(entry: Entry) -> str:
    """One finding of a ledger in YAML, its disposition still open."""
    return (
        f"  - number: {entry.number}\n"
        f"    source: {entry.source}\n"
        f"    severity: {entry.severity}\n"
        f"    title: {_quoted(entry.title)}\n"
        "    disposition: open\n"
    )


def _quoted(text: str) -> str:
    """The text as a quoted YAML scalar."""
    return f'"{"".join(_escaped(char) for char in text)}"'


def _escaped(char: str) -> str:
    """The character, or its escape where a quoted YAML scalar needs one."""
    if char.isprintable() and char not in '"\\':
        return char

    return f"\\u{ord(char):04x}"


def brief_parts(run: Run, job: JobState) -> list[str]:
    """The parts of a brief for a job that collects or answers findings, or whose files are published.

    Empty for any other job.
    """
    parts: list[str] = []
    entries = reviews_entries(run, job)
    if job.spec.kind is JobKind.LEDGER and entries:
        parts.append(_ledger_part(entries))

    if job.spec.kind is JobKind.SYNTHESIS:
        parts += _synthesis_parts(run, job)

    if job.spec.artifacts:
        parts.append(_files_part(job))

    return parts


def _ledger_part(entries: tuple[Entry, ...]) -> str:
    """The findings to collect, as a ledger that can be filled in."""
    return f"## The findings of the reviews\n\nPublish them as a findings ledger:\n\n```\n{ledger_text(entries)}```"


def _synthesis_parts(run: Run, job: JobState) -> list[str]:
    """The findings of the ledger before a synthesis; nothing without one."""
    ledger = ledger_before(run, job)
    if ledger is None:
        return []

    return [_synthesis_part(ledger)]


def _synthesis_part(ledger: Artifact) -> str:
    """The findings that a synthesis must answer."""
    findings = "\n".join(_answerable(entry) for entry in ledger.entries)
    return (
        "## Findings to answer\n\n"
        "Publish a synthesis whose `answers` name every one: `- finding: 1` with `answer:`.\n\n"
        f"{findings}"
    )


def _answerable(entry: Entry) -> str:
    """A finding as the brief of a synthesis lists it."""
    return f"- #{entry.number} {entry.severity} {entry.title} [{entry.source}]: {entry.disposition}"


def _files_part(job: JobState) -> str:
    """The files that gitorch publishes with the report.

    It also names the front matter with which gitorch takes a file without a report, so that work is not
    lost when an agent ends before it reports.
    """
    lines = []
    for expected in job.spec.artifacts:
        optional = ", optional"
        if expected.required:
            optional = ""

        lines.append(f"- `{expected.path}` ({expected.name}, {expected.kind}{optional})")

    files = "\n".join(lines)

    nonce = ""
    if job.lease is not None:
        nonce = job.lease.nonce

    return (
        "## Files to write\n\n"
        f"{files}\n\n"
        "gitorch publishes them with your report. Without a report it takes a file whose front matter names "
        f"`job: {job.spec.id}`, `attempt: {job.attempt}` and `nonce: {nonce}`."
    )
