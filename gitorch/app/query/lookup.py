"""Finding runs, jobs and sessions by a typed name: a whole id, or a prefix that only one has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import GitorchError, NotFound, Refused, Usage
from gitorch.model.ids import JobId, RunId, SessionId
from gitorch.model.work.board import Board

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.work.board import RunLine
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run


LISTED_MAX = 12
"""How many names an error message lists."""


def resolve_prefix(
    name: str,
    candidates: Sequence[str],
    noun: str,
    owner: str,
    commands: tuple[str, str],
    unknown: type[GitorchError] = NotFound,
) -> str:
    """The candidate that is called `name`, otherwise the only one that begins with it.

    `noun` and `owner` name what was searched for and where; `commands` are the hints for an unknown name and, with a
    candidate after it, for an ambiguous one. Raises `unknown`, and Usage for a prefix of several.
    """
    if name in candidates:
        return name
    matches = [candidate for candidate in candidates if candidate.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    for_unknown, for_ambiguous = commands
    if matches:
        raise Usage(f"{name} could be any of {listed(matches)}", f"{for_ambiguous} {matches[0]}", matches[0], name)
    raise unknown(f"{owner} has no {noun} {name}; it has {listed(candidates)}", for_unknown)


def listed(names: Sequence[str]) -> str:
    """The names in one line; of many only the newest, with the number of the others."""
    if not names:
        return "none"
    if len(names) <= LISTED_MAX:
        return ", ".join(names)
    newest = ", ".join(names[-LISTED_MAX:])
    return f"{newest} and {len(names) - LISTED_MAX} more"


def require_ledger(services: Services) -> None:
    """Raises NotFound where gitorch was never set up."""
    if not services.ledger.exists():
        raise NotFound("this repository has no gitorch ledger", "gitorch init")


def require_intact_ledger(services: Services) -> None:
    """Raises Corrupt for a damaged ledger, with the command that restores it. Costs what the whole history costs."""
    damage = services.ledger.damage()
    if damage is not None:
        raise damage


def board_of(services: Services) -> Board:
    """The board of all runs; an empty one without a ledger.

    It holds one line for each run and the messages between people, and costs no loading of runs.
    """
    if not services.ledger.exists():
        return Board()
    return services.ledger.state(None).board


def run_lines(services: Services) -> tuple[RunLine, ...]:
    """Every run in one line, oldest first; none without a ledger."""
    return tuple(board_of(services).runs.values())


def load_runs(services: Services, ids: Iterable[RunId]) -> list[Run]:
    """The whole runs with these ids, in this order; an id that the ledger does not have is left out.

    Each costs a read of its cached state; most questions about all runs are answered by `run_lines` instead.
    """
    runs: list[Run] = []
    for run_id in ids:
        run = services.ledger.state(run_id).run
        if run is not None:
            runs.append(run)
    return runs


def unsettled_runs(services: Services) -> tuple[RunId, ...]:
    """Runs with work left for gitorch, oldest first; a run that only waits to be cleaned up is not one of them."""
    return tuple(line.id for line in run_lines(services) if not line.settled)


def active_runs(services: Services) -> tuple[RunId, ...]:
    """Runs that are not over, oldest first."""
    return tuple(line.id for line in run_lines(services) if not line.phase.is_over)


def is_ambiguous(services: Services) -> bool:
    """Whether a command that names no run could mean more than one: several are open, or one that is over still asks.

    The commands that gitorch proposes name the run then.
    """
    asking = [line.id for line in run_lines(services) if line.asked]
    return len({*active_runs(services), *asking}) > 1


def only_run(runs: Sequence[Run], problem: str, command: str) -> Run | None:
    """The only one of these runs; None where there is none.

    `problem` says in the message what they have in common; `command` is the hint, with the id of a run after it.
    Raises Usage, with the ids of the runs, where there are several.
    """
    if not runs:
        return None
    if len(runs) > 1:
        ids = [run.id for run in runs]
        raise Usage(f"{problem}: {listed(ids)}", f"{command} {ids[0]}", ids[0])
    return runs[0]


def find_run(services: Services, name: str | None) -> Run:
    """The run with this id or unique prefix; without a name the only active run, otherwise the newest.

    Raises NotFound without a ledger, without any run, and for a name that no run has.
    Raises Usage where several runs could be meant.
    """
    require_ledger(services)
    ids = [line.id for line in run_lines(services)]
    if name is None:
        run_id = _default_run(services, ids)
    else:
        listing = "gitorch sync" if services.ledger.is_shared else "gitorch list"
        run_id = RunId(resolve_prefix(name, ids, "run", "this repository", (listing, "gitorch status")))

    run = services.ledger.state(run_id).run
    if run is None:
        raise NotFound(f"there is no run {run_id}", "gitorch list")
    return run


def _default_run(services: Services, ids: Sequence[RunId]) -> RunId:
    """The only active run, otherwise the newest. Raises NotFound without any, Usage where several are active."""
    if not ids:
        raise NotFound("there is no run yet", "gitorch start PLAN")
    active = active_runs(services)
    if len(active) > 1:
        raise Usage(f"several runs are open: {listed(active)}", f"gitorch status {active[0]}", active[0])
    if active:
        return active[0]
    return ids[-1]


def run_called(services: Services, name: str) -> RunId | None:
    """The run with this id, else the only one that begins with it, where nothing in an unsettled run has or begins such a name."""
    ids = board_of(services).runs
    if name in ids:
        return RunId(name)

    begun = [run_id for run_id in ids if run_id.startswith(name)]
    if len(begun) != 1:
        return None

    for run in load_runs(services, unsettled_runs(services)):
        if _has(run, name) or any(job.startswith(name) for job in run.jobs):
            return None

    return begun[0]


def find_run_with(services: Services, name: str) -> Run:
    """The only unsettled run that has something with this id, otherwise the default run.

    The default run need not have the name: the caller looks the name up and reports what it misses.
    Raises NotFound and Usage as `find_run` does without a name.
    """
    having = []
    for run in load_runs(services, unsettled_runs(services)):
        if _has(run, name):
            having.append(run)
    if len(having) == 1:
        return having[0]
    return find_run(services, None)


def _has(run: Run, name: str) -> bool:
    """Whether a job, session, question, message, or anything else that the run keeps has this id."""
    from gitorch.app.query.kept import kept_in  # noqa: PLC0415  only a verb that is given an id pays for it

    ids: set[str] = {*run.jobs, *run.sessions, *run.questions, *run.messages}
    return name in ids or kept_in(run, name) is not None


def find_job(run: Run, name: str) -> JobId:
    """The job with this id or unique prefix.

    Raises NotFound for a name that no job of the run has, with the jobs that there are.
    Raises Usage for a prefix of several.
    """
    commands = (f"gitorch status {run.id}", "gitorch why")
    return JobId(resolve_prefix(name, list(run.jobs), "job", f"run {run.id}", commands))


def find_session(services: Services, name: str, run_name: str | None) -> tuple[Run, SessionId]:
    """The session with this id, or the newest one of the job with this id or unique prefix; it may have ended.

    Raises NotFound for an unknown name, and for a job that no agent has worked on yet.
    Raises Usage for a prefix of several jobs, and where several runs could be meant.
    """
    run = _run_around(services, name, run_name)
    session_id = SessionId(name)
    if session_id in run.sessions:
        return run, session_id

    commands = (f"gitorch status {run.id}", "gitorch why")
    job = resolve_prefix(name, list(run.jobs), "job or session", f"run {run.id}", commands)
    newest = _newest_session(run, job)
    if newest is None:
        raise NotFound(f"no agent has worked on {job} yet", f"gitorch why {job}")
    return run, newest


def _run_around(services: Services, name: str, run_name: str | None) -> Run:
    """The run that was named, otherwise the one that has the job or session `name`."""
    if run_name is not None:
        return find_run(services, run_name)
    return find_run_with(services, name)


def _newest_session(run: Run, job: str) -> SessionId | None:
    """The session that was opened last for a job; None before the first."""
    newest: SessionId | None = None
    for session in run.sessions.values():
        if session.job == job:
            newest = session.id
    return newest


def asking_runs(services: Services, question: str = "") -> tuple[RunId, ...]:
    """Runs with an open question, oldest first, found without loading any of them.

    Most runs ask only how to clean up: they count where that question is the one named.
    """
    found: list[RunId] = []
    for line in run_lines(services):
        if _asks(line, question):
            found.append(line.id)
    return tuple(found)


def _asks(line: RunLine, question: str) -> bool:
    """Whether a run asks more than how to clean up, or `question` is its question how to clean up."""
    asks_how_to_clean_up = line.cleanup is not None
    if line.asked > asks_how_to_clean_up:
        return True
    if not question:
        return False
    return line.cleanup == question


def find_run_or_checkpoint(services: Services, name: str | None, run_name: str | None) -> tuple[Run, Question | None]:
    """What `approve` is about: a run's merge report, or the open checkpoint of an epic; found as by `find_run_or_work`.

    Raises Refused for a job without an open checkpoint.
    """
    run, job = find_run_or_work(services, name, run_name)
    if not job:
        return run, None

    return run, checkpoint_of(run, job)


def find_run_or_work(services: Services, name: str | None, run_name: str | None) -> tuple[Run, str]:
    """What `reject` is about: a run, or a run and the id of one of its jobs; the id is empty where the run is meant.

    The exact id of a run wins over a job that waits, and that over a prefix of a run, because runs are named after plans
    and so are jobs.

    Raises NotFound for a name that neither a run nor a job has.
    Raises Usage where the job waits in several runs, or several runs could be meant.
    """
    if name is None:
        return find_run(services, run_name), ""
    having = _runs_with_job(services, name, run_name)
    if not having:
        return find_run(services, name), ""

    return _run_that_waits(having, name), name


def _runs_with_job(services: Services, name: str, run_name: str | None) -> list[Run]:
    """The runs that have a job `name`; none where this is the exact id of a run and no run was named beside it."""
    if run_name is None and _is_run(services, name):
        return []
    found = []
    for run in _runs_to_search(services, run_name):
        if name in run.jobs:
            found.append(run)
    return found


def _run_that_waits(runs: Sequence[Run], job: str) -> Run:
    """The only run in which a job waits at its checkpoint, otherwise the only one of all. Raises Usage for several."""
    waiting = [run for run in runs if run.open_checkpoint(JobId(job)) is not None]
    run = only_run(waiting, f"{job} waits in several runs", f"gitorch why {job} --run")
    run = run or only_run(runs, f"{job} is in several runs", f"gitorch why {job} --run")
    return run or runs[0]


def find_run_or_epic(services: Services, name: str | None, run_name: str | None) -> tuple[Run, str]:
    """A run, or a run and the id of one of its epics; the exact id of a run wins.

    The id of the epic is empty where the whole run is meant.
    Raises NotFound for a name that neither a run nor an epic has.
    Raises Usage where several runs have the epic, or several runs could be meant.
    """
    if name is None:
        return find_run(services, run_name), ""

    having = _runs_with_job(services, name, run_name)
    run = only_run(having, f"{name} is in several runs", f"gitorch report {name} --run")
    if run is None:
        return find_run(services, name), ""
    return run, name


def _is_run(services: Services, name: str) -> bool:
    """Whether this is the whole id of a run."""
    return RunId(name) in board_of(services).runs


def _runs_to_search(services: Services, run_name: str | None) -> list[Run]:
    """The run that was named, otherwise every run with an open question or with work, or else the newest."""
    if run_name is not None:
        return [find_run(services, run_name)]
    found = dict.fromkeys((*asking_runs(services), *unsettled_runs(services)))
    return load_runs(services, found or [line.id for line in run_lines(services)][-1:])


def checkpoint_of(run: Run, job: str) -> Question:
    """The open checkpoint question of a job.

    Raises Refused where none waits: before the job reaches it, and after it was answered.
    """
    question = run.open_checkpoint(JobId(job))
    if question is None:
        raise Refused(f"{job} has no checkpoint that waits", "gitorch inbox")
    return question


def run_at(services: Services, folder: Path) -> RunId | None:
    """The open run in one of whose worktrees a folder lies; None outside of them."""
    places = (folder.resolve(), *folder.resolve().parents)
    named = {RunId(place.name) for place in places}
    for run in load_runs(services, named.intersection(active_runs(services))):
        if services.paths.base(run).resolve() in places:
            return run.id

    return None
