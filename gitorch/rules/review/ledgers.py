"""Findings ledgers, syntheses and support ledgers: what they must contain, as a run knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import JobKind
from gitorch.model.values import replace
from gitorch.model.work.artifact import ArtifactKind, Entry
from gitorch.model.work.review import ACCEPTING
from gitorch.rules.review.findings import ORDER
from gitorch.rules.workflows.graph import ancestors, needs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.ids import JobId, SessionId
    from gitorch.model.work.artifact import Artifact, Document
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Choice, Finding
    from gitorch.model.work.run import Run

LISTED_MAX = 3
"""How many findings or faults a message names before it counts the rest."""


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
    """The findings of the reviews that this job needs, numbered from 1, each with its source, place and detail.

    The worst come first, then the order is that of sources, titles and places, so that the same findings
    always give the same entries.
    """
    ordered = sorted(_raised(run, job), key=_place_in_ledger)
    return tuple(replace(entry, number=number) for number, entry in enumerate(ordered, 1))


def _place_in_ledger(entry: Entry) -> tuple[int, str, str, str, int]:
    """The sort key of a ledger: the worst severity first, then source, title, path and line."""
    return (ORDER[entry.severity], entry.source, entry.title, entry.path, entry.line)


def _raised(run: Run, job: JobState) -> list[Entry]:
    """The findings in the current verdicts on everything that the job needs, without withdrawn ones.

    A need may be a review: then the verdicts on its subject count, once whatever needs lead to it.
    """
    raised: list[Entry] = []
    for producer in dict.fromkeys(run.producer(need).spec.id for need in job.spec.needs):
        for verdict in run.jobs[producer].round_verdicts:
            raised += [_entry(verdict.review, finding) for finding in verdict.findings if not finding.withdrawn]

    return raised


def _entry(source: str, finding: Finding) -> Entry:
    """A finding as an entry that is not numbered yet."""
    return Entry(0, source, finding.severity, finding.title, "", finding.path, finding.line, finding.detail)


def _matched(run: Run, job: JobState, entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """The entries of a ledger as the reviews have them, the findings that it leaves out, and those that no review raised.

    An entry without a path stands for the first finding of its source, severity and title. Place and detail
    are the reviewer's, whatever the ledger says.
    """
    left = list(reviews_entries(run, job))
    matched: list[Entry] = []
    added: list[Entry] = []

    for entry in sorted(entries, key=lambda entry: not entry.path):
        finding = next((one for one in left if _is_same(entry, one)), None)
        if finding is None:
            added.append(entry)
            continue

        left.remove(finding)
        matched.append(replace(finding, number=entry.number, disposition=entry.disposition))

    return sorted(matched, key=lambda entry: entry.number), left, added


def _is_same(entry: Entry, finding: Entry) -> bool:
    """Whether an entry of a ledger is this finding."""
    if (entry.source, entry.severity, entry.title) != (finding.source, finding.severity, finding.title):
        return False

    return not entry.path or (entry.path, entry.line) == (finding.path, finding.line)


def _ledger_fault(run: Run, job: JobState, entries: tuple[Entry, ...]) -> str:
    """The difference between a findings ledger and the reviews; empty when it has exactly their findings.

    Findings that it leaves out come before those that it adds.
    """
    _, left_out, added = _matched(run, job, entries)
    if left_out:
        return f"it leaves out {_listed(left_out)}"

    if added:
        return f"no review that {job.spec.id} needs raised {_listed(added)}"

    return ""


def recorded_entries(run: Run, job: JobState, document: Document) -> tuple[Entry, ...]:
    """What is recorded of a document about findings; empty for any other document.

    Of a ledger its findings as the reviewers wrote them, of a synthesis the findings that it answers with each answer.
    """
    if document.kind is ArtifactKind.FINDINGS_LEDGER:
        return tuple(_matched(run, job, document.entries)[0])

    ledger = ledger_before(run, job)
    if document.kind is not ArtifactKind.SYNTHESIS or ledger is None:
        return ()

    texts = dict(zip(document.answers, document.answer_texts, strict=False))
    return tuple(replace(one, answer=texts[one.number]) for one in ledger.entries if one.number in texts)


def entries_for(run: Run, job: JobState) -> tuple[Entry, ...]:
    """The findings that a job collects or answers; none for a job of another kind."""
    if job.spec.kind is JobKind.LEDGER:
        return reviews_entries(run, job)

    ledger = ledger_before(run, job) if job.spec.kind is JobKind.SYNTHESIS else None
    if ledger is None:
        return ()

    return ledger.entries


def _listed(findings: Iterable[Entry]) -> str:
    """The first findings in words, `LISTED_MAX` at most, and how many more there are."""
    ordered = sorted(findings, key=lambda entry: (entry.source, entry.severity, entry.title, entry.path, entry.line))
    text = "; ".join(map(_in_words, ordered[:LISTED_MAX]))
    if len(ordered) > LISTED_MAX:
        text += f" and {len(ordered) - LISTED_MAX} more"

    return text


def _in_words(entry: Entry) -> str:
    """A finding in a message."""
    place = f" at {entry.place}" if entry.path else ""
    return f"{entry.severity} “{entry.title}”{place} of {entry.source}"


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
