"""What people decide: answers, approvals, refusals, and holding or ending a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.acting import carry_asked, keep_refusal
from gitorch.errors import Denied, NotFound, Refused, Usage
from gitorch.model import commands
from gitorch.model.ids import Digest, JobId, QuestionId, RunId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.run import OVER, QuestionKind, RunPhase
from gitorch.model.values import dataclass
from gitorch.rules.readings import open_questions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.app.tools import Tools
    from gitorch.model.run import Question, Report, Run


@dataclass(frozen=True, slots=True)
class Caller:
    """Who typed the verb: a human, or an agent's session that was recognised and why."""

    actor: Actor
    run: RunId | None = None
    how: str = ""


def only_people(tools: Tools, caller: Caller, verb: str) -> None:
    """Raises Denied, and keeps the attempt, where an agent's session typed a verb that drives the run."""
    if caller.actor.kind is not ActorKind.AGENT:
        return
    message = f"session {caller.actor.session} is an agent and may not {verb} ({caller.how}); only the principal may"
    no = Denied(message, f"gitorch {verb}, from a terminal of your own")
    keep_refusal(tools, caller.run, caller.actor, verb, no)
    raise no


def find_run(tools: Tools, said: str | None) -> Run:
    """The run that a unique prefix of its id names; without a name, the only one that is not settled, else the newest."""
    if not tools.ledger.exists():
        message = "this repository has no gitorch ledger"
        raise NotFound(message, "gitorch init")
    lines = tools.ledger.state(None).board.runs
    if said is None:
        open_runs = [r for r, line in lines.items() if line.phase not in OVER]
        chosen = open_runs or list(lines)[-1:]
    else:
        chosen = [said_id for said_id in lines if said_id == said] or [r for r in lines if r.startswith(said)]
    if not chosen:
        message = f"there is no run {said}" if said else "there is no run yet"
        raise NotFound(message, "gitorch status" if said else "gitorch start PLAN")
    if len(chosen) > 1:
        message = f"{'several runs are open' if said is None else f'{said} could be any of several runs'}: {', '.join(chosen)}"
        raise Usage(message, f"name one, like {chosen[0]}")
    run = tools.ledger.state(RunId(chosen[0])).run
    if run is None:
        message = f"there is no run {chosen[0]}"
        raise NotFound(message, "gitorch status")
    return run


def open_runs(tools: Tools) -> tuple[RunId, ...]:
    """Runs that still have something to do, oldest first."""
    if not tools.ledger.exists():
        return ()
    lines = tools.ledger.state(None).board.runs.values()
    return tuple(line.id for line in lines if line.phase not in OVER or not line.cleaned)


def find_question(tools: Tools, said: str, run: str | None) -> tuple[Run, Question]:
    """An open question by its id, in the run named or in the only run that has it open."""
    if run is not None:
        candidates = [find_run(tools, run)]
    else:
        loaded = (tools.ledger.state(r).run for r in open_runs(tools))
        candidates = [r for r in loaded if r is not None]
    having = [r for r in candidates if any(q.id == said for q in open_questions(r))]
    if len(having) > 1:
        message = f"{said} is open in several runs: {', '.join(r.id for r in having)}"
        raise Usage(message, f"gitorch answer {said} --run {having[0].id}")
    if having:
        return having[0], having[0].questions[QuestionId(said)]
    for candidate in candidates:
        if QuestionId(said) in candidate.questions:
            return candidate, candidate.questions[QuestionId(said)]
    message = f"no run has a question {said}"
    raise NotFound(message, "gitorch inbox")


def answer(tools: Tools, caller: Caller, said: str, words: Sequence[str], run: str | None) -> tuple[Run, Question, str]:
    """Answer a question with one of its options, by unique prefix, or with free text; text may follow an option."""
    found, question = find_question(tools, said, run)
    option, text = _option_and_text(question, list(words))
    command = commands.AnswerQuestion(question.id, option, text)
    state, _ = carry_asked(tools, found.id, caller.actor, command, "answer")
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


def checkpoint_of(run: Run, job: str) -> Question:
    """The open checkpoint question of a job."""
    for question in open_questions(run):
        if question.kind is QuestionKind.CHECKPOINT and question.job == job:
            return question
    message = f"{job} has no checkpoint that waits"
    raise Refused(message, "gitorch inbox")


def report_to_approve(run: Run) -> Report:
    """The report that stands, for showing before it is approved."""
    if run.report is None:
        message = f"run {run.id} has no merge report to approve; it is {run.phase}"
        raise Refused(message, f"gitorch status {run.id}")
    return run.report


def approve(tools: Tools, caller: Caller, run: Run, digest: str, proof: str) -> Run:
    """Approve exactly the report with this digest."""
    command = commands.ApproveMerge(Digest(digest), proof)
    state, _ = carry_asked(tools, run.id, caller.actor, command, "approve")
    return state.run or run


def reject(tools: Tools, caller: Caller, run: Run, rework: Sequence[str], note: str) -> Run:
    """Refuse the report: the named epics go back to work, or the run ends with its branches kept."""
    command = commands.RejectMerge(tuple(JobId(j) for j in rework), note)
    state, _ = carry_asked(tools, run.id, caller.actor, command, "reject")
    return state.run or run


def hold(tools: Tools, caller: Caller, run: Run, verb: str, reason: str = "") -> Run:
    """Pause, resume or cancel a run."""
    made: dict[str, commands.Command] = {
        "pause": commands.PauseRun(reason),
        "resume": commands.ResumeRun(),
        "cancel": commands.CancelRun(reason or "canceled by the principal"),
    }
    state, _ = carry_asked(tools, run.id, caller.actor, made[verb], verb)
    return state.run or run


def may_clean(run: Run) -> Question | None:
    """The open cleanup question of a run that is over. Raises Refused while it is not."""
    if run.phase not in OVER:
        message = f"run {run.id} is {run.phase}; it is cleaned up when it is over"
        raise Refused(message, "gitorch cancel" if run.phase is not RunPhase.PREPARED else f"gitorch cancel {run.id}")
    return next((q for q in open_questions(run) if q.kind is QuestionKind.CLEANUP), None)
