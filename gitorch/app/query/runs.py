"""Reading without changing anything: runs, jobs, what waits for whom, the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import find_question, find_run, run_with, several_open
from gitorch.errors import NotFound, Unavailable
from gitorch.model.ids import MessageId
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
    from gitorch.model.ids import SessionId
    from gitorch.model.message import Message
    from gitorch.model.observed import SessionObservation
    from gitorch.model.question import Question
    from gitorch.model.run import Run
    from gitorch.model.view import InboxRow, RunView
    from gitorch.ports.ledger import WrittenRecord


def runs(services: Services) -> tuple[RunLine, ...]:
    """Every run in one line, oldest first."""
    if not services.ledger.exists():
        message = "this repository has no gitorch ledger"
        raise NotFound(message, "gitorch init")
    return tuple(services.ledger.state(None).board.runs.values())


def status(services: Services, said: str | None, *, live: bool = False) -> RunView:
    """One run as it stands in the ledger; with `live`, agents' states as their terminals show them now."""
    run = find_run(services, said)
    return view_of(services, run, agent_states(services, run) if live else None)


def view_of(services: Services, run: Run, agents: Mapping[SessionId, str] | None = None) -> RunView:
    """A run with commands that mean it, also where others are open."""
    view = run_view(run, agents)
    return view_with_run(view) if several_open(services) else view


def next_command(services: Services, run: Run) -> str:
    """What to type next, first of all."""
    first = next_commands(run)[0]
    return with_run(first, run.id) if several_open(services) else first


def agent_states(services: Services, run: Run) -> Mapping[SessionId, str]:
    """What each living session is doing, in a word."""
    return agent_words(run, looked_at(services, run))


def looked_at(services: Services, run: Run) -> Mapping[SessionId, SessionObservation] | None:
    """What the terminals of living sessions show; None where they cannot be asked. They are not asked where there is none."""
    if not any(s.phase is not SessionPhase.ENDED and not s.holder for s in run.sessions.values()):
        return {}
    from gitorch.ports.world import SessionKey  # noqa: PLC0415  # needed only where a session lives: 3 ms

    living = (s for s in run.sessions.values() if s.phase is not SessionPhase.ENDED and not s.holder)
    try:
        sights = services.terminals.observe([SessionKey(run.id, s.id) for s in living])
        return {key.session: observation for key, observation in sights.items()}
    except Unavailable:
        return None


def why_of(services: Services, thing: str, said_run: str | None) -> str:
    """In one line, what a job waits for, why a question is open, who has not read a message, or where a run stands."""
    if said_run is None and services.ledger.exists():
        board = services.ledger.state(None).board
        if thing in board.runs:
            return run_view(find_run(services, thing)).summary
        if thing in board.messages:
            return _why_message(board.messages[MessageId(thing)])
    run = find_run(services, said_run) if said_run is not None else run_with(services, thing)
    said = _why_in(run, thing)
    if said is not None:
        return said
    starts = [j for j in run.jobs if j.startswith(thing)]
    if len(starts) == 1:
        return why_of(services, starts[0], run.id)
    message = f"run {run.id} has no job, question or session {thing}; its jobs are {', '.join(run.jobs)}"
    raise NotFound(message, "gitorch status")


def _why_in(run: Run, thing: str) -> str | None:
    """Of something in a run by its whole id; None where there is no such thing."""
    for job in run.jobs.values():
        if job.spec.id == thing:
            return f"{thing} is {job.phase}: {why(run, job)}"
    for question in run.questions.values():
        if question.id == thing:
            return _why_question(question)
    for session in run.sessions.values():
        if session.id == thing:
            return f"{thing} works on {session.job} ({session.runtime}) and is {session.phase}"
    return next((_why_message(m) for m in run.messages.values() if m.id == thing), None)


def _why_message(message: Message) -> str:
    left = ", ".join(name for name in message.to if name not in message.read_by)
    return f"{message.id} from {message.sender} {f'is not read yet by {left}' if left else 'was read'}"


def _why_question(question: Question) -> str:
    if question.answer is not None:
        said = " ".join(part for part in (question.answer.option, question.answer.text) if part)
        return f"{question.id} was answered by {question.answer.by}: {said}"
    about = f" about {question.job}" if question.job else ""
    return f"{question.id} ({question.kind}{about}) waits for you: {question.text}"


def all_inbox(services: Services, said: str | None = None) -> tuple[InboxRow, ...]:
    """What a human owes, over all runs that are not settled, or in one."""
    if said is not None:
        rows = inbox(find_run(services, said))
    else:
        lines = services.ledger.state(None).board.runs.values() if services.ledger.exists() else ()
        rows = tuple(row for line in lines if line.asked for row in _asked_by(services, line))
    several = len({row.run for row in rows}) > 1 or (rows and several_open(services))
    return rows_with_runs(rows) if several else rows


def _asked_by(services: Services, line: RunLine) -> tuple[InboxRow, ...]:
    """What one run asks: a run of which only the cleanup is open need not be read for it, and those are most."""
    row = cleanup_row(line)
    if row is not None and line.asked == 1:
        return (row,)
    run = services.ledger.state(line.id).run
    return inbox(run) if run is not None else ()


def question_of(services: Services, said: str, said_run: str | None = None) -> tuple[Run, Question]:
    """A question with all its parts, open or answered."""
    return find_question(services, said, said_run)


def log(services: Services, said: str | None = None, after: int = -1) -> Iterator[WrittenRecord]:
    """Records in ledger order, of one run where one is named."""
    if said is None:
        return services.ledger.records(None, after)
    return services.ledger.records(find_run(services, said).id, after)


def report(services: Services, said: str | None) -> str:
    """The newest merge report of a run, as it was issued."""
    from gitorch.model.events import ReportIssued  # noqa: PLC0415  # 10 ms that `status` does not pay

    run = find_run(services, said)
    texts = [w.record.event.text for w in services.ledger.records(run.id) if isinstance(w.record.event, ReportIssued)]
    if not texts:
        message = f"run {run.id} has no merge report yet"
        raise NotFound(message, f"gitorch status {run.id}")
    return texts[-1]


def report_data(services: Services, run: Run) -> object:
    """The newest merge report as the values in its `report.json`; None for one that was issued without."""
    import json  # noqa: PLC0415  # the same

    from gitorch.model.events import ReportIssued  # noqa: PLC0415  # the same

    issued = [w.record for w in services.ledger.records(run.id) if isinstance(w.record.event, ReportIssued)]
    named = [ref for ref in issued[-1].files if ref.name == "report.json"] if issued else []
    return json.loads(services.ledger.file(run.id, named[0].sha256)) if named else None


def epic_report(services: Services, run: Run, job: str) -> str:
    """The newest report of one epic; empty while none was made."""
    from gitorch.model.events import EpicReported  # noqa: PLC0415  # the same

    made = (w.record.event for w in services.ledger.records(run.id))
    texts = [e.text for e in made if isinstance(e, EpicReported) and e.job == job]
    return texts[-1] if texts else ""
