"""How each finding ended, and by whom (P24). Nobody is quoted with words that are not theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gitorch.model.values import Value
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import ACCEPTING, Disposition

if TYPE_CHECKING:
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Answer, Question
    from gitorch.model.work.review import ListedFinding, Reply, Verdict
    from gitorch.model.work.run import Run


BEFORE_BY = {"fixed": "in", "accepted": "accepted by"}
"""What stands between a word and who or what it is by, where that is not `by`."""

LABELS = {"accepted": "left as it is,"}
"""How people read a word that would say something else about the finding: what was accepted is the work, with its fault."""


class Ending(Value):
    """How a finding ended."""

    word: str
    """`fixed`, `refuted`, `waived`, `deferred`, `accepted`, `not raised again` or `open`."""

    by: str = ""
    """The commit that fixed it, or the reviewer or person who decided."""

    why: str = ""
    """The reason, in the words of `by`."""

    note: str = ""
    """What another one says about it: their name, and their words in quotation marks."""

    @property
    def label(self) -> str:
        """The word as people read it in lists and counts."""
        return LABELS.get(self.word, self.word).rstrip(",")

    @property
    def sentence(self) -> str:
        """The ending in one line, such as `fixed in 3f2a91c` or `refuted by api: “it is tested in t.py”`.

        Parts that are not known are left out.
        """
        sentence = self.label
        if self.by:
            sentence = f"{LABELS.get(self.word, self.word)} {BEFORE_BY.get(self.word, 'by')} {self.by}"

        if self.why:
            sentence += f": “{self.why}”"

        if self.note:
            sentence += f"; {self.note}"

        return sentence


def ending(run: Run, job: JobState, listed: ListedFinding) -> Ending:
    """How a finding of a job ended, as things stand now.

    A waiver comes first, because a person's decision holds whatever the author replied.
    """
    if listed.waived:
        return _excused(run, job, listed)

    # A finding that is still open after the gate passed was accepted by its reviewer.
    if listed.open:
        if run.open_checkpoint(job.spec.id) is not None and listed.round < job.attempt:
            return _once_approved(run, job, listed)

        if job.cleared is None:
            return Ending("open")

        return _accepted_by_reviewers(job, listed)

    return _closed(job, listed)


def _once_approved(run: Run, job: JobState, listed: ListedFinding) -> Ending:
    """How a finding of an earlier round ended, where the reviews let the work through and only a person has to approve it.

    It is what the ending will be once the gate has passed: as its author replied, unless a reviewer raised it again in the
    round under way and accepted the work with it.
    """
    from gitorch.rules.review.findings import list_findings  # noqa: PLC0415  verbs that read do not pay for the events

    for again in list_findings(run, job).findings:
        if again.number == listed.number:
            return _accepted_by_reviewers(job, again)

    return _closed(job, listed)


def _closed(job: JobState, listed: ListedFinding) -> Ending:
    """How a finding ended that a later round did not raise again: as its author replied, if they did.

    That nobody raised it again does not show that it is fixed.
    """
    if listed.reply is None:
        return Ending("not raised again")

    match listed.reply.disposition:
        case Disposition.FIXED:
            return Ending("fixed", listed.reply.evidence)
        case Disposition.FALSE_POSITIVE:
            return _refuted(job, listed, listed.reply)
        case Disposition.DEFERRED:
            return Ending("not raised again", note=f"{job.spec.id} wanted to defer it: “{listed.reply.evidence}”")
        case _:
            assert_never(listed.reply.disposition)


def _refuted(job: JobState, listed: ListedFinding, reply: Reply) -> Ending:
    """The author's evidence, then the reason of the reviewer who withdrew the finding, if one did."""
    return Ending("refuted", str(job.spec.id), reply.evidence, _withdrawal(job, listed))


def _withdrawal(job: JobState, listed: ListedFinding) -> str:
    """What the newest verdict that withdraws this finding says about it; empty when none does.

    An author's evidence alone closes nothing: the reviewer's withdrawal, or their silence, does.
    """
    for verdict in reversed(job.verdicts):
        reason = _reason_to_withdraw(verdict, listed.number)
        if reason is not None:
            return f"{verdict.review} withdrew it: “{reason}”"

    return ""


def _reason_to_withdraw(verdict: Verdict, number: int) -> str | None:
    """Why this verdict withdraws the finding with this number; None when it does not.

    The reason is never empty, because a verdict without it is refused.
    """
    for finding in verdict.findings:
        if finding.number != number:
            continue

        if finding.withdrawn:
            return finding.detail

    return None


def _excused(run: Run, job: JobState, listed: ListedFinding) -> Ending:
    """The newest answer by which a person put off this finding, or accepted the work with all that were open.

    Without such an answer in the run the principal waived it together with the whole gate.
    """
    for question in reversed(tuple(run.questions.values())):
        if question.job != job.spec.id:
            continue

        excuse = _excuse(question, listed)
        if excuse is not None:
            return excuse

    return Ending("waived", "the principal")


def _excuse(question: Question, listed: ListedFinding) -> Ending | None:
    """The ending that the answer to this question gives a finding.

    None when the question is open, and when its answer is not about this finding.
    """
    answer = question.answer
    if answer is None:
        return None

    if question.kind is QuestionKind.DEFERRED and question.number == listed.number:
        return _put_off(listed, answer)

    if answer.option == "accept_with_exceptions":
        return Ending("waived", answer.by, answer.text)

    return None


def _put_off(listed: ListedFinding, answer: Answer) -> Ending:
    """The answer to an author who asked to defer a finding.

    Without a text of the person, the author's reason stands, as the author's.
    """
    note = ""
    if not answer.text and listed.reply is not None:
        note = f"its author: “{listed.reply.evidence}”"

    if answer.option == "defer":
        return Ending("deferred", answer.by, answer.text, note)

    return Ending("waived", answer.by, answer.text, note)


def _accepted_by_reviewers(job: JobState, listed: ListedFinding) -> Ending:
    """The reviewers who raised this finding and accepted the work with it, each with the session that judged."""
    raised_by = {listed.review, *listed.also}
    reviewers = []

    for verdict in job.verdicts:
        if verdict.round != listed.round or verdict.choice not in ACCEPTING:
            continue

        if verdict.review in raised_by:
            reviewers.append(f"{verdict.review} ({verdict.session})")

    if not reviewers:
        return Ending("open")

    return Ending("accepted", ", ".join(reviewers))
