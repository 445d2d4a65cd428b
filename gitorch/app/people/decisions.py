"""Decisions of people: answers, approvals, rejections, and pausing or ending a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.execute import execute_verb, only_people
from gitorch.app.query.lookup import find_question, resolve_prefix
from gitorch.errors import Refused, Usage
from gitorch.model import commands
from gitorch.model.approval import Grade
from gitorch.model.ids import Digest, JobId
from gitorch.model.question import QuestionKind
from gitorch.model.run import RunPhase
from gitorch.model.values import replace
from gitorch.rules.ensure import run_there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.app.execute import Caller
    from gitorch.app.services import Services
    from gitorch.model.question import Question
    from gitorch.model.report import Report
    from gitorch.model.run import Run


def answer(
    services: Services, caller: Caller, name: str, words: Sequence[str], run_name: str | None
) -> tuple[Run, Question, str]:
    """Answer a question with one of its options, by unique prefix, or with free text; text may follow an option.

    Gives the run, the question and what was answered. Raises NotFound, Usage, Refused, Denied.
    """
    only_people(services, caller, "answer")
    run, question = find_question(services, name, run_name)
    option, text = _option_and_text(question, list(words))
    command = commands.AnswerQuestion(question.id, option, text)
    state, _ = execute_verb(services, run.id, caller.actor, command, "answer")
    return state.run or run, question, option or text


def _option_and_text(question: Question, words: list[str]) -> tuple[str, str]:
    if not question.options:
        return "", " ".join(words)
    command = f"gitorch answer {question.id}"
    first = question.options[0]
    if not words:
        raise Usage(f"{question.id} takes one of: {', '.join(question.options)}", f"{command} {first}")
    name = words[0].replace("-", "_")
    hints = (f"{command} {first}", command)
    option = resolve_prefix(name, question.options, "answer", question.id, hints, Usage)
    return option, " ".join(words[1:])


def verified_run(services: Services, run: Run) -> Run:
    """The run as git's objects alone tell it, without any cache. Raises Corrupt where they do not hold."""
    return run_there(services.ledger.verified(run.id).state)


def report_to_approve(run: Run) -> Report:
    """The merge report that is valid now, to be shown before it is approved. Raises Refused without one."""
    if run.report is None:
        message = f"run {run.id} has no merge report to approve; it is {run.phase}"
        raise Refused(message, f"gitorch status {run.id}")
    return run.report


def approve(services: Services, caller: Caller, run: Run, digest: str, proof: str) -> Run:
    """Approve the report with exactly this digest; signed, where the run takes only signed approvals.

    Decides on the run as git's objects tell it. Raises Corrupt where they do not hold.
    """
    run = verified_run(services, run)
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
    state, _ = execute_verb(services, run.id, caller.actor, command, "approve", files)
    return state.run or run


def reject(services: Services, caller: Caller, run: Run, rework: Sequence[str], note: str) -> Run:
    """Reject the report: the named epics go back to work; without any the run ends and keeps its branches."""
    command = commands.RejectMerge(tuple(JobId(j) for j in rework), note)
    state, _ = execute_verb(services, run.id, caller.actor, command, "reject")
    return state.run or run


def hold(services: Services, caller: Caller, run: Run, verb: str, reason: str = "") -> Run:
    """Pause, resume or cancel a run: `verb` is one of these words."""
    made: dict[str, commands.Command] = {
        "pause": commands.PauseRun(reason),
        "resume": commands.ResumeRun(),
        "cancel": commands.CancelRun(reason or "canceled by the principal"),
    }
    state, _ = execute_verb(services, run.id, caller.actor, made[verb], verb)
    return state.run or run


def cleanup_question(run: Run) -> Question | None:
    """The open question about what to remove; None where it was answered. Raises Refused while the run is not over."""
    if not run.phase.is_over:
        message = f"run {run.id} is {run.phase}; it is cleaned up when it is over"
        raise Refused(message, f"gitorch cancel {run.id}" if run.phase is RunPhase.PREPARED else "gitorch cancel")
    for question in run.open_questions():
        if question.kind is QuestionKind.CLEANUP:
            return question
    return None
