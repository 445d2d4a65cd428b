"""How each finding ended: fixed, refuted, waived or deferred, and by whom. Nothing is ever just noted (P24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.question import QuestionKind
from gitorch.model.review import Disposition
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.job import JobState
    from gitorch.model.question import Question
    from gitorch.model.review import Finding, ListedFinding, Verdict
    from gitorch.model.run import Run


class Ending(Value):
    """`word` is fixed, refuted, waived, deferred or open; `by` names a commit, a reviewer or a person; `why` is in their words."""

    word: str
    by: str = ""
    why: str = ""

    @property
    def sentence(self) -> str:
        """`fixed in 3f2a91c`, `refuted by api: it is tested in t.py`."""
        named = f"{self.word} {'in' if self.word == 'fixed' else 'by'} {self.by}" if self.by else self.word
        return f"{named}: {self.why}" if self.why else named


def ending(run: Run, job: JobState, listed: ListedFinding) -> Ending:
    """How a finding of a job ended, as things stand."""
    if listed.waived:
        return _excused(run, job, listed)
    if listed.open:
        return _accepted_with(job, listed) if job.cleared is not None else Ending("open")
    reply = listed.reply
    if reply is not None and reply.disposition is Disposition.FALSE_POSITIVE:
        taken_back = _withdrawal(job, listed)
        why = (
            reply.evidence
            if taken_back is None
            else f"{reply.evidence}; {taken_back[0].review} says {taken_back[1].detail}"
        )
        return Ending("refuted", str(job.spec.id), why)
    if reply is not None:
        return Ending("fixed", reply.evidence)
    return Ending("fixed", why="it was not raised again")


def _excused(run: Run, job: JobState, listed: ListedFinding) -> Ending:
    """By the principal: one finding that its author put off, or all that stood when the work was accepted with exceptions."""
    for question in reversed(tuple(run.questions.values())):
        if question.answer is None or question.job != job.spec.id:
            continue
        if question.kind is QuestionKind.DEFERRED and question.number == listed.number:
            word = "deferred" if question.answer.option == "defer" else "waived"
            return Ending(word, question.answer.by, _words(question) or (listed.reply.evidence if listed.reply else ""))
        if question.answer.option == "accept_with_exceptions":
            return Ending("waived", question.answer.by, _words(question))
    return Ending("waived", "the principal")


def _words(question: Question) -> str:
    return question.answer.text if question.answer is not None else ""


def _accepted_with(job: JobState, listed: ListedFinding) -> Ending:
    """A reviewer accepted the work with this finding, and so left it for later under its own name."""
    reviewers = [v for v in job.verdicts if v.review in {listed.review, *listed.also} and v.round == listed.round]
    by = ", ".join(f"{v.review} ({v.session})" for v in reviewers)
    return Ending("deferred", by or listed.review, "it does not fail the gate")


def _withdrawal(job: JobState, listed: ListedFinding) -> tuple[Verdict, Finding] | None:
    """The newest verdict that takes this finding back in words."""
    found = ((v, f) for v in reversed(job.verdicts) for f in v.findings if f.withdrawn and f.number == listed.number)
    return next(found, None)
