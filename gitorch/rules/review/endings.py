"""How each finding ended: fixed, refuted, waived or deferred, and by whom (P24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Disposition

if TYPE_CHECKING:
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Answer, Question
    from gitorch.model.work.review import ListedFinding, Reply, Verdict
    from gitorch.model.work.run import Run


class Ending(Value):
    """How a finding ended."""

    word: str
    """`fixed`, `refuted`, `waived`, `deferred` or `open`."""

    by: str = ""
    """The commit that fixed it, or the reviewer or person who decided."""

    why: str = ""
    """The reason, in their words."""

    @property
    def sentence(self) -> str:
        """The ending in one line, such as `fixed in 3f2a91c` or `refuted by api: it is tested in t.py`.

        Parts that are not known are left out.
        """
        sentence = self.word
        if self.by:
            preposition = "in" if self.word == "fixed" else "by"
            sentence += f" {preposition} {self.by}"

        if self.why:
            sentence += f": {self.why}"

        return sentence


def ending(run: Run, job: JobState, listed: ListedFinding) -> Ending:
    """How a finding of a job ended, as things stand now.

    Nothing is only noted: every finding is fixed, refuted, waived, deferred, or still open. A waiver
    comes first, because a person's decision holds whatever the author replied.
    """
    if listed.waived:
        return _excused(run, job, listed)

    # A finding that is still open after the gate passed was accepted by its reviewer.
    if listed.open:
        if job.cleared is None:
            return Ending("open")

        return _deferred_by_reviewer(job, listed)

    return _closed(job, listed)


def _closed(job: JobState, listed: ListedFinding) -> Ending:
    """How a finding ended that a later round did not raise again: by the author's reply, or without one."""
    if listed.reply is None:
        return Ending("fixed", why="it was not raised again")

    if listed.reply.disposition is Disposition.FALSE_POSITIVE:
        return _refuted(job, listed, listed.reply)

    return Ending("fixed", listed.reply.evidence)


def _refuted(job: JobState, listed: ListedFinding, reply: Reply) -> Ending:
    """The author's evidence, then the reason of the reviewer who withdrew the finding, if one did."""
    why = reply.evidence
    withdrawal = _withdrawal(job, listed)
    if withdrawal:
        why += f"; {withdrawal}"

    return Ending("refuted", str(job.spec.id), why)


def _withdrawal(job: JobState, listed: ListedFinding) -> str:
    """What the newest verdict that withdraws this finding says about it; empty when none does.

    An author's evidence alone closes nothing: the reviewer's withdrawal, or their silence, does.
    """
    for verdict in reversed(job.verdicts):
        reason = _reason_to_withdraw(verdict, listed.number)
        if reason is not None:
            return f"{verdict.review} says {reason}"

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

    Without a text of the person, the author's own reason stands.
    """
    why = answer.text
    if not why and listed.reply is not None:
        why = listed.reply.evidence

    if answer.option == "defer":
        return Ending("deferred", answer.by, why)

    return Ending("waived", answer.by, why)


def _deferred_by_reviewer(job: JobState, listed: ListedFinding) -> Ending:
    """The reviewers who raised this finding and let the work pass with it, each with the session that judged."""
    raised_by = {listed.review, *listed.also}
    reviewers = []

    for verdict in job.verdicts:
        if verdict.round != listed.round:
            continue

        if verdict.review in raised_by:
            reviewers.append(f"{verdict.review} ({verdict.session})")

    return Ending("deferred", ", ".join(reviewers) or listed.review, "it does not fail the gate")
