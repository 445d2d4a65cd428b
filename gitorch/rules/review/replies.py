"""Replies to findings: the author answers every number, and a reviewer who insists needs new evidence."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model.values import replace
from gitorch.model.work.review import Disposition
from gitorch.rules.review.findings import raised_again

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitorch.model import commands
    from gitorch.model.ids import CommitId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Finding, ListedFinding, Reply

HEAD = r"\bHEAD\b"
"""git's word for the newest commit. It stands for the commit that is handed in, so that nobody must look up its id."""

COMMIT = r"(?i)\b[0-9a-f]{7,64}\b"


def proven_replies(job: JobState, command: commands.SubmitHandoff) -> tuple[Reply, ...]:
    """The replies of a report, in its order; each fix names the full id of its commit.

    Raises Refused when a finding is unanswered, unknown or answered twice, or when a reply proves
    nothing.
    """
    _require_each_answered_once(job, [reply.number for reply in command.replies])
    return tuple(_proven(job, reply, command.facts) for reply in command.replies)


def _require_each_answered_once(job: JobState, replied: list[int]) -> None:
    """Require a reply to each finding of the last round, and none to a finding that does not exist. Raises Refused.

    A reply to a finding of an earlier round is welcome: it replaces the earlier reply. Unanswered findings come first in
    the message, because most reports that are refused forgot one.
    """
    report = f"the report on {job.spec.id}"
    unanswered = _owed_numbers(job).difference(replied)
    if unanswered:
        message = f"{report} leaves findings unanswered: {_numbered(unanswered)}"
        raise Refused(message, f"gitorch handoff DONE --reply {min(unanswered)}=fixed:HEAD")

    _require_known_once(job, replied, report)


def _require_known_once(job: JobState, replied: list[int], report: str) -> None:
    """Raises Refused for an answer to an unknown finding, and for two answers to one."""
    unknown = set(replied) - {listed.number for listed in job.findings}
    if unknown:
        message = f"{report} answers findings that were never listed: {_numbered(unknown)}"
        raise Refused(message, "gitorch brief")

    twice = _repeated(replied)
    if twice:
        message = f"{report} answers findings twice: {_numbered(twice)}"
        raise Refused(message, "gitorch brief")


def _repeated(numbers: list[int]) -> set[int]:
    """The numbers that occur more than once."""
    counts = Counter(numbers)
    return {number for number, count in counts.items() if count > 1}


def _owed_numbers(job: JobState) -> set[int]:
    """The numbers of the findings that the author must answer: those of the last round, without waived ones."""
    owed = set()
    for listed in job.findings_to_answer:
        if not listed.waived:
            owed.add(listed.number)

    return owed


def _numbered(numbers: Iterable[int]) -> str:
    """The numbers as people read them: `#1, #3`."""
    return ", ".join(f"#{number}" for number in sorted(numbers))


def _proven(job: JobState, reply: Reply, facts: commands.WorkFacts) -> Reply:
    """The reply with its proof: a reason for a false positive or a deferral, a commit of this round for a fix.

    Raises Refused for a reply without evidence.
    """
    if not reply.evidence.strip():
        message = f"the reply to #{reply.number} gives no evidence: a commit, a proof, or a reason"
        raise Refused(message, f"gitorch handoff DONE --reply {reply.number}={reply.disposition}:EVIDENCE")

    # A person or the reviewer judges a reason; only a fix can be checked here.
    if reply.disposition is not Disposition.FIXED:
        return reply

    return _proven_fix(job, reply, facts)


def _proven_fix(job: JobState, reply: Reply, facts: commands.WorkFacts) -> Reply:
    """The reply with the full id of the commit that fixes the finding.

    Raises Refused when the job has no new commit, or when the reply does not name one of this round.
    """
    _require_new_commit(job, reply, facts)

    evidence = _with_head(reply.evidence, facts)
    named = re.search(COMMIT, evidence)
    if named is None:
        raise _unproven_fix(reply, "no commit is named")

    commit = _fresh_commit(named[0].lower(), facts)
    if commit is None:
        raise _unproven_fix(reply, f"{named[0]} is no commit of {job.spec.id} since its last report")

    return replace(reply, evidence=evidence.replace(named[0], commit, 1))


def _require_new_commit(job: JobState, reply: Reply, facts: commands.WorkFacts) -> None:
    """Raises Refused for a fix without a new commit."""
    if job.handoff is not None and facts.head == job.handoff.commit:
        raise Refused(f"#{reply.number} is reported as fixed, but {job.spec.id} has no new commit", "git log -1")


def _with_head(evidence: str, facts: commands.WorkFacts) -> str:
    """The evidence with the id of the handed-in commit in place of HEAD.

    When gitorch made the commit, the author could not know its id, so the id is added to evidence that
    names none. Without a commit the evidence stays as it is.
    """
    if facts.head is None:
        return evidence

    if facts.by_host and re.search(COMMIT, evidence) is None:
        return f"{facts.head} {evidence}"

    return re.sub(HEAD, facts.head, evidence, count=1)


def _unproven_fix(reply: Reply, why: str) -> Refused:
    """The refusal of a fix that names no commit of this round."""
    message = f"#{reply.number} is reported as fixed, but {why}"
    return Refused(message, f"gitorch handoff DONE --reply {reply.number}=fixed:HEAD")


def _fresh_commit(prefix: str, facts: commands.WorkFacts) -> CommitId | None:
    """The one commit of this round whose id begins like this.

    None when there is none, and when there is more than one, because then the reply does not say which.
    """
    found = _commits_beginning(prefix, facts)

    if len(found) != 1:
        return None

    return found.pop()


def _commits_beginning(prefix: str, facts: commands.WorkFacts) -> set[CommitId]:
    """The commits of this round whose ids begin like this."""
    found: set[CommitId] = set()
    for commit in (facts.head, *facts.fresh):
        if commit is not None and commit.startswith(prefix):
            found.add(commit)
    return found


def require_evidence(subject: JobState, command: commands.GiveVerdict) -> None:
    """Require a listed number and a reason to withdraw a finding, and new evidence to restate a refuted one.

    Raises Refused for the first finding that lacks it.
    """
    known = {listed.number: listed for listed in subject.findings}
    for finding in command.findings:
        if finding.withdrawn:
            _require_reason(subject, finding, known)

    for number, finding in raised_again(subject, command.findings).items():
        _require_new_evidence(subject, finding, known[number])


def _require_new_evidence(subject: JobState, finding: Finding, listed: ListedFinding) -> None:
    """Require new evidence to raise a listed finding again that its author refuted. Raises Refused."""
    if not is_refuted(subject, listed):
        return

    if not _has_new_evidence(finding, listed):
        raise _restated_without_evidence(listed)


def _require_reason(subject: JobState, finding: Finding, known: Collection[int]) -> None:
    """Require that a withdrawn finding was listed, and a reason for withdrawing it.

    Raises Refused for a number that was never listed, and for an empty reason.
    """
    if finding.number not in known:
        message = f"this verdict withdraws #{finding.number}, which was never listed for {subject.spec.id}"
        raise Refused(message, "gitorch brief")

    if not finding.detail.strip():
        message = f"#{finding.number} is withdrawn without a reason"
        raise Refused(message, f"gitorch verdict accept --withdraw {finding.number}=REASON")


def _restated_without_evidence(listed: ListedFinding) -> Refused:
    """The refusal of a verdict that repeats a refuted finding with nothing new."""
    evidence = ""
    if listed.reply is not None:
        evidence = listed.reply.evidence

    message = f"#{listed.number} was answered as a false positive ({evidence}); restating it takes new evidence"
    return Refused(message, f"gitorch verdict accept --withdraw {listed.number}=REASON")


def is_refuted(subject: JobState, listed: ListedFinding) -> bool:
    """Whether the author's newest report says that this finding is a false positive.

    Earlier reports do not count: the author may have changed their mind.
    """
    if subject.handoff is None:
        return False

    for reply in subject.handoff.replies:
        if reply.number == listed.number:
            return reply.disposition is Disposition.FALSE_POSITIVE

    return False


def _has_new_evidence(finding: Finding, before: ListedFinding) -> bool:
    """Whether the detail says something that the listed finding did not; white space does not count."""
    detail = " ".join(finding.detail.split())
    if not detail:
        return False

    return detail not in " ".join(before.finding.detail.split())
