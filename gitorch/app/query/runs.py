"""Reading without changing anything: runs, jobs, what waits for whom, the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import find_run, find_run_with, is_ambiguous, require_ledger, run_lines
from gitorch.errors import NotFound, Unavailable
from gitorch.model.ids import JobId, MessageId, QuestionId, SessionId
from gitorch.model.session import SessionPhase
from gitorch.rules.views.inbox import cleanup_row, inbox
from gitorch.rules.views.naming_runs import rows_with_runs, view_with_run, with_run
from gitorch.rules.views.next_commands import next_commands
from gitorch.rules.views.presence import agent_words
from gitorch.rules.views.run import run_view
from gitorch.rules.views.why import why

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.app.services import Services
    from gitorch.model.board import RunLine
    from gitorch.model.message import Message
    from gitorch.model.observed import SessionObservation
    from gitorch.model.question import Question
    from gitorch.model.run import Run
    from gitorch.model.session import Session
    from gitorch.model.view import InboxRow, RunView
    from gitorch.ports.ledger import WrittenRecord


def runs(services: Services) -> tuple[RunLine, ...]:
    """Every run in one line, oldest first. Raises NotFound without a ledger."""
    require_ledger(services)
    return run_lines(services)


def status(services: Services, name: str | None, *, live: bool = False) -> RunView:
    """One run as it stands in the ledger; with `live`, agents' states as their terminals show them now."""
    run = find_run(services, name)
    return view_of(services, run, agent_states(services, run) if live else None)


def view_of(services: Services, run: Run, agents: Mapping[SessionId, str] | None = None) -> RunView:
    """The view of a run; its commands name the run where others are open."""
    view = run_view(run, agents)
    if is_ambiguous(services):
        return view_with_run(view)
    return view


def next_command(services: Services, run: Run) -> str:
    """The first command to type next."""
    first = next_commands(run)[0]
    if is_ambiguous(services):
        return with_run(first, run.id)
    return first


def agent_states(services: Services, run: Run) -> Mapping[SessionId, str]:
    """What each living session is doing, in a word."""
    return agent_words(run, observe_sessions(services, run))


def observe_sessions(services: Services, run: Run) -> Mapping[SessionId, SessionObservation] | None:
    """The observations of living sessions by their terminals; None where the terminals cannot be asked."""
    living = [session for session in run.sessions.values() if _has_terminal(session)]
    if not living:
        return {}
    from gitorch.ports.world import SessionKey  # noqa: PLC0415  # needed only where a session lives: 3 ms

    keys = [SessionKey(run.id, session.id) for session in living]
    try:
        observations = services.terminals.observe(keys)
    except Unavailable:
        return None
    return {key.session: observation for key, observation in observations.items()}


def _has_terminal(session: Session) -> bool:
    """Whether a session is an agent in a terminal, and not a manual claim."""
    return session.phase is not SessionPhase.ENDED and not session.holder


def why_of(services: Services, name: str, run_name: str | None) -> str:
    """In one line: where a run stands, what a job waits for, why a question is open, or who has not read a message.

    Raises NotFound for a name that nothing has.
    """
    if run_name is None and services.ledger.exists():
        board = services.ledger.state(None).board
        if name in board.runs:
            return run_view(find_run(services, name)).summary
        if name in board.messages:
            return _why_message(board.messages[MessageId(name)])
    run = find_run_with(services, name) if run_name is None else find_run(services, run_name)
    reason = _why_in(run, name)
    if reason is not None:
        return reason
    jobs = [job for job in run.jobs if job.startswith(name)]
    if len(jobs) == 1:
        return why_of(services, jobs[0], run.id)
    message = f"run {run.id} has no job, question or session {name}; its jobs are {', '.join(run.jobs)}"
    raise NotFound(message, "gitorch status")


def _why_in(run: Run, name: str) -> str | None:
    """The reason for a job, question, session or message with this whole id; None where the run has none."""
    job = run.jobs.get(JobId(name))
    if job is not None:
        return f"{name} is {job.phase}: {why(run, job)}"
    question = run.questions.get(QuestionId(name))
    if question is not None:
        return _why_question(question)
    session = run.sessions.get(SessionId(name))
    if session is not None:
        return f"{name} works on {session.job} ({session.runtime}) and is {session.phase}"
    message = run.messages.get(MessageId(name))
    if message is not None:
        return _why_message(message)
    return None


def _why_message(message: Message) -> str:
    unread_by = [name for name in message.to if name not in message.read_by]
    if unread_by:
        return f"{message.id} from {message.sender} is not read yet by {', '.join(unread_by)}"
    return f"{message.id} from {message.sender} was read"


def _why_question(question: Question) -> str:
    if question.answer is not None:
        answer = " ".join(part for part in (question.answer.option, question.answer.text) if part)
        return f"{question.id} was answered by {question.answer.by}: {answer}"
    about = f" about {question.job}" if question.job else ""
    return f"{question.id} ({question.kind}{about}) waits for you: {question.text}"


def all_inbox(services: Services, name: str | None = None) -> tuple[InboxRow, ...]:
    """What waits for a human, over all runs or in the one that is named."""
    if name is not None:
        rows = list(inbox(find_run(services, name)))
    else:
        rows = []
        for line in run_lines(services):
            if line.asked:
                rows.extend(_asked_by(services, line))
    if not rows:
        return ()
    several = len({row.run for row in rows}) > 1 or is_ambiguous(services)
    if several:
        return rows_with_runs(tuple(rows))
    return tuple(rows)


def _asked_by(services: Services, line: RunLine) -> tuple[InboxRow, ...]:
    """What one run asks. A run that only asks how to clean up, as most do, is answered from its line, without loading it."""
    row = cleanup_row(line)
    if row is not None and line.asked == 1:
        return (row,)
    run = services.ledger.state(line.id).run
    if run is not None:
        return inbox(run)
    return ()


def log(services: Services, name: str | None = None, after: int = -1) -> Iterator[WrittenRecord]:
    """Records with a number above `after`, in ledger order; only those of a run where one is named."""
    if name is None:
        return services.ledger.records(None, after)
    return services.ledger.records(find_run(services, name).id, after)


def report(services: Services, name: str | None) -> str:
    """The newest merge report of a run, as it was issued. Raises NotFound before the first."""
    from gitorch.model.events import ReportIssued  # noqa: PLC0415  # 10 ms that `status` does not pay

    run = find_run(services, name)
    newest: str | None = None
    for written in services.ledger.records(run.id):
        if isinstance(written.record.event, ReportIssued):
            newest = written.record.event.text
    if newest is None:
        raise NotFound(f"run {run.id} has no merge report yet", f"gitorch status {run.id}")
    return newest


def report_data(services: Services, run: Run) -> object:
    """The newest merge report as the values in its `report.json`; None without a report or without that file."""
    import json  # noqa: PLC0415  # the same

    from gitorch.model.events import ReportIssued  # noqa: PLC0415  # the same

    issued = [w.record for w in services.ledger.records(run.id) if isinstance(w.record.event, ReportIssued)]
    if not issued:
        return None
    for ref in issued[-1].files:
        if ref.name == "report.json":
            return json.loads(services.ledger.file(run.id, ref.sha256))
    return None


def epic_report(services: Services, run: Run, job: str) -> str:
    """The newest report of one epic; empty before the first."""
    from gitorch.model.events import EpicReported  # noqa: PLC0415  # the same

    newest = ""
    for written in services.ledger.records(run.id):
        event = written.record.event
        if isinstance(event, EpicReported) and event.job == job:
            newest = event.text
    return newest
