"""Findings and their answers: what an author owes to each number, and what a reviewer owes to an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model.review import Disposition
from gitorch.model.values import replace
from gitorch.rules.review.findings import raised_again

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.ids import CommitId
    from gitorch.model.job import JobState
    from gitorch.model.review import Finding, ListedFinding, Reply

HEAD = re.compile(r"\bHEAD\b")
"""git's word for the newest commit: what is handed in, so that nobody has to look an id up."""
COMMIT = re.compile(r"\b[0-9a-f]{7,64}\b", re.IGNORECASE)


def all_answered(job: JobState, command: commands.SubmitHandoff) -> tuple[Reply, ...]:
    """The replies, each fix with the full id of its commit. Raises Refused where a number is left out or an answer proves nothing."""
    name = job.spec.id
    asked = {x.number for x in job.findings if x.open and x.round == job.attempt - 1 and not x.waived}
    replied = [r.number for r in command.replies]
    missing, unknown = asked.difference(replied), set(replied) - {x.number for x in job.findings}
    twice = {n for n in replied if replied.count(n) > 1}
    if missing:
        message = f"the report on {name} leaves findings unanswered: {_numbered(missing)}"
        raise Refused(message, f"gitorch handoff DONE --reply {min(missing)}=fixed:HEAD")
    if unknown:
        message = f"the report on {name} answers findings that were never listed: {_numbered(unknown)}"
        raise Refused(message, "gitorch brief")
    if twice:
        message = f"the report on {name} answers findings twice: {_numbered(twice)}"
        raise Refused(message, "gitorch brief")
    return tuple(_proven(job, reply, command) for reply in command.replies)


def _numbered(numbers: set[int]) -> str:
    return ", ".join(f"#{n}" for n in sorted(numbers))


def _proven(job: JobState, reply: Reply, command: commands.SubmitHandoff) -> Reply:
    """The reply with its proof: words for what is no fault or is put off, a commit of this round for what is fixed."""
    if not reply.evidence.strip():
        message = f"the reply to #{reply.number} gives no evidence: a commit, a proof, or a reason"
        raise Refused(message, f"gitorch handoff DONE --reply {reply.number}={reply.disposition}:EVIDENCE")
    if reply.disposition is not Disposition.FIXED:
        return reply
    name, facts = job.spec.id, command.facts
    if command.facts.by_host and facts.head is not None and COMMIT.search(reply.evidence) is None:
        reply = replace(reply, evidence=f"{facts.head} {reply.evidence}")
    elif facts.head is not None:
        reply = replace(reply, evidence=HEAD.sub(facts.head, reply.evidence, count=1))
    if job.handoff is not None and facts.head == job.handoff.commit:
        message = f"#{reply.number} is said to be fixed, but {name} has no new commit"
        raise Refused(message, "git log -1")
    said = COMMIT.search(reply.evidence)
    found = _commit(said[0].lower(), facts) if said is not None else None
    if said is None or found is None:
        what = f"{said[0]} is no commit of {name} since its last report" if said is not None else "no commit is named"
        message = f"#{reply.number} is said to be fixed, but {what}"
        raise Refused(message, f"gitorch handoff DONE --reply {reply.number}=fixed:HEAD")
    return replace(reply, evidence=reply.evidence.replace(said[0], found, 1))


def _commit(said: str, facts: commands.WorkFacts) -> CommitId | None:
    """The one commit of this round that is meant."""
    fresh = dict.fromkeys(c for c in (facts.head, *facts.fresh) if c is not None and c.startswith(said))
    return next(iter(fresh)) if len(fresh) == 1 else None


def restated_with_evidence(subject: JobState, command: commands.GiveVerdict) -> None:
    """Raises Refused where a finding is withdrawn that never was, or one that was disproved is restated without new evidence."""
    known = {x.number: x for x in subject.findings}
    for finding in command.findings:
        if finding.withdrawn and finding.number not in known:
            message = f"this verdict withdraws #{finding.number}, which was never listed for {subject.spec.id}"
            raise Refused(message, "gitorch brief")
        if finding.withdrawn and not finding.detail.strip():
            message = f"#{finding.number} is withdrawn without a reason"
            raise Refused(message, f"gitorch verdict accept --withdraw {finding.number}=REASON")
    for number, finding in raised_again(subject, command.findings).items():
        if pushed_back(subject, known[number]) and not _new_evidence(finding, known[number]):
            said = known[number].reply
            message = f"#{number} was answered as a false positive ({said.evidence if said else ''}); restating it takes new evidence"
            raise Refused(message, f"gitorch verdict accept --withdraw {number}=REASON")


def pushed_back(subject: JobState, listed: ListedFinding) -> bool:
    """Whether the author's newest report says that this finding is none."""
    replies = subject.handoff.replies if subject.handoff is not None else ()
    return any(r.number == listed.number and r.disposition is Disposition.FALSE_POSITIVE for r in replies)


def _new_evidence(finding: Finding, before: ListedFinding) -> bool:
    detail = " ".join(finding.detail.split())
    return bool(detail) and detail not in " ".join(before.finding.detail.split())
