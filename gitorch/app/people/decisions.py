"""Decisions of people: answers, approvals, rejections, and pausing or ending a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute, execute_verb, only_people
from gitorch.app.query.lookup import resolve_prefix
from gitorch.app.query.outside import changes_since_report
from gitorch.app.query.questions import open_question
from gitorch.app.query.target import target_head
from gitorch.errors import Refused, Usage
from gitorch.model import commands
from gitorch.model.ids import Digest, JobId
from gitorch.model.plans.approval import Grade
from gitorch.model.values import replace
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.run import RunPhase
from gitorch.rules.deciding.merges import ensure_asked, ensure_proven
from gitorch.rules.deciding.questions import ensure_takes_answer
from gitorch.rules.guards.ensure import run_open, run_there
from gitorch.rules.messages.answer_words import first_answer
from gitorch.rules.review.citations import citation_fault
from gitorch.rules.review.outside import withdrawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.app.executing.execute import Caller
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import OutsideChange, Report
    from gitorch.model.work.review import Finding
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import VerifiedRun


def answer(
    services: Services,
    caller: Caller,
    name: str,
    arguments: Sequence[str],
    run_name: str | None,
) -> tuple[Run, Question, str]:
    """Answer a question with one of its options, by unique prefix, or with free text; text may follow an option.

    Gives the run as it is after the answer, the question as it was before, and the text of the answer: the whole name
    of the option where one was chosen.

    Raises Denied for an agent, before the question is even looked up.
    Raises NotFound where no run has a question of this name.
    Raises Usage for a word that is no option, or a prefix of several.
    Raises Refused where the question was answered before, and for the question whether to merge.
    """
    only_people(services, caller, "answer")
    run, question = open_question(services, name, run_name, next(iter(arguments), ""))
    ensure_takes_answer(run, question)
    option, text = _option_and_text(question, list(arguments))

    command = commands.AnswerQuestion(question.id, option, text)
    state, _ = execute_verb(services, run.id, caller.actor, command, "answer")
    return state.run or run, question, option or text


def _option_and_text(question: Question, arguments: list[str]) -> tuple[str, str]:
    """The option that the first word names, and the text after it; all arguments are text where there are no options.

    Raises Usage without a word, or with one that names no option.
    """
    if not question.options:
        return "", " ".join(arguments)

    if not arguments:
        raise Usage(f"{question.id} takes one of: {', '.join(question.options)}", first_answer(question))

    option = resolve_prefix(
        name=arguments[0].replace("-", "_"),
        candidates=question.options,
        noun="answer",
        owner=question.id,
        commands=(first_answer(question), f"gitorch answer {question.id}"),
        unknown=Usage,
    )
    return option, " ".join(arguments[1:])


def verified_run(services: Services, run: Run) -> Run:
    """The run as git's objects alone tell it, without any cache.

    Approvals and merges are decided on this run, because an agent could have written to a cache.
    Raises Corrupt where an object does not have the digest by which it is named.
    """
    return run_there(services.ledger.verified(run.id).state)


def report_to_approve(run: Run) -> Report:
    """The merge report that is valid now, to be shown before it is approved.

    Raises Refused without one: before the first, and after the newest was rejected or became void.
    """
    if run.report is None:
        message = f"run {run.id} has no merge report to approve; it is {run.phase}"
        raise Refused(message, f"gitorch status {run.id}")

    return run.report


def require_approvable(services: Services, run: Run, proof: str) -> None:
    """Check what can be known before a person reads the report: that this kind of approval counts, and that the target stands.

    Raises Denied where the run takes no such approval, Refused where the target moved since the report.
    Raises Unavailable where the remote of a shared target does not answer.
    """
    report = report_to_approve(run)
    if run.approval is not None:
        return

    run_open(run)
    if run.settings.approval_at_least is Grade.SIGNED:  # such an approval is signed after the person agreed
        ensure_asked(run, proof)
    else:
        ensure_proven(run, proof)

    if target_head(services, report.target) != report.target_commit:
        message = (
            f"{report.target} has moved since this report was made; gitorch up makes the report that you can approve"
        )
        raise Refused(message, f"gitorch up {run.id} --no-wait")


def approve(
    services: Services,
    caller: Caller,
    run: Run,
    digest: str,
    proof: str,
) -> Run:
    """Approve the report with exactly this digest; signed, where the run takes only signed approvals.

    Decides on the run as git's objects tell it, and gives the run as it is after the approval.
    `proof` is how the caller agreed.

    Raises Corrupt where git's objects do not hold.
    Raises Denied for everybody but the principal, and for a principal whose key is not among those allowed.
    Raises Refused where the digest is not that of the valid report, or the repository changed since; the report is withdrawn
    then.
    """
    verified = services.ledger.verified(run.id)
    run = run_there(verified.state)
    changed = _withdrawn(services, caller, verified)
    command = commands.ApproveMerge(Digest(digest), proof, changed=changed)
    if changed or not _is_to_be_signed(run, digest):
        state, _ = execute_verb(services, run.id, caller.actor, command, "approve")
        return state.run or run

    # Only a person is asked for a passphrase or a touch of the key.
    only_people(services, caller, "approve")
    command, files = _signed(services, run, command)
    state, _ = execute_verb(services, run.id, caller.actor, command, "approve", files)
    return state.run or run


def _withdrawn(services: Services, caller: Caller, verified: VerifiedRun) -> str:
    """Withdraw the report where settings, hooks or attributes changed since; says what changed, empty where nothing did."""
    run = run_there(verified.state)
    if run.report is None or run.approval is not None:
        return ""

    changed = withdrawing(changes_since_report(services, verified))
    if changed:
        only_people(services, caller, "approve")
        execute(services, run.id, services.host, commands.VoidReport(changed))
    return changed


def changed_since_report(services: Services, run: Run) -> tuple[OutsideChange, ...]:
    """What changed outside the work branches since the report of the run, for a person to see before the approval.

    Settings, hooks and attributes of the merge are among them; `approve` withdraws the report for those.
    Raises Corrupt where git's objects do not hold, Unavailable where git does not answer.
    """
    return changes_since_report(services, services.ledger.verified(run.id))


def _is_to_be_signed(run: Run, digest: str) -> bool:
    """Whether the run takes only signed approvals and this is its valid report; any other is refused unsigned."""
    if run.settings.approval_at_least is not Grade.SIGNED:
        return False

    if run.report is None:
        return False

    return run.report.digest == digest


def _signed(
    services: Services,
    run: Run,
    command: commands.ApproveMerge,
) -> tuple[commands.ApproveMerge, Mapping[type, Mapping[str, bytes]]]:
    """The command with its signer, and the text and signature to keep with its record."""
    from gitorch.app.people.signing import sign  # noqa: PLC0415  # for runs that ask for it only
    from gitorch.model.events import MergeApproved  # noqa: PLC0415  # the same

    signed = sign(services, run, report_to_approve(run))
    return replace(command, signer=signed.by), {MergeApproved: signed.files}


def reject(
    services: Services,
    caller: Caller,
    run: Run,
    rework: Sequence[str],
    note: str,
) -> Run:
    """Reject the report: the named epics go back to work; without any the run ends and keeps its branches.

    `note` is given to the authors of the named epics. Gives the run as it is after the rejection.
    Raises Denied for everybody but the principal.
    Raises Refused where the run has no report to reject, or does not have one of the epics.
    """
    command = commands.RejectMerge(tuple(JobId(j) for j in rework), note)
    state, _ = execute_verb(services, run.id, caller.actor, command, "reject")
    return state.run or run


def send_back(
    services: Services,
    caller: Caller,
    run: Run,
    job: JobId,
    commit: CommitId,
    findings: Sequence[Finding],
    text: str,
) -> Run:
    """Send the work of a job back to its author with findings at lines of exactly this commit, or with a note.

    Gives the run as it is afterwards. Raises Denied for everybody but the principal.
    Raises Usage for a finding at a file or line that the commit does not have.
    Raises Refused where the job has no work to send back, another commit was handed in since, or nothing was found.
    """
    only_people(services, caller, "reject")
    handoff = run.jobs[job].handoff
    if handoff is not None and handoff.commit == commit:  # the rules refuse every other one
        _ensure_there(services, commit, findings)

    command = commands.SendBack(job, commit, tuple(findings), text)
    state, _ = execute_verb(services, run.id, caller.actor, command, "reject")
    return state.run or run


def _ensure_there(services: Services, commit: CommitId, findings: Sequence[Finding]) -> None:
    """Raises Usage for a finding at a file or line that the commit does not have."""
    for finding in findings:
        if not finding.path:
            continue

        fault = citation_fault(services.git.file_at(commit, finding.path), finding.line)
        if fault:
            raise Usage(f"{finding.place} cannot be commented on: {fault}", f"git show {commit[:12]}")


def hold(
    services: Services,
    caller: Caller,
    run: Run,
    verb: str,
    reason: str = "",
) -> Run:
    """Pause, resume or cancel a run: `verb` is one of these words.

    `reason` is recorded with a pause or a cancellation. Gives the run as it is afterwards.
    Raises Denied for everybody but the principal, Refused where the phase of the run does not allow it.
    """
    made: dict[str, commands.Command] = {
        "pause": commands.PauseRun(reason),
        "resume": commands.ResumeRun(),
        "cancel": commands.CancelRun(reason or "canceled by the principal"),
    }
    state, _ = execute_verb(services, run.id, caller.actor, made[verb], verb)
    return state.run or run


def cleanup_question(run: Run) -> Question | None:
    """The open question about what to remove; None where it was answered.

    Raises Refused while the run is not over, with the command that cancels it.
    """
    if not run.phase.is_over:
        hint = "gitorch cancel"
        if run.phase is RunPhase.PREPARED:
            hint = f"gitorch cancel {run.id}"
        raise Refused(f"run {run.id} is {run.phase}; it is cleaned up when it is over", hint)

    for question in run.open_questions():
        if question.kind is QuestionKind.CLEANUP:
            return question

    return None
