"""`session` and `retry`: manage single agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.cli import arguments
from gitorch.cli.follow import carry_on_without_up, whats_next
from gitorch.cli.pages.cells import safe_line
from gitorch.cli.pages.page import Cell, Page
from gitorch.cli.verb_function import group, verb
from gitorch.errors import Busy, Refused, Usage, Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.cli.call import Call
    from gitorch.errors import GitorchError
    from gitorch.model.ids import JobId
    from gitorch.model.view import SessionRow
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run

SHADES = {"alive": "green", "stale": "yellow", "dead": "red", "unknown": "yellow"}


@group("session")
def session() -> None:
    """Manage single agents: create, launch, list, restart, stop, and more."""


@verb("session create")
def create(call: Call, name: str, runtime: str, task: str, task_file: str | None) -> None:
    """Create an agent of your own, outside of any plan: a session, a worktree and a branch of its name."""
    from gitorch.app.sessions import sessions

    if task and task_file:
        raise Usage("a task is given once: --task or --task-file", "gitorch session create --help")

    caller = call.people_only("session create")
    run = sessions.create(call.services, caller, name, runtime, arguments.summary_of(task, task_file, call.folder))
    text = f"{name} is created as run {run.id}. Next: gitorch session launch {name}"
    call.say({"run": run.id, "job": name, "phase": run.phase}, text)


@verb("session launch")
def launch(call: Call, name: str, run: str | None) -> None:
    """Start an agent and wait until it is alive."""
    from gitorch.app.reconciler.launch import launch_agent
    from gitorch.app.reconciler.turn import is_driven
    from gitorch.app.sessions import sessions

    call.people_only("session launch")
    found, job = sessions.find_agent(call.services, name, run)

    try:
        found, alive = launch_agent(call.services, name, found.id)
    except Busy:
        if not is_driven(call.services):
            raise
        call.say({"run": found.id, "job": job, "alive": None}, "gitorch up is running and starts it.")
        return

    session_id = found.jobs[job].session
    values: dict[str, Any] = {"run": found.id, "job": job, "session": session_id, "alive": alive}
    if not alive:
        from gitorch.cli.waiting import with_questions

        raise with_questions(call, _not_started(found, job), found.id, **values)

    call.say(values, f"{job} is alive as session {session_id}. See it: gitorch attach {job}")


def _not_started(run: Run, job: JobId) -> GitorchError:
    """The error of an agent that did not start: a question holds it, or the run does not go on by itself."""
    for question in (*run.open_questions(job), *run.open_questions()):
        return Waiting(f"{job} did not start: {question.id} waits for you", _show(run, question))

    return Refused(f"{job} did not start: run {run.id} is {run.phase}", f"gitorch status {run.id}")


@verb("session list")
def list_(call: Call, run: str | None) -> None:
    """List the agents that have a session, with their presence and state."""
    from gitorch.app.sessions import sessions

    rows = sessions.list_agents(call.services, run)
    call.say({"sessions": rows}, lambda page: _text(rows, page))


def _text(rows: Sequence[SessionRow], page: Page) -> str:
    """The sessions as a table."""
    if not rows:
        return "No agent has a session. Start a run: gitorch start PLAN, or gitorch session create NAME"

    cells = [
        (
            Cell(row.id, "bold"),
            Cell(row.job),
            Cell(row.presence, SHADES.get(row.presence, "")),
            Cell(row.agent),
            Cell(row.runtime),
            Cell(row.channel, "yellow" if row.skipped else "dim"),
            Cell(page.age(row.since), "dim"),
            Cell(row.run, "dim"),
        )
        for row in rows
    ]
    return "\n".join([*page.table(cells, shrinks=(7, 1)), *_silent_channels(rows), *_done(rows)])


def _silent_channels(rows: Sequence[SessionRow]) -> list[str]:
    """A line for each channel that does not answer."""
    lines: list[str] = []
    for row in rows:
        for channel, reason in row.skipped.items():
            lines.append(
                f"The channel {channel} of {row.id} does not answer, so {row.channel} is used: {safe_line(reason)}"
            )

    return lines


def _done(rows: Sequence[SessionRow]) -> list[str]:
    """A line for each agent whose work is over and that is still there, since no `gitorch up` has ended it."""
    from gitorch.model.work.job import JobPhase

    names = [row.job for row in rows if JobPhase(row.phase).is_over]
    return [
        f"The work of {name} is over. gitorch up ends it, and so does: gitorch session stop {name}" for name in names
    ]


@verb("session restart")
def restart(call: Call, name: str, run: str | None) -> None:
    """End an agent at work and start a new one in its place."""
    from gitorch.app.sessions import sessions

    caller = call.people_only("session restart")
    _say(call, *sessions.restart(call.services, caller, name, run), "restarts")


@verb("session interrupt")
def interrupt(call: Call, name: str, run: str | None) -> None:
    """End the turn of an agent, which then waits for its next prompt."""
    from gitorch.app.sessions import sessions

    found, job = sessions.interrupt(call.services, call.caller, name, run)
    text = f"The turn of {job} is over. Say what to do instead: gitorch send {job} TEXT"
    call.say({"run": found.id, "job": job, "phase": found.jobs[job].phase}, text)


@verb("session stop")
def stop(call: Call, name: str, run: str | None) -> None:
    """End an agent; its job waits for your decision."""
    from gitorch.app.sessions import sessions

    caller = call.people_only("session stop")
    _say(call, *sessions.stop(call.services, caller, name, run), "is stopped")


@verb("retry")
def retry(call: Call, job: str, note: tuple[str, ...], run: str | None) -> None:
    """Retry a job that failed, is stuck or waits for you."""
    from gitorch.app.sessions import sessions

    caller = call.people_only("retry")
    _say(call, *sessions.retry(call.services, caller, job, run, " ".join(arguments.words_or_input(note))), "is retried")


def _say(call: Call, run: Run, job: JobId, change: str) -> None:
    """Print the change. A run that it ended is stopped at once; `gitorch up` continues any other, but for a job that is asked about."""
    from gitorch.rules.reconciling.withdrawals import awaited

    after = carry_on_without_up(call, run)
    values = {"run": after.id, "job": job, "phase": after.jobs[job].phase}
    questions = awaited(after, job, call.services.clock.now())
    following = whats_next(call, after)
    if questions:
        names = ", ".join(question.id for question in questions)
        following = f"Another agent starts after your answer to {names}: {_show(after, questions[0])}"

    call.say(values, f"{job} {change}. {following}")


def _show(run: Run, question: Question) -> str:
    """The command that prints a question with its answers."""
    return f"gitorch show {question.id} --run {run.id}"
