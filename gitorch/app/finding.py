"""Runs and questions by what somebody typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Usage
from gitorch.model.ids import QuestionId, RunId
from gitorch.model.run import OVER
from gitorch.rules.readings import open_questions

if TYPE_CHECKING:
    from gitorch.app.tools import Tools
    from gitorch.model.run import Question, Run


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
