"""Findings ledgers, syntheses and support ledgers: what must be in them, read from a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.artifact import ArtifactKind, Entry
from gitorch.model.review import ACCEPTING
from gitorch.model.workflow import JobKind
from gitorch.rules.review.findings import ORDER
from gitorch.rules.workflows.graph import ancestors, needs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.artifact import Artifact, Document
    from gitorch.model.ids import JobId, SessionId
    from gitorch.model.job import JobState
    from gitorch.model.review import Choice
    from gitorch.model.run import Run


def newest(run: Run, job: JobId, kind: ArtifactKind, attempt: int | None = None) -> Artifact | None:
    """The newest artifact of a kind that a job published, in one attempt where that is named."""
    found = [a for a in run.artifacts if a.job == job and a.kind is kind and attempt in {None, a.attempt}]
    return found[-1] if found else None


def merged(run: Run, job: JobState) -> tuple[Entry, ...]:
    """Every finding of the reviews that this job needs, worst first, each with its source; the same ones always in the same order."""
    subjects = dict.fromkeys(run.producer(need).spec.id for need in job.spec.needs)
    raised = {
        (verdict.review, finding.severity, finding.title)
        for subject in subjects
        for verdict in run.jobs[subject].round_verdicts
        for finding in verdict.findings
    }
    ordered = sorted(raised, key=lambda one: (ORDER[one[1]], one[0], one[2]))
    return tuple(Entry(number, source, severity, title) for number, (source, severity, title) in enumerate(ordered, 1))


def wrong_with_ledger(run: Run, job: JobState, entries: tuple[Entry, ...]) -> str:
    """What a findings ledger leaves out, or adds to what the reviews found; empty when it holds exactly their findings."""
    expected = {(e.source, e.severity, e.title) for e in merged(run, job)}
    said = {(e.source, e.severity, e.title) for e in entries}
    if left_out := sorted(expected - said):
        return f"it leaves out {_listed(left_out)}"
    if added := sorted(said - expected):
        return f"no review that {job.spec.id} needs raised {_listed(added)}"
    return ""


def _listed(findings: Sequence[tuple[str, str, str]]) -> str:
    more = f" and {len(findings) - 3} more" if len(findings) > 3 else ""
    return "; ".join(f"{severity} “{title}” of {source}" for source, severity, title in findings[:3]) + more


def ledger_before(run: Run, job: JobState) -> Artifact | None:
    """The newest findings ledger of any job that this one stands on."""
    above = ancestors(needs_of(run.workflow), job.spec.id)
    found = (newest(run, other, ArtifactKind.FINDINGS_LEDGER) for other in run.jobs if other in above)
    return max((a for a in found if a is not None), key=lambda a: a.at, default=None)


def unanswered(run: Run, job: JobState, answers: tuple[int, ...]) -> tuple[int, ...]:
    """The findings that a synthesis owes an answer to and does not give."""
    ledger = ledger_before(run, job)
    return () if ledger is None else tuple(e.number for e in ledger.entries if e.number not in answers)


def wrong_with_document(run: Run, job: JobState, document: Document) -> str:
    """Why this document contradicts what the run knows; empty when it does not."""
    if document.kind is ArtifactKind.FINDINGS_LEDGER:
        return wrong_with_ledger(run, job, document.entries)
    if document.kind is ArtifactKind.SYNTHESIS and (missing := unanswered(run, job, document.answers)):
        return f"it leaves findings unanswered: {', '.join(f'#{n}' for n in missing)}"
    return ""


def owed(run: Run, job: JobState) -> str:
    """The document without which this job is not done: a ledger of what reviews found, a synthesis of a ledger."""
    if job.spec.kind is JobKind.LEDGER and merged(run, job):
        kind = ArtifactKind.FINDINGS_LEDGER
    elif job.spec.kind is JobKind.SYNTHESIS and ledger_before(run, job) is not None:
        kind = ArtifactKind.SYNTHESIS
    else:
        return ""
    return "" if newest(run, job.spec.id, kind, job.attempt) is not None else str(kind)


def unsupported(run: Run, subject: JobId) -> tuple[str, ...]:
    """The claims of a job's newest support ledger that nothing supports."""
    ledger = newest(run, subject, ArtifactKind.SUPPORT_LEDGER)
    return () if ledger is None else ledger.faults


def contradicts(run: Run, session: SessionId, subject: JobId, verdict: Choice) -> str:
    """Why this verdict contradicts documents: the reviewer's own findings, or claims that nothing supports."""
    for artifact in run.artifacts:
        if artifact.session == session and artifact.intent not in {None, verdict}:
            return f"{artifact.name} says verdict_intent {artifact.intent}, but the verdict is {verdict}"
    faults = unsupported(run, subject)
    if faults and verdict in ACCEPTING:
        return f"the evidence audit of {subject} fails, so it cannot be accepted: {'; '.join(faults[:3])}"
    return ""


def ledger_text(entries: tuple[Entry, ...]) -> str:
    """A findings ledger as it can be published, once each disposition is filled in."""
    rows = "".join(
        f"  - number: {e.number}\n    source: {e.source}\n    severity: {e.severity}\n"
        f"    title: {_quoted(e.title)}\n    disposition: open\n"
        for e in entries
    )
    return f"---\nkind: findings_ledger\nfindings:{chr(10) + rows if rows else ' []' + chr(10)}---\n\n# Findings\n"


def _quoted(text: str) -> str:
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\u{ord(c):04x}" for c in text)
    return f'"{escaped}"'


def brief_parts(run: Run, job: JobState) -> list[str]:
    """What a job that merges or answers findings, or whose files are handed in for it, needs to know."""
    parts: list[str] = []
    if job.spec.kind is JobKind.LEDGER and (entries := merged(run, job)):
        parts.append(f"## What the reviews found\n\nPublish it as a findings ledger:\n\n```\n{ledger_text(entries)}```")
    if job.spec.kind is JobKind.SYNTHESIS and (ledger := ledger_before(run, job)) is not None:
        lines = "\n".join(f"- #{e.number} {e.severity} {e.title} [{e.source}]: {e.disposition}" for e in ledger.entries)
        said = "Publish a synthesis whose `answers` name every one: `- finding: 1` with `answer:`."
        parts.append(f"## Findings to answer\n\n{said}\n\n{lines}")
    if job.spec.artifacts:
        parts.append(_expected(job))
    return parts


def _expected(job: JobState) -> str:
    lines = "\n".join(
        f"- `{e.path}` ({e.name}, {e.kind}{'' if e.required else ', if there is one'})" for e in job.spec.artifacts
    )
    nonce = job.lease.nonce if job.lease is not None else ""
    said = (
        "They are published with your report. Without it, a file whose front matter names "
        f"`job: {job.spec.id}`, `attempt: {job.attempt}` and `nonce: {nonce}` is taken as it stands."
    )
    return f"## Files that you hand in\n\n{lines}\n\n{said}"
