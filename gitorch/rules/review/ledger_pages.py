"""Findings ledgers as their authors and readers see them: the document to fill in, and the parts of a brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import JobKind
from gitorch.rules.review.ledgers import ledger_before, reviews_entries

if TYPE_CHECKING:
    from gitorch.model.work.artifact import Artifact, Entry
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run


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
        f"{_place_text(entry)}"
        "    disposition: open\n"
    )


def _place_text(entry: Entry) -> str:
    """The place and the detail of a finding in YAML, as far as it has them."""
    text = ""
    if entry.path:
        text += f"    path: {_quoted(entry.place)}\n"

    if entry.detail:
        text += f"    detail: {_quoted(entry.detail)}\n"

    return text


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
    line = f"- #{entry.number} {entry.severity}"
    if entry.path:
        line += f" {entry.place}"

    line += f" {entry.title} [{entry.source}]: {entry.disposition}"
    if not entry.detail:
        return line

    detail = "".join(f"  {one}" if one.strip() else one for one in entry.detail.splitlines(keepends=True))
    return f"{line}\n{detail}"


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
