"""Runs and questions by what somebody typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Usage
from gitorch.model.ids import QuestionId, RunId
from gitorch.model.run import OVER
from gitorch.rules.readings import open_questions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.app.tools import Tools
    from gitorch.model.run import Question, Run, RunLine


RECENT = 10
"""How many of the newest runs are looked into for a question that is not open: more are as many as a second takes."""


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
        raise Usage(message, f"gitorch status {chosen[0]}")
    run = tools.ledger.state(RunId(chosen[0])).run
    if run is None:
        message = f"there is no run {chosen[0]}"
        raise NotFound(message, "gitorch status")
    return run


def run_with(tools: Tools, thing: str) -> Run:
    """Of several open runs the only one that has this job, session or question; else the run that is meant without a name."""
    having = [run for run in _loaded(tools, open_runs(tools)) if _has(run, thing)]
    return having[0] if len(having) == 1 else find_run(tools, None)


def _has(run: Run, thing: str) -> bool:
    return any(name == thing for names in (run.jobs, run.sessions, run.questions, run.messages) for name in names)


def open_runs(tools: Tools) -> tuple[RunId, ...]:
    """Runs that gitorch still owes something to, oldest first; a run that only waits to be cleaned up is none."""
    return tuple(line.id for line in _lines(tools) if not line.settled)


def several_open(tools: Tools) -> bool:
    """Whether a command that names no run could mean more than one."""
    return sum(line.phase not in OVER for line in _lines(tools)) > 1


def asking_runs(tools: Tools, question: str = "") -> tuple[RunId, ...]:
    """Runs that ask for more than how to clean up, and those whose question about that is this one; no other is looked into."""
    lines = _lines(tools)
    return tuple(x.id for x in lines if x.asked > (x.cleanup is not None) or (question and x.cleanup == question))


def _lines(tools: Tools) -> tuple[RunLine, ...]:
    return tuple(tools.ledger.state(None).board.runs.values()) if tools.ledger.exists() else ()


def _loaded(tools: Tools, runs: Iterable[RunId]) -> list[Run]:
    loaded = (tools.ledger.state(run).run for run in runs)
    return [run for run in loaded if run is not None]


def find_question(tools: Tools, said: str, run: str | None) -> tuple[Run, Question]:
    """An open question by its id, in the run named or in the only run that has it open."""
    candidates = [find_run(tools, run)] if run is not None else _loaded(tools, asking_runs(tools, said))
    having = [r for r in candidates if any(q.id == said for q in open_questions(r))]
    if len(having) > 1:
        message = f"{said} is open in several runs: {', '.join(r.id for r in having)}"
        raise Usage(message, f"gitorch answer {said} --run {having[0].id}")
    if having:
        return having[0], having[0].questions[QuestionId(said)]
    for candidate in candidates or _loaded(tools, [line.id for line in _lines(tools)][-RECENT:]):
        if QuestionId(said) in candidate.questions:
            return candidate, candidate.questions[QuestionId(said)]
    message = f"no run has a question {said}"
    raise NotFound(message, "gitorch inbox")
