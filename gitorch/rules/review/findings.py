"""The one list of findings of a round: each finding keeps its number, and two reviewers' same finding is listed once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.events import FindingsListed
from gitorch.model.values import Value, replace
from gitorch.model.work.job import JobPhase
from gitorch.model.work.review import Finding, ListedFinding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitorch.model.ids import CommitId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Reply
    from gitorch.model.work.run import Run

ORDER = {severity: place for place, severity in enumerate(Severity)}
"""The place of each severity in a list, the worst first."""

CHECK_SOURCE = "tests"
PRINCIPAL_SOURCE = "gate"

ALIKE = 0.5
"""The share of their words that two titles about the same line must have in common to be one finding."""

Place = tuple[str, str, int]
"""The path, the words of the title, and the line of a finding."""


class Raised(Value):
    """A finding and who raised it: a review, the tests, or the principal at the gate."""

    source: str
    finding: Finding


def list_findings(run: Run, job: JobState) -> FindingsListed:
    """The list of the round under way: demands, findings of the verdicts, and failed tests.

    The order is severity, path, line. A finding keeps its number over the rounds, and new ones get the
    numbers after the highest one so far.
    """
    return list_raised(run, job, _raised(job))


def list_raised(run: Run, job: JobState, raised: Iterable[Raised]) -> FindingsListed:
    """The list of these findings for a job, each with everybody who raised it.

    A finding that two reviewers raised is one entry, led by the more severe of the two. Replies of
    earlier rounds stay with their numbers. The list names the commit that was handed in, or the
    target's without a handoff.
    """
    ordered = sorted(raised, key=lambda one: _weight(one.finding))
    replies = {listed.number: listed.reply for listed in job.findings}
    entries = _entries(job, ordered, replies)

    findings = sorted(entries.values(), key=lambda listed: (*_weight(listed.finding), listed.number))
    commit = _commit_under_review(run, job)

    return FindingsListed(job.spec.id, job.attempt, commit, tuple(findings))


def _entries(job: JobState, ordered: list[Raised], replies: dict[int, Reply | None]) -> dict[int, ListedFinding]:
    """The findings by number; what several reviewers raised is one entry."""
    entries: dict[int, ListedFinding] = {}

    for number, one in zip(_numbers(job, ordered), ordered, strict=True):
        if number in entries:
            entries[number] = _merged(entries[number], one)
        else:
            entries[number] = ListedFinding(
                number=number,
                finding=one.finding,
                review=one.source,
                round=job.attempt,
                reply=replies.get(number),
            )
    return entries


def _commit_under_review(run: Run, job: JobState) -> CommitId:
    """The submitted commit; without a handoff the target's."""
    if job.handoff is not None:
        return job.handoff.commit
    return run.target_commit


def _weight(finding: Finding) -> tuple[int, str, int]:
    """The sort key of a list: the worst severity first, then path and line."""
    return ORDER[finding.severity], finding.path, finding.line


def _raised(job: JobState) -> Iterator[Raised]:
    """Everything that was raised against a job in this round: demands, verdicts, and failed tests.

    A failed job is included, because work that a reviewer rejected goes back with that reviewer's
    findings. Demands come alone for any other phase: they reach work that had passed already.
    """
    for demand in job.demands:
        yield Raised(PRINCIPAL_SOURCE, demand)

    if job.phase not in {JobPhase.SUBMITTED, JobPhase.FAILED}:
        return

    yield from raised_by_reviews(job)
    if job.check_failed and job.check is not None:
        yield Raised(CHECK_SOURCE, _failed_tests(job))


def raised_by_reviews(job: JobState) -> Iterator[Raised]:
    """The findings in the verdicts of the round, in the order of the verdicts.

    Those that a verdict withdraws are left out: they name an earlier finding, which is closed by not
    being raised again.
    """
    for verdict in job.round_verdicts:
        for finding in verdict.findings:
            if not finding.withdrawn:
                yield Raised(str(verdict.review), finding)


def _failed_tests(job: JobState) -> Finding:
    """The failed test run as a finding: the author's claim stands beside the result."""
    if job.check is None or job.handoff is None:
        return Finding(Severity.BLOCKING, "The test command was not run")

    detail = f"gitorch ran it: {job.check.summary}.\n{job.check.tail}"
    if job.handoff.tests_claimed:
        detail = f"You reported: {job.handoff.tests_claimed}\n{detail}"

    title = f"The test command {job.check.outcome.replace('-', ' ')}: {job.check.command}"
    return Finding(Severity.BLOCKING, title, detail=detail)


def _numbers(job: JobState, raised: Sequence[Raised]) -> list[int]:
    """The number of each finding, in the order of the findings."""
    fresh = max((listed.number for listed in job.findings), default=0) + 1
    numbers: list[int] = []

    for one in raised:
        number = _known_number(job, one, raised, numbers)
        if not number:
            number = fresh
            fresh += 1

        numbers.append(number)

    return numbers


def _known_number(
    job: JobState,
    one: Raised,
    raised: Sequence[Raised],
    numbers: list[int],
) -> int:
    """The number that a finding already has; 0 for a new one. `numbers` are those of the findings before it.

    The number that it names comes first, then the one it had in an earlier round, then that of another reviewer's same
    finding in this round.
    """
    if _is_listed(job, one.finding.number):
        return one.finding.number

    taken, others = _raised_before(one, raised, numbers)

    earlier = _number_in_earlier_round(job, one, raised, taken)
    if earlier:
        return earlier

    return _number_of_same_finding(one.finding, others, taken)


def _raised_before(
    one: Raised, raised: Sequence[Raised], numbers: list[int]
) -> tuple[set[int], list[tuple[int, Finding]]]:
    """The numbers that this source has used, and the findings of all others."""
    # One reviewer's findings never share a number: two that read alike are two.
    taken: set[int] = set()
    others: list[tuple[int, Finding]] = []

    for number, other in zip(numbers, raised, strict=False):
        if other.source == one.source:
            taken.add(number)
        else:
            others.append((number, other.finding))
    return taken, others


def _number_of_same_finding(finding: Finding, others: list[tuple[int, Finding]], taken: set[int]) -> int:
    """The number of another reviewer's same finding in this round, if it is not taken; 0 when there is none."""
    for number, other in others:
        if number in taken:
            continue

        if _are_alike(other, finding):
            return number

    return 0


def _is_listed(job: JobState, number: int) -> bool:
    """Whether a finding with this number was ever listed."""
    for listed in job.findings:
        if listed.number == number:
            return True

    return False


def _number_in_earlier_round(
    job: JobState,
    one: Raised,
    raised: Sequence[Raised],
    taken: set[int],
) -> int:
    """The number of the listed finding with the same title about the same path; 0 when there is none.

    Lines move, so the nearest line counts, unless the same reviewer now raises another finding exactly
    there. Of two that are equally near, the first of the list counts.
    """
    best, distance = 0, 0
    for listed in _earlier_with_same_title(job, one, raised, taken):
        moved = abs(listed.finding.line - one.finding.line)
        if not best or moved < distance:
            best, distance = listed.number, moved

    return best


def _earlier_with_same_title(
    job: JobState, one: Raised, raised: Sequence[Raised], taken: set[int]
) -> Iterator[ListedFinding]:
    """The listed findings that this one may raise again: the same title about the same path, and a number not taken."""
    path, title, line = _place(one.finding)
    elsewhere = _other_places(one, raised)

    for listed in job.findings:
        place = _place(listed.finding)
        if listed.number in taken or place[:2] != (path, title):
            continue

        # Another finding stands exactly there now, so this place is that one's.
        if place[2] != line and place in elsewhere:
            continue

        yield listed


def _other_places(one: Raised, raised: Sequence[Raised]) -> set[Place]:
    """The places of all other findings from the same source.

    They tell a finding that moved apart from one that another finding replaced.
    """
    places = set()
    for other in raised:
        if other.source == one.source and other.finding is not one.finding:
            places.add(_place(other.finding))

    return places


def _place(finding: Finding) -> Place:
    """What identifies a finding over the rounds: its path, the words of its title, and its line."""
    return finding.path.removeprefix("./"), " ".join(_words(finding.title)), finding.line


def _words(title: str) -> list[str]:
    """The words of a title, without regard to case and punctuation."""
    return re.findall(r"\w+", title.casefold())


def _are_alike(one: Finding, other: Finding) -> bool:
    """Whether two reviewers mean the same thing.

    They do when they use the same words about the same path and their lines do not contradict each
    other, or when they use mostly the same words about the same line. Line 0 is the file as a whole,
    which contradicts no line.
    """
    path, title, line = _place(one)
    other_path, other_title, other_line = _place(other)
    if path != other_path:
        return False

    if title == other_title:
        return line == other_line or 0 in {line, other_line}

    # Different titles can only mean the same thing at exactly one place.
    is_one_place = path != "" and line != 0 and line == other_line
    return is_one_place and _share_words(one.title, other.title)


def _share_words(one: str, other: str) -> bool:
    """Whether two titles mostly use the same words.

    The shorter one decides: at least the share `ALIKE` of its words must stand in the other. Titles
    without words share none.
    """
    words, others = set(_words(one)), set(_words(other))
    shorter = min(len(words), len(others))
    if not shorter:
        return False

    return len(words & others) >= ALIKE * shorter


def _merged(first: ListedFinding, again: Raised) -> ListedFinding:
    """One entry for a finding that was raised twice.

    The first one leads, and it comes first because it is the more severe. The second one's details are
    added, and its line where the first one has none.
    """
    also = first.also
    if again.source not in {first.review, *first.also}:
        also = (*first.also, again.source)

    return replace(
        first,
        also=also,
        finding=replace(
            first.finding,
            detail=_merged_detail(first.finding, again),
            line=first.finding.line or again.finding.line,
        ),
    )


def _merged_detail(first: Finding, again: Raised) -> str:
    """The first finding's detail, then what the second one says differently, with the name of who says so."""
    addition = _addition(first, again)

    if not addition or again.finding.detail == first.detail:
        return first.detail

    added = f"{again.source} adds: {addition}"
    if not first.detail:
        return added

    return f"{first.detail}\n{added}"


def _addition(first: Finding, again: Raised) -> str:
    """What a second reviewer says beyond the title that both share."""
    if _words(again.finding.title) != _words(first.title):
        return ": ".join(filter(None, (again.finding.title, again.finding.detail)))
    return again.finding.detail


def raised_again(job: JobState, findings: Iterable[Finding]) -> dict[int, Finding]:
    """The findings of a verdict that were listed before, by their numbers.

    A finding was listed before when it names a listed number, or has the title and path of a listed
    finding. Withdrawn ones are left out.
    """
    raised = [Raised("", finding) for finding in findings if not finding.withdrawn]
    again = {}

    for number, one in zip(_numbers(job, raised), raised, strict=True):
        if _is_listed(job, number):
            again[number] = one.finding

    return again
