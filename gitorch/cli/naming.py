"""What a word on the command line names: a run, a job with its session, a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.finding import asking_runs, find_run, open_runs, run_with
from gitorch.app.people import checkpoint_of
from gitorch.errors import NotFound, Usage
from gitorch.model.run import OVER, QuestionKind
from gitorch.rules.readings import open_questions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.app.tools import Tools
    from gitorch.model.ids import SessionId
    from gitorch.model.run import Question, Run


def session_named(tools: Tools, thing: str, said_run: str | None) -> tuple[Run, SessionId]:
    """A session by its id, or the newest one of a job that a unique prefix names. Raises NotFound, Usage."""
    run = find_run(tools, said_run) if said_run is not None else run_with(tools, thing)
    for session in run.sessions.values():
        if session.id == thing:
            return run, session.id
    job = _one([j for j in run.jobs if j == thing] or [j for j in run.jobs if j.startswith(thing)], thing, run)
    sessions = [s.id for s in run.sessions.values() if s.job == job]
    if not sessions:
        raise NotFound(f"no agent has worked on {job} yet", f"gitorch why {job}")
    return run, sessions[-1]


def _one(found: list[str], thing: str, run: Run) -> str:
    if len(found) == 1:
        return found[0]
    if found:
        raise Usage(f"{thing} could be any of {', '.join(found)}", f"gitorch why {found[0]}")
    known = ", ".join([*run.sessions, *run.jobs]) or "nothing yet"
    raise NotFound(f"run {run.id} has no job or session {thing}; it has {known}", "gitorch status")


def run_or_checkpoint(tools: Tools, said: str | None, said_run: str | None) -> tuple[Run, Question | None]:
    """What is to be approved or rejected: a run's merge report, or an epic's open checkpoint.

    The exact id of a run wins over a job that waits, and that over a prefix of a run: runs are named after plans, and so
    are jobs. Raises NotFound, Refused, Usage.
    """
    if said is None or (said_run is None and _is_run(tools, said)):
        return find_run(tools, said if said is not None else said_run), None
    waiting = list(_waiting(_loaded(tools, said_run), said))
    if len(waiting) > 1:
        names = ", ".join(run.id for run, _ in waiting)
        raise Usage(f"{said} waits in several runs: {names}", f"--run {waiting[0][0].id}")
    if waiting:
        return waiting[0]
    for run in _loaded(tools, said_run):
        if said in run.jobs:
            return run, checkpoint_of(run, said)
    return find_run(tools, said), None


def run_or_epic(tools: Tools, said: str | None, said_run: str | None) -> tuple[Run, str]:
    """A run, or the run and the id of an epic of it that was named; the exact id of a run wins. Raises NotFound, Usage."""
    if said is None or (said_run is None and _is_run(tools, said)):
        return find_run(tools, said if said is not None else said_run), ""
    having = [run for run in _loaded(tools, said_run) if said in run.jobs]
    if len(having) > 1:
        raise Usage(f"{said} is in several runs: {', '.join(r.id for r in having)}", f"--run {having[0].id}")
    return (having[0], said) if having else (find_run(tools, said), "")


def _is_run(tools: Tools, said: str) -> bool:
    return tools.ledger.exists() and said in tools.ledger.state(None).board.runs


def _loaded(tools: Tools, said_run: str | None) -> tuple[Run, ...]:
    if said_run is not None:
        return (find_run(tools, said_run),)
    loaded = (tools.ledger.state(run).run for run in dict.fromkeys((*asking_runs(tools), *open_runs(tools))))
    return tuple(run for run in loaded if run is not None)


def _waiting(runs: Iterable[Run], job: str) -> Iterator[tuple[Run, Question]]:
    for run in runs:
        for question in open_questions(run):
            if question.kind is QuestionKind.CHECKPOINT and question.job == job:
                yield run, question


def run_to_clean(tools: Tools, said: str | None) -> Run:
    """The run that is named; without a name, the only one that is over and not cleaned up yet. Raises Usage, NotFound."""
    if said is not None or not tools.ledger.exists():
        return find_run(tools, said)
    lines = tools.ledger.state(None).board.runs.values()
    left = [line.id for line in lines if line.phase in OVER and not line.cleaned]
    if len(left) > 1:
        raise Usage(f"several runs can be cleaned up: {', '.join(left)}", f"gitorch cleanup {left[0]}")
    return find_run(tools, left[0] if left else None)
