"""What people decide: answers, approvals, refusals, and holding or ending a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.execute import carry_asked, keep_refusal
from gitorch.app.query.lookup import find_question
from gitorch.errors import Denied, Refused, Usage
from gitorch.model import commands
from gitorch.model.approval import Grade
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.question import QuestionKind
from gitorch.model.record import Actor, ActorKind
from gitorch.model.run import OVER, RunPhase
from gitorch.model.values import Value, replace
from gitorch.rules.capabilities import ensure_may

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.app.services import Services
    from gitorch.model.question import Question
    from gitorch.model.report import Report
    from gitorch.model.run import Run


class Caller(Value):
    """Who typed the verb: a human, or an agent's session that was recognised and why."""

    actor: Actor
    run: RunId | None = None
    how: str = ""


def only_people(services: Services, caller: Caller, verb: str) -> None:
    """Raises Denied, and keeps the attempt, where whoever typed a verb lacks what it needs."""
    try:
        ensure_may(caller.actor, verb)
    except Denied as no:
        said = _by_trace(caller, verb, no)
        keep_refusal(services, caller.run, caller.actor, verb, said)
        raise said from None


def _by_trace(caller: Caller, verb: str, no: Denied) -> Denied:
    """An agent is told by what it was recognised: it may not know that it left a trace."""
    if caller.actor.kind is not ActorKind.AGENT:
        return no
    message = f"session {caller.actor.session} is an agent and may not {verb} ({caller.how}); only the principal may"
    return Denied(message, "gitorch send @principal TEXT")


def answer(
    services: Services, caller: Caller, said: str, words: Sequence[str], run: str | None
) -> tuple[Run, Question, str]:
    """Answer a question with one of its options, by unique prefix, or with free text; text may follow an option."""
    found, question = find_question(services, said, run)
    option, text = _option_and_text(question, list(words))
    command = commands.AnswerQuestion(question.id, option, text)
    state, _ = carry_asked(services, found.id, caller.actor, command, "answer")
    return state.run or found, question, option or text


def _option_and_text(question: Question, words: list[str]) -> tuple[str, str]:
    if not question.options:
        return "", " ".join(words)
    if not words:
        message = f"{question.id} takes one of: {', '.join(question.options)}"
        raise Usage(message, f"gitorch answer {question.id} {question.options[0]}")
    first = words[0].replace("-", "_")
    exact = [o for o in question.options if o == first] or [o for o in question.options if o.startswith(first)]
    if len(exact) != 1:
        message = f"{words[0]} is no answer to {question.id}; it takes one of: {', '.join(question.options)}"
        raise Usage(message, f"gitorch answer {question.id} {question.options[0]}")
    return exact[0], " ".join(words[1:])


def report_to_approve(run: Run) -> Report:
    """The report that stands, for showing before it is approved."""
    if run.report is None:
        message = f"run {run.id} has no merge report to approve; it is {run.phase}"
        raise Refused(message, f"gitorch status {run.id}")
    return run.report


def approve(services: Services, caller: Caller, run: Run, digest: str, proof: str) -> Run:
    """Approve exactly the report with this digest."""
    command = commands.ApproveMerge(Digest(digest), proof)
    files: dict[type, Mapping[str, bytes]] = {}
    report = run.report
    signs = run.settings.approval_at_least is Grade.SIGNED
    if signs and report is not None and report.digest == digest:
        from gitorch.app.people.signing import sign  # noqa: PLC0415  # for runs that ask for it only
        from gitorch.model.events import MergeApproved  # noqa: PLC0415  # the same

        only_people(services, caller, "approve")
        signed = sign(services, run, report)
        command, files = replace(command, signer=signed.by), {MergeApproved: signed.files}
    state, _ = carry_asked(services, run.id, caller.actor, command, "approve", files)
    return state.run or run


def reject(services: Services, caller: Caller, run: Run, rework: Sequence[str], note: str) -> Run:
    """Refuse the report: the named epics go back to work, or the run ends with its branches kept."""
    command = commands.RejectMerge(tuple(JobId(j) for j in rework), note)
    state, _ = carry_asked(services, run.id, caller.actor, command, "reject")
    return state.run or run


def hold(services: Services, caller: Caller, run: Run, verb: str, reason: str = "") -> Run:
    """Pause, resume or cancel a run."""
    made: dict[str, commands.Command] = {
        "pause": commands.PauseRun(reason),
        "resume": commands.ResumeRun(),
        "cancel": commands.CancelRun(reason or "canceled by the principal"),
    }
    state, _ = carry_asked(services, run.id, caller.actor, made[verb], verb)
    return state.run or run


def may_clean(run: Run) -> Question | None:
    """The open cleanup question of a run that is over. Raises Refused while it is not."""
    if run.phase not in OVER:
        message = f"run {run.id} is {run.phase}; it is cleaned up when it is over"
        raise Refused(message, "gitorch cancel" if run.phase is not RunPhase.PREPARED else f"gitorch cancel {run.id}")
    return next((q for q in run.open_questions() if q.kind is QuestionKind.CLEANUP), None)
