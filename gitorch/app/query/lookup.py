"""Runs and questions by what somebody typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Refused, Usage
from gitorch.model.ids import QuestionId, RunId
from gitorch.model.question import QuestionKind
from gitorch.model.run import OVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitorch.app.services import Services
    from gitorch.model.board import RunLine
    from gitorch.model.ids import SessionId
    from gitorch.model.question import Question
    from gitorch.model.run import Run


RECENT = 10
"""How many of the newest runs are looked into for a question that is not open: more are as many as a second takes."""


def find_run(services: Services, said: str | None) -> Run:
    """The run that a unique prefix of its id names; without a name, the only one that is not settled, else the newest."""
    if not services.ledger.exists():
        message = "this repository has no gitorch ledger"
        raise NotFound(message, "gitorch init")
    lines = services.ledger.state(None).board.runs
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
    run = services.ledger.state(RunId(chosen[0])).run
    if run is None:
        message = f"there is no run {chosen[0]}"
        raise NotFound(message, "gitorch status")
    return run


def run_with(services: Services, thing: str) -> Run:
    """Of several open runs the only one that has this job, session or question; else the run that is meant without a name."""
    having = [run for run in _loaded(services, open_runs(services)) if _has(run, thing)]
    return having[0] if len(having) == 1 else find_run(services, None)


def _has(run: Run, thing: str) -> bool:
    return any(name == thing for names in (run.jobs, run.sessions, run.questions, run.messages) for name in names)


def open_runs(services: Services) -> tuple[RunId, ...]:
    """Runs that gitorch still owes something to, oldest first; a run that only waits to be cleaned up is none."""
    return tuple(line.id for line in _lines(services) if not line.settled)


def trusted_settings(services: Services) -> Mapping[str, str] | None:
    """The git settings that every open run recorded when it began; None when no open run recorded any.

    A setting that only some of them recorded is not among them: an agent of an earlier run could have planted it.
    """
    trusted: Mapping[str, str] | None = None
    for run in _loaded(services, open_runs(services)):
        if run.git_settings is None:
            continue
        if trusted is None:
            trusted = run.git_settings
        else:
            trusted = {key: digest for key, digest in trusted.items() if run.git_settings.get(key) == digest}
    return trusted


def several_open(services: Services) -> bool:
    """Whether a command that names no run could mean more than one."""
    return sum(line.phase not in OVER for line in _lines(services)) > 1


def asking_runs(services: Services, question: str = "") -> tuple[RunId, ...]:
    """Runs that ask for more than how to clean up, and those whose question about that is this one; no other is looked into."""
    lines = _lines(services)
    return tuple(x.id for x in lines if x.asked > (x.cleanup is not None) or (question and x.cleanup == question))


def _lines(services: Services) -> tuple[RunLine, ...]:
    return tuple(services.ledger.state(None).board.runs.values()) if services.ledger.exists() else ()


def _loaded(services: Services, runs: Iterable[RunId]) -> list[Run]:
    loaded = (services.ledger.state(run).run for run in runs)
    return [run for run in loaded if run is not None]


def find_question(services: Services, said: str, run: str | None) -> tuple[Run, Question]:
    """An open question by its id, in the run named or in the only run that has it open."""
    candidates = [find_run(services, run)] if run is not None else _loaded(services, asking_runs(services, said))
    having = [r for r in candidates if any(q.id == said for q in r.open_questions())]
    if len(having) > 1:
        message = f"{said} is open in several runs: {', '.join(r.id for r in having)}"
        raise Usage(message, f"gitorch answer {said} --run {having[0].id}")
    if having:
        return having[0], having[0].questions[QuestionId(said)]
    for candidate in candidates or _loaded(services, [line.id for line in _lines(services)][-RECENT:]):
        if QuestionId(said) in candidate.questions:
            return candidate, candidate.questions[QuestionId(said)]
    message = f"no run has a question {said}"
    raise NotFound(message, "gitorch inbox")


def session_named(services: Services, thing: str, said_run: str | None) -> tuple[Run, SessionId]:
    """A session by its id, or the newest one of a job that a unique prefix names. Raises NotFound, Usage."""
    run = find_run(services, said_run) if said_run is not None else run_with(services, thing)
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


def run_or_checkpoint(services: Services, said: str | None, said_run: str | None) -> tuple[Run, Question | None]:
    """What is to be approved or rejected: a run's merge report, or an epic's open checkpoint.

    The exact id of a run wins over a job that waits, and that over a prefix of a run: runs are named after plans, and so
    are jobs. Raises NotFound, Refused, Usage.
    """
    if said is None or (said_run is None and _is_run(services, said)):
        return find_run(services, said if said is not None else said_run), None
    waiting = list(_waiting(_named_or_loaded(services, said_run), said))
    if len(waiting) > 1:
        names = ", ".join(run.id for run, _ in waiting)
        raise Usage(f"{said} waits in several runs: {names}", f"gitorch why {said} --run {waiting[0][0].id}")
    if waiting:
        return waiting[0]
    for run in _named_or_loaded(services, said_run):
        if said in run.jobs:
            return run, checkpoint_of(run, said)
    return find_run(services, said), None


def run_or_epic(services: Services, said: str | None, said_run: str | None) -> tuple[Run, str]:
    """A run, or the run and the id of an epic of it that was named; the exact id of a run wins. Raises NotFound, Usage."""
    if said is None or (said_run is None and _is_run(services, said)):
        return find_run(services, said if said is not None else said_run), ""
    having = [run for run in _named_or_loaded(services, said_run) if said in run.jobs]
    if len(having) > 1:
        raise Usage(
            f"{said} is in several runs: {', '.join(r.id for r in having)}",
            f"gitorch report {said} --run {having[0].id}",
        )
    return (having[0], said) if having else (find_run(services, said), "")


def _is_run(services: Services, said: str) -> bool:
    return services.ledger.exists() and said in services.ledger.state(None).board.runs


def _named_or_loaded(services: Services, said_run: str | None) -> tuple[Run, ...]:
    if said_run is not None:
        return (find_run(services, said_run),)
    loaded = (services.ledger.state(run).run for run in dict.fromkeys((*asking_runs(services), *open_runs(services))))
    return tuple(run for run in loaded if run is not None)


def _waiting(runs: Iterable[Run], job: str) -> Iterator[tuple[Run, Question]]:
    for run in runs:
        for question in run.open_questions():
            if question.kind is QuestionKind.CHECKPOINT and question.job == job:
                yield run, question


def run_to_clean(services: Services, said: str | None) -> Run:
    """The run that is named; without a name, the only one that is over and not cleaned up yet. Raises Usage, NotFound."""
    if said is not None or not services.ledger.exists():
        return find_run(services, said)
    lines = services.ledger.state(None).board.runs.values()
    left = [line.id for line in lines if line.phase in OVER and not line.cleaned]
    if len(left) > 1:
        raise Usage(f"several runs can be cleaned up: {', '.join(left)}", f"gitorch cleanup {left[0]}")
    return find_run(services, left[0] if left else None)


def checkpoint_of(run: Run, job: str) -> Question:
    """The open checkpoint question of a job."""
    for question in run.open_questions():
        if question.kind is QuestionKind.CHECKPOINT and question.job == job:
            return question
    message = f"{job} has no checkpoint that waits"
    raise Refused(message, "gitorch inbox")
