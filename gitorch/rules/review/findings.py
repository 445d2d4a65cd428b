"""The one consolidated list of a round: what was raised, its numbers for good, and what two reviewers both saw once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.events import FindingsListed
from gitorch.model.job import JobPhase
from gitorch.model.review import Finding, ListedFinding, Severity
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.job import JobState
    from gitorch.model.run import Run

ORDER = {severity: place for place, severity in enumerate(Severity)}
CHECK_SOURCE = "tests"
PRINCIPAL_SOURCE = "gate"
ALIKE = 0.5
"""Of two titles about the same line: the share of their words that both have, from which on they are one finding."""


def list_findings(run: Run, job: JobState) -> FindingsListed:
    """The one consolidated list of a round: numbers stable over the rounds, ordered by severity, then path."""
    return listed_by(run, job, _raised(job))


def listed_by(run: Run, job: JobState, raised: list[tuple[str, Finding]]) -> FindingsListed:
    """The list of what was raised, each finding with whoever raised it."""
    entries: dict[int, ListedFinding] = {}
    before = {x.number: x.reply for x in job.findings}
    raised = sorted(raised, key=lambda pair: weight(pair[1]))
    for number, (source, finding) in zip(_numbers(job, raised), raised, strict=True):
        first = entries.get(number)
        fresh = ListedFinding(number, finding, source, job.attempt, reply=before.get(number))
        entries[number] = fresh if first is None else _merged(first, source, finding)
    ordered = sorted(entries.values(), key=lambda x: (*weight(x.finding), x.number))
    commit = job.handoff.commit if job.handoff is not None else run.target_commit
    return FindingsListed(job.spec.id, job.attempt, commit, tuple(ordered))


def weight(finding: Finding) -> tuple[int, str, int]:
    """What a list is ordered by."""
    return ORDER[finding.severity], finding.path, finding.line


def _raised(job: JobState) -> list[tuple[str, Finding]]:
    """What a list is made of. Work that a reviewer rejected goes back with that reviewer's findings beside the note."""
    raised = [(PRINCIPAL_SOURCE, f) for f in job.demands]
    if job.phase not in {JobPhase.SUBMITTED, JobPhase.FAILED}:
        return raised
    raised += [(str(v.review), f) for v in job.round_verdicts for f in v.findings if not f.withdrawn]
    if job.check_failed and job.check is not None:
        raised.append((CHECK_SOURCE, _check_finding(job)))
    return raised


def _check_finding(job: JobState) -> Finding:
    """The failed test run as a finding: what was claimed stands beside what was seen."""
    if job.check is None or job.handoff is None:
        return Finding(Severity.BLOCKING, "The test command was not run")
    title = f"The test command {job.check.outcome}: {job.check.command}"
    said = f"You reported: {job.handoff.tests_claimed}\n" if job.handoff.tests_claimed else ""
    return Finding(Severity.BLOCKING, title, detail=f"{said}gitorch ran it: {job.check.summary}.\n{job.check.tail}")


def _numbers(job: JobState, raised: list[tuple[str, Finding]]) -> list[int]:
    """A number for each: the one it names, the one it had before, the one another reviewer's has now, or the next free one."""
    fresh = max((x.number for x in job.findings), default=0) + 1
    given: list[int] = []
    for source, finding in raised:
        earlier = list(zip(given, raised, strict=False))
        own = {n for n, (s, _) in earlier if s == source}
        own_places = {_place(f) for s, f in raised if s == source and f is not finding}
        twin = next((n for n, (s, f) in earlier if s != source and n not in own and _alike(f, finding)), 0)
        number = finding.number if finding.number in {x.number for x in job.findings} else 0
        number = number or _had_before(job, finding, own, own_places) or twin or fresh
        fresh += number == fresh
        given.append(number)
    return given


def _had_before(job: JobState, finding: Finding, own: set[int], own_places: set[tuple[str, str, int]]) -> int:
    """The number of the same words about the same path: at the same line, else at the nearest that nothing else is said of."""
    same = [x for x in job.findings if x.number not in own and _place(x.finding)[:2] == _place(finding)[:2]]
    free = [x for x in same if x.finding.line == finding.line or _place(x.finding) not in own_places]
    nearest = sorted(free, key=lambda x: abs(x.finding.line - finding.line))
    return nearest[0].number if nearest else 0


def _place(finding: Finding) -> tuple[str, str, int]:
    return finding.path.removeprefix("./"), " ".join(_words(finding.title)), finding.line


def _words(title: str) -> list[str]:
    return re.findall(r"\w+", title.casefold())


def _alike(one: Finding, other: Finding) -> bool:
    """Whether two reviewers mean the same: the same words about the same path, or much the same about the same line."""
    path, words, line = _place(one)
    if path != _place(other)[0]:
        return False
    if words == _place(other)[1]:
        return line == other.line or not (line and other.line)
    ours, theirs = set(_words(one.title)), set(_words(other.title))
    near = len(ours & theirs) >= ALIKE * min(len(ours), len(theirs)) > 0
    return bool(path) and line == other.line != 0 and near


def _merged(first: ListedFinding, source: str, finding: Finding) -> ListedFinding:
    """One entry for what was said twice: the heavier words lead, and nothing of the other's is lost."""
    others = {first.review, *first.also}
    also = first.also if source in others else (*first.also, source)
    title = "" if _words(finding.title) == _words(first.finding.title) else finding.title
    said = ": ".join(part for part in (title, finding.detail) if part)
    detail = first.finding.detail
    if said and finding.detail != detail:
        detail = "\n".join(part for part in (detail, f"{source} adds: {said}") if part)
    whole = replace(first.finding, detail=detail, line=first.finding.line or finding.line)
    return replace(first, also=also, finding=whole)


def raised_again(job: JobState, findings: Iterable[Finding]) -> dict[int, Finding]:
    """Earlier findings that a verdict raises again, by their numbers: named, or in the same words."""
    known = {x.number for x in job.findings}
    worktree_status = [("", f) for f in findings if not f.withdrawn]
    numbers = _numbers(job, worktree_status)
    return {n: f for n, (_, f) in zip(numbers, worktree_status, strict=True) if n in known}
